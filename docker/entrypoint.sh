#!/bin/sh
# Starts one role of the platform: web, worker, medium, long, sweep, or migrate; `manage ...` runs a command.
set -eu
cd "$(dirname "$0")/.."

# Containers share METRICS_ROOT, and their process ids may be the same, so each has a folder of its own in it. A lock on
# the file "alive" is held by the container's processes, which inherit descriptor 9: folders whose lock can be had are of
# containers that are gone, and their gauges would be added up for good.
if [ -n "${METRICS_ROOT:-}" ]; then
    PROMETHEUS_MULTIPROC_DIR="$METRICS_ROOT/$(hostname)"
    export PROMETHEUS_MULTIPROC_DIR
    while :; do
        mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
        exec 9>>"$PROMETHEUS_MULTIPROC_DIR/alive"
        if flock -n 9; then # the first process of the container: what is there is of before its restart
            rm -f "$PROMETHEUS_MULTIPROC_DIR"/*.db
        fi
        flock -s 9
        [ ! -e "$PROMETHEUS_MULTIPROC_DIR/alive" ] || break # another container had just removed the folder
    done
    for folder in "$METRICS_ROOT"/*/; do
        [ -d "$folder" ] || continue
        flock -n "$folder/alive" rm -rf "$folder" 9>&- || true
    done
fi

role=${1:-web}
[ $# -eq 0 ] || shift
case "$role" in
web) exec gunicorn --config terrafusion/setup/gunicorn.py terrafusion.wsgi "$@" ;;
worker) exec python manage.py supervise --cluster "${Q_SHORT_CLUSTER:-short}" "$@" ;;
medium) exec python manage.py supervise --cluster "${Q_MEDIUM_CLUSTER:-medium}" "$@" ;;
long) exec python manage.py supervise --cluster "${Q_LONG_CLUSTER:-long}" "$@" ;;
sweep) exec python manage.py sweep --forever "$@" ;;
migrate) exec python manage.py migrate --noinput "$@" ;;
manage) exec python manage.py "$@" ;;
*)
    echo "There is no role $role; there is web, worker, medium, long, sweep, migrate and manage." >&2
    exit 2
    ;;
esac
