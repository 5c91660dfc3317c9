#!/usr/bin/env bash
# Installs the few system libraries that the wheels expect: software OpenGL for the kitchen's images, GLib for OpenCV,
# and a C compiler for one dependency of robosuite (evdev) that has no wheel. With --browser also Chromium, in which the
# tests open ivg-app and the pages of ivg-view; they are skipped where it cannot be had.
#
# Does nothing where they are there already. Uses apt-get as root or through password-less sudo; where neither is
# available it names the packages and ends with status 1 (with status 0 if only Chromium is missing).
set -euo pipefail

missing=()

has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }

has_library 'libGL\.so\.1' || missing+=(libgl1)
has_library 'libgthread-2\.0\.so\.0' || missing+=(libglib2.0-0)
if ! has_library 'libOSMesa\.so' && ! { has_library 'libEGL\.so\.1' && has_library 'libEGL_\(mesa\|nvidia\)\.so\.0'; }; then
    missing+=(libegl1 libegl-mesa0 libgles2)
fi
command -v cc >/dev/null || missing+=(gcc)
[ -e /usr/include/linux/input.h ] && [ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)

browser=()
if [ "${1:-}" = --browser ] && [ -z "${IVG_CHROMIUM:-}" ]; then
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null; then found=1; break; fi
    done
    [ -n "${found:-}" ] || browser=(chromium)
fi

[ ${#missing[@]} -eq 0 ] && [ ${#browser[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo)
    else
        as_root=(none)
    fi
fi
if [ "${as_root[0]:-}" = none ] || ! command -v apt-get >/dev/null; then
    if [ ${#browser[@]} -gt 0 ]; then
        echo "no Chromium: tests in the browser are skipped (sudo apt-get install chromium, or name one in IVG_CHROMIUM)" >&2
    fi
    [ ${#missing[@]} -eq 0 ] && exit 0
    echo "ivg needs these system packages (Debian names), and cannot install them itself: ${missing[*]}" >&2
    echo "    sudo apt-get install ${missing[*]}" >&2
    exit 1
fi

echo "installing system packages: ${missing[*]} ${browser[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
if [ ${#missing[@]} -gt 0 ]; then
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
if [ ${#browser[@]} -gt 0 ] && ! "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${browser[@]}" >/dev/null; then
    echo "Chromium could not be installed: tests in the browser are skipped" >&2
fi
