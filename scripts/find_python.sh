#!/usr/bin/env bash
# Prints a Python interpreter that ivg runs on: 3.11 or 3.12, able to make a virtual environment and to build extensions.
set -euo pipefail

for candidate in ${PYTHON:-} python3.11 python3.12 python3 python; do
    command -v "$candidate" >/dev/null || continue
    if "$candidate" - <<'PY' 2>/dev/null
import sys, venv, ensurepip, pathlib, sysconfig
ok = (3, 11) <= sys.version_info[:2] <= (3, 12) and (pathlib.Path(sysconfig.get_paths()["include"]) / "Python.h").exists()
sys.exit(0 if ok else 1)
PY
    then
        command -v "$candidate"
        exit 0
    fi
done
echo "ivg needs Python 3.11 or 3.12 with venv and headers (Debian: python3.11 python3.11-venv python3.11-dev);" >&2
echo "none of python3.11, python3.12, python3 is that. Name one: make PYTHON=/path/to/python3.11" >&2
exit 1
