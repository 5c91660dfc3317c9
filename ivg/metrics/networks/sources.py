"""Which networks the paper's figures are computed with, and where each comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import unknown_option
from .fetch import NETWORKS, fingerprint, load

NETWORK_NAMES = (*NETWORKS, "clip", "blip", "egovlp")
"""The networks by the names that users call them by."""


@dataclass(frozen=True)
class NetworkSources:
    """Which networks to use, and where those come from that ivg does not fetch itself.

    Attributes:
        wanted: Of `NETWORK_NAMES`.
        clip: Name on the hub, or folder; None for the default.
        blip: The same.
        egovlp: The authors' checkpoint, or None.
        device: Where to compute.

    Raises:
        InputError: A name is none of the networks.
    """

    wanted: tuple[str, ...] = NETWORK_NAMES
    clip: str | None = None
    blip: str | None = None
    egovlp: str | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name in self.wanted:
            if name not in NETWORK_NAMES:
                raise unknown_option("network", name, [*NETWORK_NAMES, "none"])


@dataclass(frozen=True)
class LoadedNetwork:
    """A network that is ready to compute.

    Attributes:
        embed: Takes uint8 frames, clips or (LPIPS) pairs of frames (b, ...) on its device, returns features (b, d).
        title: What it is, for people.
        fingerprint: Of its parameters.
        texts: Returns embeddings (n, d) of texts; None where it has none.
    """

    embed: Callable[..., Any]
    title: str
    fingerprint: str
    texts: Callable[[Sequence[str]], Any] | None = None


def _fetched(name: str, sources: NetworkSources) -> LoadedNetwork:
    network: Any = load(name, sources.device)
    embed = network.features if name != "lpips" else lambda b: network.distances(b[:, 0], b[:, 1])[:, None]
    return LoadedNetwork(embed, NETWORKS[name].title, NETWORKS[name].fingerprint)


def _of_hub(name: str, sources: NetworkSources) -> LoadedNetwork:
    from .hub import BlipEmbeddings, ClipEmbeddings

    kind, source = (ClipEmbeddings, sources.clip) if name == "clip" else (BlipEmbeddings, sources.blip)
    network = kind(source, sources.device)
    return LoadedNetwork(network.images, network.source, fingerprint(network.model.state_dict()), network.texts)


def _egovlp(name: str, sources: NetworkSources) -> LoadedNetwork:
    from .egovlp import EgoVLPEmbeddings

    network = EgoVLPEmbeddings(sources.egovlp, sources.device)
    return LoadedNetwork(network.clips, str(network.source), fingerprint(network.model.state_dict()))


def load_network(name: str, sources: NetworkSources) -> LoadedNetwork:
    """Loads one of `NETWORK_NAMES`.

    Raises:
        WeightsError: If it is not there, with what to do.
    """
    loaders = {"clip": _of_hub, "blip": _of_hub, "egovlp": _egovlp}
    return loaders.get(name, _fetched)(name, sources)
