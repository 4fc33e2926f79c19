#!/bin/sh
# Installs the Debian packages that `make demo` or `make test` needs and this machine lacks.
#
#   scripts/install-debian.sh demo|test
#
# Exit status 1, with the names, where they are missing and cannot be installed.
set -eu

python="python3-venv"
desktop="xvfb pulseaudio pulseaudio-utils flite"
browser="chromium"
speech="pocketsphinx-testdata"

case "${1:-}" in
    demo) wanted="$desktop" ;;
    test) wanted="$desktop $browser $speech strace" ;;
    *) echo "usage: $0 demo|test" >&2; exit 2 ;;
esac

# A Python of one's own brings venv along; Debian's has it in a package.
"${0%/*}/find-python.sh" >/dev/null 2>&1 || wanted="$python $wanted"

installed() {
    if command -v dpkg-query >/dev/null 2>&1; then
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
        return
    fi
    case "$1" in  # not a Debian: what counts is the program
        xvfb) command -v Xvfb ;;
        pulseaudio-utils) command -v paplay ;;
        pocketsphinx-testdata) [ -d /usr/share/pocketsphinx/test/data ] ;;
        python3-venv) false ;;
        *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

missing=""
for package in $wanted; do
    installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

give_up() {
    echo "$1" >&2
    echo "These Debian packages are missing:$missing" >&2
    echo "Install them (apt-get install$missing) and run make again." >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || give_up "There is no apt-get here."
sudo=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || give_up "Installing packages takes root or sudo."
    sudo="sudo"
fi

echo "Installing Debian packages:$missing"
install="env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends"
# Word splitting is meant. The lists may be old or absent: then the first try fails, fetch them.
if ! $sudo $install $missing 2>/dev/null; then
    $sudo apt-get update --quiet || give_up "apt-get update failed."
    $sudo $install $missing || give_up "apt-get install failed."
fi
