"""From the results of single scenes to the figures of an evaluation, and the targets that they have to reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics.clip_figures import TrueClip
from ..metrics.detection import hs_err, ratio
from ..metrics.moved_objects import ObjectScore
from ..metrics.region_iou import best_fixed_box, best_prior_mask
from .judging import SceneResult


@dataclass(frozen=True)
class Target:
    """A figure that has to reach a value, in its own unit, or the value of another figure, given by its key."""

    key: str  # where it stands among the figures, dotted
    title: str
    value: float | str
    unit: str = ""  # "dB", "%" or ""

    def wanted(self, figures: dict[str, Any]) -> float:
        """Returns the least value, NaN where it is that of a figure that was not taken."""
        return lookup(figures, self.value) if isinstance(self.value, str) else float(self.value)

    def reached(self, figures: dict[str, Any]) -> bool | None:
        """Returns whether the target is reached, None where the figure was not taken."""
        value, wanted = lookup(figures, self.key), self.wanted(figures)
        return None if np.isnan(value) or np.isnan(wanted) else value >= wanted


TARGETS = (
    Target("codec.psnr_db", "autoencoder, whole image", 30, "dB"),
    Target("codec.psnr_inside_db", "autoencoder, inside hands and moved objects", 30, "dB"),
    Target("codec.hands_kept", "hands found again in reconstructions", 0.98, "%"),
    Target("hands.relative_rate", "hands found in generated frames, of the truth's rate", 0.95, "%"),
    Target("background_db", "background, where nothing moves, against the context", 40, "dB"),
    Target("region.iou", "predicted region, IoU with the annotation", 0.7),
    Target("region.iou", "... and above the prior mask's", "region.prior_mask"),
    Target("region.iou", "... and above the best fixed box's", "region.fixed_box"),
    Target("text.other_tasks", "motion follows the prompt (one scene, other tasks)", 0.8, "%"),
    Target("text.paraphrases", "motion follows a paraphrase", 0.8, "%"),
)


def lookup(figures: dict[str, Any], key: str) -> float:
    """Returns the figure at a dotted key, NaN where there is none."""
    value: Any = figures
    for name in key.split("."):
        value = value.get(name, float("nan")) if isinstance(value, dict) else float("nan")
    return float(value)


def summarise(
    results: Sequence[SceneResult], truths: Sequence[TrueClip], training_regions: NDArray[np.bool_]
) -> dict[str, Any]:
    """Returns all figures about the generated clips as a nested dict.

    `results` and `truths` are by scene; `training_regions`, bool (n, h, w), are annotated, for the prior mask.
    """
    figures = [r.figures for r in results]
    codec = [r.codec for r in results]
    names = results[0].objects
    return {
        "scenes": len(results),
        "codec": {
            **_means(codec, "psnr_db", "psnr_inside_db"),
            "hands_kept": ratio(_sum(codec, "hands_kept"), _sum(codec, "hands_before")),
        },
        "hands": _hands(figures),
        "hs_err": {
            "generated": _mean(f["hs_err"] for f in figures),
            "reconstruction": _mean(c["hs_err"] for c in codec),
            "given_region": _mean(r.given_region["hs_err"] for r in results),
            **_hs_err_of_truth(truths),
        },
        "objects": {name: _object_figures([s for r in results for s in r.objects[name]]) for name in names},
        "skin": _means(figures, "skin_spread", "skin_spread_truth", "skin_difference"),
        **_means(figures, "background_db", "untouched_db"),
        "area": _means(figures, "touched_area", "moving_area"),
        "region": _region(results, truths, training_regions),
        "seconds": {name: _over((r.seconds[name] for r in results), np.median) for name in results[0].seconds},
        "by_task": _by_task(results),
    }


def _hands(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    found, truth, wanted = (_sum(figures, name) for name in ("hands_found", "hands_found_truth", "hands_wanted"))
    return {"rate": ratio(found, wanted), "rate_truth": ratio(truth, wanted), "relative_rate": ratio(found, truth)}


def _hs_err_of_truth(truths: Sequence[TrueClip]) -> dict[str, float]:
    """Returns HS-Err of the next scene's true clip of the same task, and of the context frame's hands, held still."""
    pairs = []
    for task in dict.fromkeys(t.record.task for t in truths):
        own = [t.record.keypoints for t in truths if t.record.task == task]
        pairs += list(zip([*own[1:], own[0]], own, strict=True)) if len(own) > 1 else []
    own = [t.record.keypoints for t in truths]
    return {
        "other_scene": _mean(hs_err(other, keypoints) for other, keypoints in pairs),
        "still": _mean(hs_err(np.broadcast_to(keypoints[:1], keypoints.shape), keypoints) for keypoints in own),
    }


def _object_figures(scores: Sequence[ObjectScore]) -> dict[str, float]:
    def median(name: str) -> float:
        return _over((getattr(score, name) for score in scores), np.median)

    return {
        "count": len(scores),
        "place_error": median("place_error"),
        "place_error_p90": _over((score.place_error for score in scores), lambda values: np.quantile(values, 0.9)),
        **{name: median(name) for name in ("colour_error", "fit")},
        "lost": _mean(float(score.lost) for score in scores),
        "travel": median("travel"),
    }


def _region(results: Sequence[SceneResult], truths: Sequence[TrueClip], training: NDArray[np.bool_]) -> dict[str, Any]:
    annotated = np.stack([t.region for t in truths])
    prior, box = best_prior_mask(training.mean(0), annotated), best_fixed_box(annotated)
    return {
        "iou": _mean(r.figures["region_iou"] for r in results),
        "prior_mask": prior.mean_iou,
        "prior_mask_name": prior.name,
        "fixed_box": box.mean_iou,
        "fixed_box_name": box.name,
    }


def _by_task(results: Sequence[SceneResult]) -> dict[str, dict[str, float]]:
    table = {}
    for task in dict.fromkeys(r.task for r in results):
        own = [r for r in results if r.task == task]
        figures = [r.figures for r in own]
        objects = {name: _object_figures([s for r in own for s in r.objects[name]]) for name in own[0].objects}
        table[task] = {
            "scenes": float(len(own)),
            "hands": _hands(figures)["relative_rate"],
            **_means(figures, "hs_err", "region_iou"),
            **{f"{name}_still": objects["still"][name] for name in ("place_error", "colour_error", "lost")},
            **{name: objects["generated"][name] for name in ("place_error", "colour_error", "lost")},
        }
    return table


def _sum(figures: Sequence[dict[str, float]], name: str) -> float:
    return sum(one[name] for one in figures)


def _means(figures: Sequence[dict[str, float]], *names: str) -> dict[str, float]:
    return {name: _mean(one[name] for one in figures) for name in names}


def _mean(values: Iterable[float]) -> float:
    return _over(values, np.mean)


def _over(values: Iterable[float], statistic: Callable[[NDArray[np.floating]], Any]) -> float:
    """Returns a statistic over the values that are not NaN; NaN if there are none."""
    finite = np.array([value for value in values if not np.isnan(value)])
    return float(statistic(finite)) if len(finite) else float("nan")
