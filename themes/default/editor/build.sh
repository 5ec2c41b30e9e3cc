#!/bin/sh
# Builds the editor with the machine's Node.js, else with one from PyPI. Without either the edit page is a plain form,
# which works; so this says what is missing, and is no failure.
#
# usage: build.sh PYTHON     the python of an environment, into which a Node.js from PyPI may be installed
set -u
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

has_node() { command -v npm && node --eval 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'; }

fetch_node() {
    "$python" -m pip install --quiet --require-hashes -r "$here/../../../requirements-editor.lock" &&
        PATH="$(dirname "$python"):$PATH" && has_node
}

build() {
    cd "$here" || return
    [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --loglevel=error >/dev/null || return
    npm run --silent build
}

if ! has_node >"$log" 2>&1 && ! fetch_node >"$log" 2>&1; then
    echo "The editor is not built, the edit page is a plain form: there is no Node.js 18 or newer, nor one from PyPI" >&2
elif ! build >"$log" 2>&1; then
    echo "The editor is not built, the edit page is a plain form: $(grep -m 1 . "$log")" >&2
else
    cat "$log"
fi
