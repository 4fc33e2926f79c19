#!/bin/sh
# Prints a Python of 3.11 or later that can make virtual environments.
# $PYTHON, where set, is the only one that is tried.
set -eu

good='import sys; sys.exit(sys.version_info < (3, 11))'
found=""
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -c "$good" 2>/dev/null || continue
    found="$candidate"
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        command -v "$candidate"
        exit 0
    fi
done

if [ -n "$found" ]; then
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$found is new enough, but cannot make virtual environments." >&2
    echo "Install the Debian package python$version-venv (sudo apt-get install python$version-venv)" >&2
    echo "and run make again." >&2
else
    echo "No Python of 3.11 or later was found${PYTHON:+ as $PYTHON}." >&2
    echo "Install the Debian packages python3 and python3-venv, or name one: make PYTHON=/path/to/python3" >&2
fi
exit 1
