"""Annotation files and the videos that they name: read with errors that say what is wrong."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...errors import InputError

VIDEO_ENDINGS = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v")  # Endings of video files, in small letters


def read_text(path: Path) -> str:
    """Read a UTF-8 file (with or without a byte order mark); an `InputError` if it cannot be read or is none."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror}") from error
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise InputError(f"'{path}' must be UTF-8, but byte {error.start} is 0x{byte:02x}: save it as UTF-8") from error


def read_json(path: Path) -> Any:
    """Read a JSON file; an `InputError` if it cannot be read, or is none."""
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # not only JSONDecodeError: a number of 5,000 digits, say
        raise InputError(f"'{path}' is no JSON: {error}") from error


def read_table(path: Path, needed: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file with a header, each with its line number; missing cells are "".

    An `InputError` if it cannot be read, or a needed column is missing.
    """
    lines = csv.reader(io.StringIO(read_text(path), newline=""))  # a cell in quotes may have line breaks
    try:
        header = [name.strip() for name in next(lines, [])]
        missing = [name for name in needed if name not in header]
        if missing:
            found = ", ".join(header[:20]) or "no column at all"
            raise InputError(f"'{path}' lacks the column {', '.join(missing)}; its first line has {found}")
        for cells in lines:
            if cells:
                yield lines.line_num, dict(zip(header, cells + [""] * len(header), strict=False))
    except csv.Error as error:
        raise InputError(f"'{path}' is no CSV: line {lines.line_num}: {error}") from error


def check_folder(path: Path) -> Path:
    """Return the folder; an `InputError` if it is none."""
    if not path.is_dir():
        raise InputError(f"'{path}' is no folder: give the one that holds the videos")
    return path


def inside(root: Path, relative: str | Path) -> Path | None:
    """Return `root / relative`, or None if that leads out of `root` (by name; links are followed)."""
    if "\0" in str(relative):
        return None
    top = Path(os.path.normpath(Path.cwd() / root))
    path = Path(os.path.normpath(top / relative))
    return path if path.is_relative_to(top) and path != top else None


def exists(path: Path, folder: bool = False) -> bool:
    """Tell whether there is such a file or folder; a name that none can have, such as one of 300 letters, is none."""
    try:
        return path.is_dir() if folder else path.is_file()
    except OSError:
        return False


def videos_below(root: Path, depth: int = 12) -> Iterator[Path]:
    """Yield video files in a folder and its subfolders (links followed, hidden ones left out), in order of names."""
    for folder, names, files in os.walk(root, followlinks=True):
        level = len(Path(folder).relative_to(root).parts)
        names[:] = sorted(name for name in names if not name.startswith(".")) if level < depth else []
        videos = (name for name in sorted(files) if Path(name).suffix.lower() in VIDEO_ENDINGS and name[0] != ".")
        yield from (Path(folder) / name for name in videos)
