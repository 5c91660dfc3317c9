#!/usr/bin/env bash
# Installs the few system libraries that the wheels expect: software OpenGL for the kitchen's pictures, GLib for OpenCV,
# and a C compiler for one dependency of robosuite (evdev) that has no wheel.
#
# Does nothing where they are there already. Uses apt-get as root or through password-less sudo; where neither is to be
# had it names the packages and ends with status 1.
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

[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo)
    else
        as_root=(none)
    fi
fi
if [ "${as_root[0]:-}" = none ] || ! command -v apt-get >/dev/null; then
    echo "ivg needs these system packages (Debian names), and cannot install them itself: ${missing[*]}" >&2
    echo "    sudo apt-get install ${missing[*]}" >&2
    exit 1
fi

echo "installing system packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
