#!/usr/bin/env bash
# Makes an environment for each library that reads our exports (lerobot, robomimic, minari) in FOLDER, and prints the
# variables that tests marked interop read. About 13 GB: lerobot and robomimic bring torch with CUDA from PyPI.
#
#     bash scripts/interop_environments.sh FOLDER [lerobot|robomimic|minari ...]
#     export $(bash scripts/interop_environments.sh FOLDER)    # a second call only prints
#     make test ARGS="-m interop tests/policy/exports"
set -euo pipefail

folder=$(realpath -m "${1:?usage: $0 FOLDER [lerobot|robomimic|minari ...]}")
shift
python=$(bash "$(dirname "$0")/find_python.sh")

# Versions that were tried. The second word is what a library imports and does not ask for.
declare -A needs=(
    [lerobot]="lerobot[dataset]==${LEROBOT_VERSION:-0.4.4}"
    [robomimic]="robomimic==${ROBOMIMIC_VERSION:-0.3.0} six"
    [minari]="minari[hdf5]==${MINARI_VERSION:-0.5.3} pillow"
)

for name in "${@:-lerobot robomimic minari}"; do
    for host in $name; do
        [[ -v needs[$host] ]] || { echo "unknown library '$host'; options: ${!needs[*]}" >&2; exit 2; }
        if [[ ! -e $folder/$host/.ready ]]; then
            echo "making $folder/$host with $python: ${needs[$host]}" >&2
            "$python" -m venv "$folder/$host"
            # shellcheck disable=SC2086 # two words are two packages
            "$folder/$host/bin/python" -m pip install --quiet --disable-pip-version-check ${needs[$host]} >&2
            touch "$folder/$host/.ready"
        fi
        echo "IVG_INTEROP_${host^^}=$folder/$host/bin/python"
    done
done
