"""Which networks the paper's figures are computed with, and where each comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import unknown_option
from .fetch import NETWORKS, fingerprint, load

NETWORK_NAMES = (*NETWORKS, "clip", "blip", "egovlp")  # as users call them


@dataclass(frozen=True)
class NetworkSources:
    """Which networks to use, and where those come from that ivg does not fetch itself.

    Raises:
        InputError: A name is none of the networks.
    """

    wanted: tuple[str, ...] = NETWORK_NAMES
    clip: str | None = None  # name on the hub, or folder; None for the default
    blip: str | None = None  # the same
    egovlp: str | None = None  # the authors' checkpoint
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name in self.wanted:
            if name not in NETWORK_NAMES:
                raise unknown_option("network", name, [*NETWORK_NAMES, "none"])


@dataclass(frozen=True)
class LoadedNetwork:
    """A network that is ready to compute."""

    embed: Callable[..., Any]  # uint8 frames, clips or (LPIPS) pairs of frames (b, ...) to features (b, d)
    title: str
    fingerprint: str  # of its parameters
    texts: Callable[[Sequence[str]], Any] | None = None  # texts to embeddings (n, d), where it has these


def load_network(name: str, sources: NetworkSources) -> LoadedNetwork:
    """Loads one of `NETWORK_NAMES`; WeightsError if it is not there, with what to do."""
    network: Any
    if name in ("clip", "blip"):
        from .hub import BlipEmbeddings, ClipEmbeddings

        kind = ClipEmbeddings if name == "clip" else BlipEmbeddings
        network = kind(getattr(sources, name), sources.device)
        return LoadedNetwork(network.images, network.source, fingerprint(network.model.state_dict()), network.texts)
    if name == "egovlp":
        from .egovlp import EgoVLPEmbeddings

        network = EgoVLPEmbeddings(sources.egovlp, sources.device)
        return LoadedNetwork(network.clips, str(network.source), fingerprint(network.model.state_dict()))
    network = load(name, sources.device)
    embed = network.features if name != "lpips" else lambda b: network.distances(b[:, 0], b[:, 1])[:, None]
    return LoadedNetwork(embed, NETWORKS[name].title, NETWORKS[name].fingerprint)
