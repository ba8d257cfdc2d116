#!/bin/sh
# Installs Debian's packages, as root: debian.sh PACKAGE...
# Waits for an apt-get that is at work: a new machine often updates itself. Only dpkg's locks have a wait of their own.
set -eu
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C

tries=120
until message=$(apt-get update -q 2>&1); do
    case $message in *"Could not get lock"*) ;; *) tries=0 ;; esac
    if [ "$tries" -le 0 ]; then
        echo "$message" >&2
        exit 1
    fi
    if [ "$tries" -eq 120 ]; then echo "Waiting for another apt-get to finish." >&2; fi
    tries=$((tries - 1))
    sleep 5
done
apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@" >&2
