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

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ..errors import InputError, WeightsError
from ..io.staging import staged_output
from . import distances
from .networks.sources import NETWORK_NAMES, LoadedNetwork, NetworkSources, load_network

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


def _frechet(own: Array, true: Array, _: Array) -> float:
    return distances.frechet_distance(*(features.reshape(-1, features.shape[-1]) for features in (own, true)))


Value = Callable[[Array, Array, Array], float]
"""A figure of features of clips and of the truth, (clips, t, d) or (clips, d), and of the texts, (clips, d)."""

_CLIP: dict[str, Value] = {
    "clip_to_gt": lambda own, true, _: 100 * distances.similarity_to_truth(own, true),
    "clip_to_consecutive": lambda own, true, _: distances.similarity_of_consecutive(own),
    "clip_to_text": lambda own, _, texts: 100 * distances.similarity_to_text(own, texts),
}
# By network: what it is shown ("pairs" are a frame and the true one), how many at once, and its figures.
_GROUPS: dict[str, tuple[str, int, dict[str, Value]]] = {
    "inception": ("frames", 16, {"fid": _frechet}),
    "i3d": ("clips", 2, {"fvd": _frechet}),
    "lpips": ("pairs", 32, {"lpips": lambda own, true, _: float(own.mean(dtype=np.float64))}),
    "clip": ("frames", 32, _CLIP),
    "blip": ("frames", 32, {"blip": lambda own, _, texts: distances.similarity_to_text(own, texts)}),
    "egovlp": ("clips", 4, {"egovlp": lambda own, true, _: distances.similarity_to_truth(own, true)}),
}


@dataclass(frozen=True)
class Features:
    """Computes features in batches, of each distinct item once, on a device, with a progress bar or without."""

    device: str | torch.device = "cpu"
    cache: Path | None = None  # folder for features that are kept; none are if None
    progress: bool = False

    def of(
        self,
        items: NDArray[np.uint8],
        network: Callable[[Tensor], Tensor],
        *,
        name: str,
        batch: int,
        keep: str | None = None,
    ) -> NDArray[np.float32]:
        """Returns features (n, d) of items (n, ...), frames or clips, by a network that takes `batch` at a time.

        The `name` is for the bar and the file; features are cached under the network's fingerprint `keep`, if given.
        """
        target = None
        if keep is not None and self.cache is not None:
            digest = hashlib.sha256(f"{keep}{items.shape}".encode())
            digest.update(np.ascontiguousarray(items).data)
            target = self.cache / f"{name}-{digest.hexdigest()[:32]}.npy"
            if target.exists():
                return np.asarray(np.load(target, allow_pickle=False))
        keys = [hashlib.sha256(np.ascontiguousarray(item).data).digest() for item in items]
        order = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        distinct = [keys.index(key) for key in order]
        parts = []
        with tqdm(total=len(distinct), desc=name, unit="item", disable=not self.progress, leave=False) as bar:
            for first in range(0, len(distinct), batch):
                chosen = np.ascontiguousarray(items[distinct[first : first + batch]])
                parts.append(network(torch.from_numpy(chosen).to(self.device)).float().cpu().numpy())
                bar.update(len(chosen))
        features = np.asarray(np.concatenate(parts)[[order[key] for key in keys]], np.float32)
        if target is not None:
            with staged_output(target, overwrite=True) as stage:
                np.save(stage, features)
        return features


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

    Clips are uint8 (n, t, h, w, 3), frame 0 is the context, and `texts` has one for each. A figure whose network is not
    there, or not wanted, has no values and says why. Features of the truth and of the sets named in `fixed`, which are
    the same the next time, are kept in the folder `cache`, if given. InputError if the shapes do not fit.
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
        *_, values = _GROUPS[name]
        try:
            if name not in sources.wanted:
                raise WeightsError("not asked for: --networks")
            if _frechet in values.values() and len(truth) < 2:
                raise WeightsError("a distribution takes two clips or more")
            figures |= _computed(name, load_network(name, sources), sets, truth, texts, fixed, features)
        except WeightsError as error:
            figures |= {key: replace(FIGURES[key], unavailable=str(error)) for key in values}
    return {key: figures[key] for key in FIGURES}


def _computed(
    name: str,
    network: LoadedNetwork,
    sets: dict[str, Clips],
    truth: Clips,
    texts: Sequence[str],
    fixed: Sequence[str],
    features: Features,
) -> dict[str, PaperFigure]:
    """Returns the figures of one network."""
    (shown, batch, values), (clips, frames) = _GROUPS[name], truth.shape[:2]

    def embedded(own: Clips, keep: bool) -> Array:
        items = np.stack([own, truth], 2) if shown == "pairs" else own
        items = items if shown == "clips" else items.reshape(-1, *items.shape[2:])
        mark = network.fingerprint if keep else None
        found = features.of(items, network.embed, name=name, batch=batch, keep=mark)
        return found if shown == "clips" else found.reshape(clips, frames, -1)

    true = embedded(truth, True) if shown != "pairs" else np.zeros((clips, frames, 1), np.float32)
    words = network.texts(texts).cpu().numpy() if network.texts else np.zeros((clips, 1), np.float32)
    embeddings = {key: embedded(own, key in fixed) for key, own in sets.items()}
    over = f"{clips} clips" if shown == "clips" else f"{clips * frames} frames"
    figures = {}
    for key, value in values.items():
        figures[key] = replace(
            FIGURES[key],
            values={of: value(own, true, words) for of, own in embeddings.items()},
            over=f"{clips * (frames - 1)} pairs" if key == "clip_to_consecutive" else over,
            network=network.title,
            warning=distances.frechet_warning(true.size // true.shape[-1], true.shape[-1]) if value is _frechet else "",
        )
    return figures
