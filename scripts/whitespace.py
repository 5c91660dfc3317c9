"""Removes trailing blanks, ends every tracked text file with one line end; the exit code is 1 if a file changed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = {".cff", ".js", ".css", ".html", ".json", ".md", ".py", ".sh", ".toml", ".xml", ".yaml", ".yml", ""}


def main() -> int:
    """Cleans the files and names those that changed."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    changed = 0
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix not in SUFFIXES or not path.is_file() or path.is_symlink():
            continue
        before = path.read_bytes()
        lines = [line.rstrip() for line in before.decode().replace("\r\n", "\n").split("\n")]
        after = ("\n".join(lines).rstrip("\n") + "\n").encode() if before.strip() else before
        if after != before:
            path.write_bytes(after)
            print(f"cleaned {name}")
            changed = 1
    return changed


if __name__ == "__main__":
    sys.exit(main())
