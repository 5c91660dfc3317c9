"""Nothing that is read is run: a poisoned file of each kind is refused, or skipped, and its code never runs."""

from __future__ import annotations

import ast
import functools
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivg.errors import IvgError, StoreError, WeightsError

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [ROOT / name for name in ("ivg", "policy", "envs", "configs", "plugins")]


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch '{self.mark}'",)


@pytest.fixture
def poison(tmp_path: Path) -> Any:
    """A pickle that leaves a mark; the test fails if the mark is there in the end."""
    mark = tmp_path / "it_ran"
    yield pickle.dumps(Evil(mark))
    assert not mark.exists(), "the pickle's code ran"


def test_the_poison_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Evil(tmp_path / "it_ran")))
    assert (tmp_path / "it_ran").exists()


def torch_file(poison: bytes) -> bytes:
    """Wrap a pickle as torch.save does."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", poison)
        archive.writestr("archive/version", "3\\n")
    return buffer.getvalue()


@pytest.mark.parametrize("wrap", [lambda data: data, torch_file], ids=["pickle", "torch.save"])
@pytest.mark.parametrize("name", ["diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"])
def test_weights_that_are_a_pickle(poison: bytes, tmp_path: Path, name: str, wrap: Callable[[bytes], bytes]) -> None:
    from ivg.pipeline import InstructionalVideoPipeline, find_weights

    folder = tmp_path / "weights"
    shutil.copytree(find_weights("nano"), folder)
    (folder / "denoiser" / "diffusion_pytorch_model.safetensors").unlink()
    (folder / "denoiser" / name).write_bytes(wrap(poison))
    with pytest.raises(WeightsError, match="denoiser"):
        InstructionalVideoPipeline.from_pretrained(folder)


def test_a_lifter_and_a_policy_that_are_pickles(poison: bytes, tmp_path: Path) -> None:
    from ivg.policy import HandLifter, load_policy

    for name in ("model.safetensors", "policy.safetensors", "policy.zip", "config.json", "policy.pth"):
        (tmp_path / name).write_bytes(poison)
    for load in (HandLifter.from_pretrained, load_policy):
        with pytest.raises(IvgError):
            load(tmp_path)


def test_a_checkpoint_that_is_a_pickle(poison: bytes, tmp_path: Path) -> None:
    import torch

    from ivg.training.checkpoint import load_checkpoint

    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "progress.json").write_text('{"step": 1, "seconds": 1.0}')
    for name in ("model", "average", "optimizer"):
        (folder / f"{name}.safetensors").write_bytes(poison)
    model = torch.nn.Linear(2, 2)
    with pytest.raises(Exception, match=r"(?i)header|safetensors|invalid"):
        load_checkpoint(tmp_path, model, model, torch.optim.SGD(model.parameters()))


POISONED_ARRAYS = [
    {"dtype": "|O", "filters": [{"id": "pickle"}], "compressor": None},
    {"dtype": "|u1", "filters": [{"id": "pickle"}], "compressor": None},
    {"dtype": "|u1", "filters": None, "compressor": {"id": "pickle"}},
]


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("array", POISONED_ARRAYS, ids=["object array", "filter", "compressor"])
def test_a_dataset_whose_chunks_are_pickles(poison: bytes, tmp_path: Path, array: dict[str, Any], zipped: bool) -> None:
    from ivg.policy import DemonstrationStore

    folder = tmp_path / "data.zarr"
    for part in (folder, folder / "data", folder / "meta"):
        part.mkdir()
        (part / ".zgroup").write_text('{"zarr_format": 2}')
    for name in ("data/image", "data/region", "data/keypoints", "meta/episode_ends", "meta/fps", "meta/provenance"):
        place = folder / name
        place.mkdir()
        head = {"zarr_format": 2, "shape": [3], "chunks": [3], "fill_value": None, "order": "C"}
        (place / ".zarray").write_text(json.dumps({**head, **array}))
        (place / "0").write_bytes(poison)
    if zipped:
        shutil.make_archive(str(folder), "zip", folder)
        folder = tmp_path / "data.zarr.zip"
    with pytest.raises((StoreError, ValueError)), DemonstrationStore(folder) as store:
        store[0]


def test_arrays_and_depths_that_are_pickles(poison: bytes, tmp_path: Path) -> None:
    from ivg.workflows.policies.extract import read_depth

    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    (tmp_path / "depth.npy").write_bytes(buffer.getvalue() + poison)
    with pytest.raises(IvgError, match="depth"):
        read_depth(tmp_path / "depth.npy")


@pytest.mark.parametrize("name", ["../outside", "/tmp/ivg_outside", "a/../../outside"])
def test_a_zipped_dataset_cannot_write_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    from ivg.policy.datasets.store.archive import unpack

    archive, folder = tmp_path / "data.zarr.zip", tmp_path / "deep" / "data.zarr"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(name, "written")
    unpack(archive, folder)
    written = [path for path in tmp_path.rglob("outside") if not path.is_relative_to(folder)]
    assert not written
    assert not Path("/tmp/ivg_outside").exists()


def test_a_caption_list_cannot_name_files_outside_of_its_folder(tmp_path: Path) -> None:
    from ivg.data.readers import read_caption_list

    root = tmp_path / "videos"
    root.mkdir()
    (tmp_path / "secret.mp4").write_bytes(b"x")
    names = ["../secret.mp4", str(tmp_path / "secret.mp4"), "a/../../secret.mp4", "..\\0/secret.mp4"]
    listed = tmp_path / "captions.json"
    listed.write_text(json.dumps([{"caption": "cut", "video": name} for name in names]))
    reading = read_caption_list(listed, root)
    assert not reading.segments
    assert len(reading.skipped) == len(names)


def test_no_configuration_names_a_class_to_build() -> None:
    """There is nothing to limit to an allow-list: no configuration has a `_target_`, and nothing instantiates one."""
    pages = [page for folder in SOURCES for page in folder.rglob("*.yaml")]
    assert pages
    assert not [page for page in pages if "_target_" in page.read_text()]
    calls = [name for name in _called() if name[1] in ("instantiate", "get_class", "get_object")]
    assert calls == []


ALLOWED = {
    ("pickle.loads", "ivg/jobs/ray_cluster.py"),  # what our own workers send
    ("torch.load", "ivg/metrics/networks/unpickle.py"),  # with an unpickler that knows tensors only
}


def test_nothing_else_unpickles() -> None:
    """Whatever can unpickle is called in the two places that are known, and nowhere else."""
    risky = {"pickle.load", "pickle.loads", "torch.load", "joblib.load", "cloudpickle.loads", "yaml.load"}
    found = {(f"{owner}.{name}", file) for file, name, owner in _calls()}
    assert {(call, file) for call, file in found if call in risky} == ALLOWED


def _called() -> list[tuple[str, str]]:
    return [(file, name) for file, name, _ in _calls()]


@functools.cache
def _calls() -> list[tuple[str, str, str]]:
    """Return file, name and owner of every call in the packages."""
    found = []
    for folder in SOURCES:
        for file in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                    found.append((file.relative_to(ROOT).as_posix(), node.func.attr, owner))
                elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    found.append((file.relative_to(ROOT).as_posix(), node.func.id, ""))
    return found
