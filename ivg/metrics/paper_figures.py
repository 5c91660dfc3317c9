"""The paper's figures that take a network (Sec. 4), over the last L frames: frame 0 is the context and never counts.

A figure whose network is not there is not computed with another one: it is "unavailable", with the reason.

| figure | what is compared | unit |
|---|---|---|
| FID | all generated frames with all true ones (Heusel et al. 2017) | squared features |
| CLIP-to-GT | each generated frame with the true one | cosine x 100 |
| FVD | all generated clips with all true ones (Unterthiner et al. 2018): 15 frames, 224 px, [-1, 1] | squared logits |
| EgoVLP | each generated clip with the true one | cosine |
| CLIP-to-consecutive | each generated frame with the next | cosine |
| CLIP-to-text | each generated frame with the text | cosine x 100 |
| BLIP | each generated frame with the text | cosine |
| LPIPS | each generated frame with the true one (Zhang et al. 2018); not in the paper | distance |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, WeightsError
from . import distances
from .features import Features
from .networks.sources import NETWORK_NAMES, NetworkSources, load_network

Clips = NDArray[np.uint8]
Array = NDArray[np.floating]


@dataclass(frozen=True)
class PaperFigure:
    """One figure of the table."""

    title: str
    higher: bool  # whether higher is better
    values: dict[str, float]  # by the set of clips that they are of ("generated"); empty if unavailable
    over: str = ""  # what it is over ("1080 frames")
    network: str = ""  # that it is computed with
    warning: str = ""  # what limits the figure's meaning
    unavailable: str = ""  # why there is no value


FIGURES = {  # in the order of the paper's table, without values
    "fid": PaperFigure("FID", False, {}),
    "clip_to_gt": PaperFigure("CLIP-to-GT", True, {}),
    "fvd": PaperFigure("FVD", False, {}),
    "egovlp": PaperFigure("EgoVLP", True, {}),
    "clip_to_consecutive": PaperFigure("CLIP-to-consecutive", True, {}),
    "clip_to_text": PaperFigure("CLIP-to-text", True, {}),
    "blip": PaperFigure("BLIP", True, {}),
    "lpips": PaperFigure("LPIPS", False, {}),
}


@dataclass(frozen=True)
class _Embedded:
    """Features of a set of clips and of the truth, (clips, t, d) or (clips, d), and of the texts (clips, d)."""

    own: Array
    true: Array
    texts: Array


def _frechet(e: _Embedded) -> float:
    return distances.frechet_distance(*(features.reshape(-1, features.shape[-1]) for features in (e.own, e.true)))


@dataclass(frozen=True)
class _Group:
    """The figures of one network: what it is shown, how many of these at once, and the value of each figure."""

    items: str  # "frames", "clips" or "pairs" of a frame and the true one
    batch: int
    figures: dict[str, Callable[[_Embedded], float]]


_CLIP: dict[str, Callable[[_Embedded], float]] = {
    "clip_to_gt": lambda e: 100 * distances.similarity_to_truth(e.own, e.true),
    "clip_to_consecutive": lambda e: distances.similarity_of_consecutive(e.own),
    "clip_to_text": lambda e: 100 * distances.similarity_to_text(e.own, e.texts),
}
_GROUPS = {
    "inception": _Group("frames", 16, {"fid": _frechet}),
    "i3d": _Group("clips", 2, {"fvd": _frechet}),
    "lpips": _Group("pairs", 32, {"lpips": lambda e: float(e.own.mean(dtype=np.float64))}),
    "clip": _Group("frames", 32, _CLIP),
    "blip": _Group("frames", 32, {"blip": lambda e: distances.similarity_to_text(e.own, e.texts)}),
    "egovlp": _Group("clips", 4, {"egovlp": lambda e: distances.similarity_to_truth(e.own, e.true)}),
}


def paper_figures(
    sets: dict[str, Clips],
    truth: Clips,
    texts: Sequence[str],
    sources: NetworkSources,
    *,
    fixed: Sequence[str] = (),
    cache: Path | None = None,
    progress: bool = False,
) -> dict[str, PaperFigure]:
    """Returns the figures of sets of clips compared with the true ones, by key of `FIGURES` and in its order.

    A figure whose network is not there, or not wanted, has no values and says why.

    Args:
        sets: uint8 (n, t, h, w, 3) by name; frame 0 of each clip is the context.
        truth: uint8 (n, t, h, w, 3), in the same order.
        texts: A text for each clip.
        sources: The networks.
        fixed: Names of sets whose features are cached, for they are the same the next time (as the truth's are).
        cache: Folder of these features; they are not kept if None.
        progress: Whether to show progress bars.

    Raises:
        InputError: If the shapes do not fit.
    """
    for name, clips in sets.items():
        if clips.shape != truth.shape or clips.dtype != np.uint8 or clips.ndim != 5:
            raise InputError(f"{name} must be uint8 {truth.shape} like the truth, got {clips.dtype} {clips.shape}")
    if len(texts) != len(truth):
        raise InputError(f"there must be a text for each clip, got {len(texts)} for {len(truth)}")
    sets, truth = {name: clips[:, 1:] for name, clips in sets.items()}, truth[:, 1:]
    features = Features(sources.device, cache, progress)
    figures: dict[str, PaperFigure] = {}
    for name in NETWORK_NAMES:
        group = _GROUPS[name]
        try:
            if name not in sources.wanted:
                raise WeightsError("not asked for: --networks")
            if _frechet in group.figures.values() and len(truth) < 2:
                raise WeightsError("a distribution takes two clips or more")
            figures |= _computed(name, group, sets, truth, texts, sources, frozenset(fixed), features)
        except WeightsError as error:
            figures |= {key: replace(FIGURES[key], unavailable=str(error)) for key in group.figures}
    return {key: figures[key] for key in FIGURES}


def _computed(
    name: str,
    group: _Group,
    sets: dict[str, Clips],
    truth: Clips,
    texts: Sequence[str],
    sources: NetworkSources,
    fixed: frozenset[str],
    features: Features,
) -> dict[str, PaperFigure]:
    """Returns the figures of one network."""
    network = load_network(name, sources)
    clips, frames = truth.shape[:2]

    def embedded(own: Clips, keep: bool) -> Array:
        items = np.stack([own, truth], 2) if group.items == "pairs" else own
        items = items if group.items == "clips" else items.reshape(-1, *items.shape[2:])
        mark = network.fingerprint if keep else None
        found = features.of(items, network.embed, name=name, batch=group.batch, keep=mark)
        return found if group.items == "clips" else found.reshape(clips, frames, -1)

    true = embedded(truth, True) if group.items != "pairs" else np.zeros((clips, frames, 1), np.float32)
    words = network.texts(texts).cpu().numpy() if network.texts else np.zeros((clips, 1), np.float32)
    own = {key: _Embedded(embedded(shown, key in fixed), true, words) for key, shown in sets.items()}
    over = f"{clips} clips" if group.items == "clips" else f"{clips * frames} frames"
    found = {}
    for key, value in group.figures.items():
        values = {of: value(e) for of, e in own.items()}
        warning = distances.frechet_warning(true.size // true.shape[-1], true.shape[-1]) if value is _frechet else ""
        counted = f"{clips * (frames - 1)} pairs" if key == "clip_to_consecutive" else over
        found[key] = replace(FIGURES[key], values=values, over=counted, network=network.title, warning=warning)
    return found
