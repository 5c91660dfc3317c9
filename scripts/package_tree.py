"""Copies the source folders into one tree, laid out as the installed package is.

The type checker and the import linter read files and do not follow the mapping of ``policy/`` to
``ivg.policy``; on this
tree they see every module under the name that it has when it is imported.

Usage: ``python scripts/package_tree.py build/tree``
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"ivg": "ivg", "policy": "ivg/policy", "envs": "ivg/envs", "configs": "ivg/configs"}


def lay_out(destination: Path) -> None:
    """Replaces ``destination`` by copies of the source folders (times kept, so that caches stay valid)."""
    shutil.rmtree(destination, ignore_errors=True)
    unwanted = shutil.ignore_patterns("__pycache__", "*.safetensors", "*.png", "*.pyc")
    for folder, place in FOLDERS.items():
        shutil.copytree(ROOT / folder, destination / place, ignore=unwanted, dirs_exist_ok=True)


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]))
