#!/bin/sh
# Install the programs that some tests talk to, where they are missing and can be installed.
# A test whose program is not there is skipped, and fails where CI is set.
set -eu

missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v npm >/dev/null || missing="$missing nodejs npm"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        # shellcheck disable=SC2086  # a list of words
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        echo "not installed, and the tests that need them are skipped:$missing" >&2
    fi
fi

# The npm validator of FHIR resources, which knows the required codes.
if command -v npm >/dev/null && [ ! -d .venv/node/node_modules/fhir ]; then
    npm install --silent --no-audit --no-fund --prefix .venv/node fhir@4.12.0
fi
