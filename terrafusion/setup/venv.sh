#!/usr/bin/env bash
# Makes .venv and installs the pinned requirements, each by its hash (lock.py): venv.sh run|dev
# Installs again only when the requirements, the Python or the checkout's place changed. `dev` includes `run`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { printf '%s\n' "$*" >&2; }

case "${1:-}" in
run) files=(requirements.lock) ;;
dev) files=(requirements.lock requirements-alone.lock requirements-dev.lock) ;;
*) say "usage: venv.sh run|dev"; exit 2 ;;
esac

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        if new_enough "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed; $(python3 --version 2>&1 || echo 'there is no python3'). Set PYTHON=/path/to/python3."
    return 1
}

# Debian keeps ensurepip in a package of its own.
provide_venv() {
    local python=$1 root=() install=(apt-get install -y --no-install-recommends python3-venv)
    if has_venv "$python"; then return; fi
    if [ "$(id -u)" -ne 0 ]; then root=(sudo -n); fi
    if ! command -v apt-get >/dev/null; then
        say "$python has no venv module; install it from your system's packages."
        return 1
    fi
    if [ ${#root[@]} -gt 0 ] && ! sudo -n true 2>/dev/null; then
        say "$python has no venv module. Type this, then try again:"
        say "    sudo ${install[*]}"
        return 1
    fi
    say "Installing Python's venv module: ${install[*]}"
    "${root[@]}" terrafusion/setup/debian.sh python3-venv
    has_venv "$python" || { say "$python still has no venv module."; return 1; }
}

fingerprint() { # of the place, the Python and the files named
    { pwd; .venv/bin/python --version; cat "$@"; } | sha256sum | cut -d' ' -f1
}

# A venv does not survive a move of its folder or an upgrade of its Python.
if ! [ -x .venv/bin/python ] || ! new_enough .venv/bin/python || [ "$(cat .venv/place 2>/dev/null)" != "$(pwd)" ]; then
    python=$(find_python)
    provide_venv "$python"
    say "Making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
    pwd >.venv/place
fi

stamp=.venv/installed-$1
wanted=$(fingerprint "${files[@]}")
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

say "Installing ${files[-1]} (the first time takes some minutes)"
# Python compiles a module when it is first imported; to compile all of them here takes most of a minute.
pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes)
"${pip[@]}" -r "${files[-1]}" >&2
if [ "$1" = dev ]; then "${pip[@]}" --no-deps -r requirements-alone.lock >&2; fi
printf '%s\n' "$wanted" >"$stamp"
if [ "$1" = dev ]; then fingerprint requirements.lock >.venv/installed-run; fi
