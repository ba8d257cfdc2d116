#!/usr/bin/env bash
# Every check but the tests, all of them even when one fails. Run by `make check` and `make test`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

failed=()
step() {
    local name=$1
    shift
    printf -- '--- %s\n' "$name"
    "$@" || failed+=("$name")
}

deployed() { # settings as a production site has them; a random key, because the check looks at its quality
    env -u SECRET_KEY_FILE DEBUG=false HTTPS=true \
        SECRET_KEY="$(.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(50))')" "$@"
}

when_mypy_is_done() {
    wait "$mypy"
    local code=$?
    cat "$types"
    rm -f "$types"
    return "$code"
}

types=$(mktemp) # mypy takes longest: the other checks run beside it
.venv/bin/python -m mypy terrafusion gis_export market_analysis valuation reporting tests benchmarks >"$types" 2>&1 &
mypy=$!
trap 'kill "$mypy" 2>/dev/null' EXIT

step "ruff check" .venv/bin/python -m ruff check .
step "ruff format" .venv/bin/python -m ruff format --check .
step "imports point down" .venv/bin/lint-imports
step "migrations are complete" .venv/bin/python manage.py makemigrations --check --dry-run
step "code of before can run on new migrations" env DJANGO_SETTINGS_MODULE=tests.settings LOG_LEVEL=WARNING \
    .venv/bin/python manage.py lintmigrations --no-cache --quiet ok ignore
step "system checks" deployed .venv/bin/python manage.py check --deploy --fail-level WARNING
step "alert rules" .venv/bin/python -m terrafusion.setup.promtool test rules docker/prometheus/rules_test.yaml
step "hadolint" .venv/bin/hadolint docker/Dockerfile
step "page of the formats" .venv/bin/python manage.py describe_formats --check
step "spelling" .venv/bin/python -m terrafusion.setup.spelling
step "reference pages" .venv/bin/python -m terrafusion.setup.reference --check
step "documentation site" .venv/bin/properdocs build --strict --quiet
step "OpenAPI schema" .venv/bin/python manage.py spectacular --validate --fail-on-warn --file /dev/null
step "mypy" when_mypy_is_done
if command -v shellcheck >/dev/null; then
    step "shellcheck" shellcheck terrafusion/setup/*.sh docker/*.sh .ci/run
fi

if [ ${#failed[@]} -gt 0 ]; then
    printf 'Failed: %s\n' "${failed[@]}" >&2
    exit 1
fi
