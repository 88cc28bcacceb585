#!/usr/bin/env bash
# Installs what the interoperability scripts need. Safe to run again: what is
# there already is left alone, and then it takes well under a second.
#
#   setup.sh --quick   what CI needs
#   setup.sh --all     everything (default)
#
# Both are the same set today: Firefox, the largest part, installs in seconds.
# A part that takes longer belongs to --all alone.
#
# The Python environment and node_modules go to $MINIWS_INTEROP_HOME, by
# default target/interop at the top of the repository.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${MINIWS_INTEROP_HOME:-$here/../target/interop}

case "${1:---all}" in
--quick | --all) ;;
*)
    echo "usage: setup.sh [--quick|--all]" >&2
    exit 2
    ;;
esac

missing=()
# need COMMAND PACKAGE...: asks apt for the packages if the command is missing.
# The command decides, not the package: a JDK or Node.js from elsewhere will do.
need() {
    command -v "$1" >/dev/null 2>&1 || PATH=$PATH:/usr/sbin command -v "$1" >/dev/null 2>&1 ||
        missing+=("${@:2}")
}
need chromium chromium fonts-dejavu-core
need chromedriver chromium-driver
need nginx nginx-light
need haproxy haproxy
need tinyproxy tinyproxy-bin
need microsocks microsocks
need redis-server redis-server
need openssl openssl
need javac default-jdk-headless
need node nodejs
need npm npm
need python3 python3 python3-venv
need firefox-esr firefox-esr

if [ ${#missing[@]} -gt 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    # Another apt on the same machine may hold the lock: wait for it.
    apt=(apt-get -qq -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update
    # No recommended packages: they pull in a systemd upgrade, whose clean-up
    # of /tmp takes away the archives that apt is just unpacking from there.
    # The package scripts must not start nginx, haproxy and redis as services either;
    # the scripts run their own, on their own ports.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod +x $policy
        trap 'rm -f $policy' EXIT
    fi
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

mkdir -p "$home"
home=$(cd "$home" && pwd)

# A stamp holds the list that was installed, so that a second run compares two
# files instead of asking pip or npm, which takes seconds.
if ! cmp -s "$here/requirements.txt" "$home/requirements.stamp"; then
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet --disable-pip-version-check \
        -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$home/requirements.stamp"
fi

if ! cmp -s "$here/node/package-lock.json" "$home/package-lock.stamp"; then
    cp "$here/node/package.json" "$here/node/package-lock.json" "$here/node/.npmrc" "$home/"
    npm ci --prefix "$home" --silent --no-audit --no-fund
    cp "$here/node/package-lock.json" "$home/package-lock.stamp"
fi

echo "interop tools ready in $home"
