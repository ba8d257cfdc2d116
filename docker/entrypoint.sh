#!/bin/sh
# Starts one role of the platform: web, worker, long, sweep, or migrate; `manage ...` runs a command.
set -eu
cd "$(dirname "$0")/.."

# Containers share METRICS_ROOT, and their process ids may be the same, so each has a folder of its own in it.
if [ -n "${METRICS_ROOT:-}" ]; then
    PROMETHEUS_MULTIPROC_DIR="$METRICS_ROOT/$(hostname)"
    export PROMETHEUS_MULTIPROC_DIR
    mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
fi

role=${1:-web}
[ $# -eq 0 ] || shift
case "$role" in
web) exec gunicorn --config terrafusion/setup/gunicorn.py terrafusion.wsgi "$@" ;;
worker) exec python manage.py supervise --cluster "${Q_SHORT_CLUSTER:-short}" "$@" ;;
long) exec python manage.py supervise --cluster "${Q_LONG_CLUSTER:-long}" "$@" ;;
sweep) exec python manage.py sweep --forever "$@" ;;
migrate) exec python manage.py migrate --noinput "$@" ;;
manage) exec python manage.py "$@" ;;
*)
    echo "There is no role $role; there is web, worker, long, sweep, migrate and manage." >&2
    exit 2
    ;;
esac
