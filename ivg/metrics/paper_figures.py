"""The paper's figures that take a network (Sec. 4), over the last L frames: frame 0 is the context and never counts.

A figure whose network cannot be had is not computed with another one: it is "unavailable", with the reason.

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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, WeightsError, unknown_option
from .features import Features
from .frechet import FrechetDistance, frechet_distance
from .networks.fetch import NETWORKS, fingerprint, load
from .similarity import similarity_of_consecutive, similarity_to_text, similarity_to_truth

Clips = NDArray[np.uint8]


@dataclass(frozen=True)
class PaperFigure:
    """One figure of the table.

    Attributes:
        title: Its name.
        higher: Whether higher is better.
        values: By the set of clips that it is of ("generated"); empty if unavailable.
        over: What it is over ("1080 frames").
        network: The network that it is computed with.
        warning: What to beware of, empty if nothing.
        unavailable: Why there is no value, empty if there is.
    """

    title: str
    higher: bool
    values: dict[str, float]
    over: str = ""
    network: str = ""
    warning: str = ""
    unavailable: str = ""


@dataclass(frozen=True)
class NetworkSources:
    """Which networks to use, and where those come from that are not fetched by us.

    Attributes:
        wanted: Of `NETWORK_NAMES`.
        clip: Name on the hub, or folder; None for the default.
        blip: The same.
        egovlp: The authors' checkpoint, or None.
        device: Where to compute.
    """

    wanted: tuple[str, ...]
    clip: str | None = None
    blip: str | None = None
    egovlp: str | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Refuse names that are none of the networks."""
        for name in self.wanted:
            if name not in NETWORK_NAMES:
                raise unknown_option("network", name, [*NETWORK_NAMES, "none"])


@dataclass(frozen=True, eq=False)
class _Task:
    """What the figures are of: sets of clips and the true ones, without frame 0."""

    sets: dict[str, Clips]
    truth: Clips
    texts: Sequence[str]
    sources: NetworkSources
    features: Features
    fixed: frozenset[str]

    @property
    def frames(self) -> str:
        return f"{self.truth.shape[0] * self.truth.shape[1]} frames"

    @property
    def clips(self) -> str:
        return f"{len(self.truth)} clips"

    def of_frames(self, clips: Clips, network: Any, keep: str | None, **options: Any) -> NDArray[np.float32]:
        """Returns features (clips, t, d) of frames."""
        flat = self.features.of(clips.reshape(-1, *clips.shape[2:]), network, keep=keep, **options)
        return flat.reshape(*clips.shape[:2], -1)

    def each(self, figure: Callable[[Clips, bool], float]) -> dict[str, float]:
        """Returns a figure of every set; `figure` is also told whether the set is the same the next time."""
        return {name: figure(clips, name in self.fixed) for name, clips in self.sets.items()}


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
    """Returns the figures of sets of clips beside the true ones, in the order of the paper's table.

    Args:
        sets: uint8 (n, t, h, w, 3) by name; frame 0 of each clip is the context.
        truth: uint8 (n, t, h, w, 3), in the same order.
        texts: A text for each clip.
        sources: The networks.
        fixed: Names of sets that are the same the next time (the truth always is): their features are kept.
        cache: Folder to keep these in; they are not kept if None.
        progress: Whether to show bars.

    Returns:
        By key ("fid", "clip_to_gt", ...). A figure whose network cannot be had, or that was not wanted, has no values
        and says why.

    Raises:
        InputError: If the shapes do not fit.
    """
    for name, clips in sets.items():
        if clips.shape != truth.shape or clips.dtype != np.uint8 or clips.ndim != 5:
            raise InputError(f"{name} must be uint8 {truth.shape} like the truth, got {clips.dtype} {clips.shape}")
    if len(texts) != len(truth):
        raise InputError(f"there must be a text for each clip, got {len(texts)} for {len(truth)}")
    task = _Task(
        {name: clips[:, 1:] for name, clips in sets.items()},
        truth[:, 1:],
        texts,
        sources,
        Features(sources.device, cache, progress=progress),
        frozenset(fixed),
    )
    figures: dict[str, PaperFigure] = {}
    for name in NETWORK_NAMES:
        figures |= _group(name, task)
    return {key: figures[key] for key in FIGURES}


FIGURES = {
    "fid": PaperFigure("FID", False, {}),
    "clip_to_gt": PaperFigure("CLIP-to-GT", True, {}),
    "fvd": PaperFigure("FVD", False, {}),
    "egovlp": PaperFigure("EgoVLP", True, {}),
    "clip_to_consecutive": PaperFigure("CLIP-to-consecutive", True, {}),
    "clip_to_text": PaperFigure("CLIP-to-text", True, {}),
    "blip": PaperFigure("BLIP", True, {}),
    "lpips": PaperFigure("LPIPS", False, {}),
}
"""All figures in the order of the paper's table, without values."""


def _group(name: str, task: _Task) -> dict[str, PaperFigure]:
    """Returns the figures of one network."""
    keys, compute = _GROUPS[name]
    if name not in task.sources.wanted:
        return {key: replace(FIGURES[key], unavailable="not asked for: --networks") for key in keys}
    try:
        return compute(task)
    except WeightsError as error:
        return {key: replace(FIGURES[key], unavailable=str(error)) for key in keys}


def _fid(task: _Task) -> dict[str, PaperFigure]:
    network: Any = load("inception", task.sources.device)
    options: dict[str, Any] = {"name": "inception", "batch": 16}
    mark = NETWORKS["inception"].fingerprint

    def features(clips: Clips, fixed: bool) -> NDArray[np.float32]:
        found = task.of_frames(clips, network.features, mark if fixed else None, **options)
        return found.reshape(-1, found.shape[-1])

    return {"fid": _frechet("fid", "inception", task, features, task.frames)}


def _fvd(task: _Task) -> dict[str, PaperFigure]:
    network: Any = load("i3d", task.sources.device)
    mark = NETWORKS["i3d"].fingerprint

    def features(clips: Clips, fixed: bool) -> NDArray[np.float32]:
        return task.features.of(clips, network.features, name="i3d", batch=2, keep=mark if fixed else None)

    return {"fvd": _frechet("fvd", "i3d", task, features, task.clips)}


def _frechet(
    key: str, network: str, task: _Task, features: Callable[[Clips, bool], NDArray[np.float32]], over: str
) -> PaperFigure:
    if len(task.truth) < 2:
        return replace(FIGURES[key], unavailable="a distribution takes two clips or more")
    true = features(task.truth, True)
    found: dict[str, FrechetDistance] = {}
    for name, clips in task.sets.items():
        found[name] = frechet_distance(features(clips, name in task.fixed), true)
    values = {name: distance.value for name, distance in found.items()}
    warning = next(iter(found.values())).warning
    return replace(FIGURES[key], values=values, over=over, network=NETWORKS[network].title, warning=warning)


def _lpips(task: _Task) -> dict[str, PaperFigure]:
    network: Any = load("lpips", task.sources.device)

    def distance(clips: Clips, fixed: bool) -> float:
        pairs = np.stack([clips, task.truth], 2).reshape(-1, 2, *clips.shape[2:])
        keep = NETWORKS["lpips"].fingerprint if fixed else None
        found = task.features.of(
            pairs, lambda b: network.distances(b[:, 0], b[:, 1])[:, None], name="lpips", batch=32, keep=keep
        )
        return float(found.mean(dtype=np.float64))

    title = NETWORKS["lpips"].title
    return {"lpips": replace(FIGURES["lpips"], values=task.each(distance), over=task.frames, network=title)}


def _clip(task: _Task) -> dict[str, PaperFigure]:
    from .networks.clip import DEFAULT_CLIP, ClipEmbeddings

    network = ClipEmbeddings(task.sources.clip or DEFAULT_CLIP, task.sources.device)
    images = _embedder(task, network, "clip")
    true = images(task.truth, True)
    texts = network.texts(task.texts).cpu().numpy()
    found = {
        "clip_to_gt": task.each(lambda clips, fixed: 100 * similarity_to_truth(images(clips, fixed), true)),
        "clip_to_consecutive": task.each(lambda clips, fixed: similarity_of_consecutive(images(clips, fixed))),
        "clip_to_text": task.each(lambda clips, fixed: 100 * similarity_to_text(images(clips, fixed), texts)),
    }
    over = dict.fromkeys(found, task.frames) | {
        "clip_to_consecutive": f"{len(task.truth) * (task.truth.shape[1] - 1)} pairs"
    }
    return {
        key: replace(FIGURES[key], values=values, over=over[key], network=network.source)
        for key, values in found.items()
    }


def _blip(task: _Task) -> dict[str, PaperFigure]:
    from .networks.blip import DEFAULT_BLIP, BlipEmbeddings

    network = BlipEmbeddings(task.sources.blip or DEFAULT_BLIP, task.sources.device)
    images = _embedder(task, network, "blip")
    texts = network.texts(task.texts).cpu().numpy()
    values = task.each(lambda clips, fixed: similarity_to_text(images(clips, fixed), texts))
    return {"blip": replace(FIGURES["blip"], values=values, over=task.frames, network=network.source)}


def _egovlp(task: _Task) -> dict[str, PaperFigure]:
    from .networks.egovlp import EgoVLPEmbeddings

    network = EgoVLPEmbeddings(task.sources.egovlp, task.sources.device)
    mark = fingerprint(network.model.state_dict())

    def embeddings(clips: Clips, fixed: bool) -> NDArray[np.float32]:
        return task.features.of(clips, network.clips, name="egovlp", batch=4, keep=mark if fixed else None)

    true = embeddings(task.truth, True)
    values = task.each(lambda clips, fixed: similarity_to_truth(embeddings(clips, fixed), true))
    return {"egovlp": replace(FIGURES["egovlp"], values=values, over=task.clips, network=network.source)}


def _embedder(task: _Task, network: Any, name: str) -> Callable[[Clips, bool], NDArray[np.float32]]:
    """Returns what embeds the frames of clips, (clips, t, d), each set once."""
    mark = fingerprint(network.model.state_dict())
    done: dict[int, NDArray[np.float32]] = {}

    def images(clips: Clips, fixed: bool) -> NDArray[np.float32]:
        if id(clips) not in done:
            keep = mark if fixed else None
            done[id(clips)] = task.of_frames(clips, network.images, keep, name=name, batch=32)
        return done[id(clips)]

    return images


_GROUPS: dict[str, tuple[tuple[str, ...], Callable[[_Task], dict[str, PaperFigure]]]] = {
    "inception": (("fid",), _fid),
    "i3d": (("fvd",), _fvd),
    "lpips": (("lpips",), _lpips),
    "clip": (("clip_to_gt", "clip_to_consecutive", "clip_to_text"), _clip),
    "blip": (("blip",), _blip),
    "egovlp": (("egovlp",), _egovlp),
}

NETWORK_NAMES = tuple(_GROUPS)
"""The networks by the names that users call them by."""
