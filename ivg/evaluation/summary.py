"""From the results of single scenes to the figures of an evaluation, and to the tables that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics.clip_figures import TrueClip
from ..metrics.detection import ratio
from ..metrics.hs_err import hs_err
from ..metrics.moved_objects import ObjectScore
from ..metrics.region_iou import best_fixed_box, best_prior_mask
from .worker import SceneResult


@dataclass(frozen=True)
class Target:
    """A figure that has to reach a value.

    Attributes:
        path: Where it stands among the figures, dotted.
        words: What it is.
        target: The value it has to reach, in the figure's own unit, or another figure's path.
        unit: "dB", "%" or "".
        at_most: Whether it has to stay below instead.
    """

    path: str
    words: str
    target: float | str
    unit: str = ""
    at_most: bool = False


TARGETS = (
    Target("codec.psnr_db", "autoencoder, whole picture", 30, "dB"),
    Target("codec.psnr_inside_db", "autoencoder, inside hands and moved objects", 30, "dB"),
    Target("codec.hands_kept", "hands found again in reconstructions", 0.98, "%"),
    Target("hands.relative_rate", "hands found in generated frames, of the truth's rate", 0.95, "%"),
    Target("background_db", "background, where nothing moves, against the context", 40, "dB"),
    Target("region.iou", "predicted region, IoU with the annotation", 0.7),
    Target("region.iou", "  and above the prior mask's", "region.prior_mask"),
    Target("region.iou", "  and above the best fixed box's", "region.fixed_box"),
    Target("text.other_tasks", "motion follows the prompt (one scene, other tasks)", 0.8, "%"),
    Target("text.paraphrases", "motion follows a paraphrase", 0.8, "%"),
)


def summarise(
    results: Sequence[SceneResult], truths: Sequence[TrueClip], training_regions: NDArray[np.bool_]
) -> dict[str, Any]:
    """Returns all figures about the generated clips as a nested dict.

    Args:
        results: One a scene.
        truths: The scenes' true clips, in the same order.
        training_regions: bool (n, h, w), annotated regions of training clips, for the prior mask.
    """
    return {
        "scenes": len(results),
        "codec": _codec(results),
        "hands": _hands(results),
        "hs_err": _hs_err(results, truths),
        "objects": _objects(results),
        "skin": _mean_of(results, ("skin_spread", "skin_spread_truth", "skin_difference")),
        "background_db": _mean(r.figures["background_db"] for r in results),
        "untouched_db": _mean(r.figures["untouched_db"] for r in results),
        "area": _mean_of(results, ("touched_area", "moving_area")),
        "region": _region(results, truths, training_regions),
        "seconds": {name: _median(r.seconds[name] for r in results) for name in results[0].seconds},
        "by_task": _by_task(results),
    }


def _codec(results: Sequence[SceneResult]) -> dict[str, float]:
    before = sum(r.codec["hands_before"] for r in results)
    return {
        "psnr_db": _mean(r.codec["psnr_db"] for r in results),
        "psnr_inside_db": _mean(r.codec["psnr_inside_db"] for r in results),
        "hands_kept": ratio(sum(r.codec["hands_kept"] for r in results), before),
    }


def _hands(results: Sequence[SceneResult]) -> dict[str, float]:
    generated, truth, wanted = (
        sum(r.figures[name] for r in results) for name in ("hands_found", "hands_found_truth", "hands_wanted")
    )
    return {
        "rate": ratio(generated, wanted),
        "rate_truth": ratio(truth, wanted),
        "relative_rate": ratio(generated, truth),
    }


def _hs_err(results: Sequence[SceneResult], truths: Sequence[TrueClip]) -> dict[str, float]:
    still = [np.broadcast_to(t.record.keypoints[:1], t.record.keypoints.shape) for t in truths]
    pairs = zip(still, truths, strict=True)
    return {
        "generated": _mean(r.figures["hs_err"] for r in results),
        "reconstruction": _mean(r.codec["hs_err"] for r in results),
        "given_region": _mean(r.given_region["hs_err"] for r in results),
        "other_scene": _mean(hs_err(o.record.keypoints, t.record.keypoints) for t, o in _same_task(truths)),
        "still": _mean(hs_err(keypoints, t.record.keypoints) for keypoints, t in pairs),
    }


def _same_task(truths: Sequence[TrueClip]) -> list[tuple[TrueClip, TrueClip]]:
    """Returns every clip with the next one of the same task, the last one with the first."""
    pairs = []
    for task in dict.fromkeys(t.record.task for t in truths):
        own = [t for t in truths if t.record.task == task]
        pairs += [(own[i], own[(i + 1) % len(own)]) for i in range(len(own)) if len(own) > 1]
    return pairs


def _objects(results: Sequence[SceneResult]) -> dict[str, dict[str, float]]:
    names = results[0].objects
    return {name: _object_figures([s for r in results for s in r.objects[name]]) for name in names}


def _object_figures(scores: Sequence[ObjectScore]) -> dict[str, float]:
    return {
        "count": len(scores),
        "place_error": _median(s.place_error for s in scores),
        "place_error_p90": _quantile([s.place_error for s in scores], 0.9),
        "colour_error": _median(s.colour_error for s in scores),
        "fit": _median(s.fit for s in scores),
        "lost": _mean(float(s.lost) for s in scores),
        "travel": _median(s.travel for s in scores),
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
        objects = {name: _object_figures([s for r in own for s in r.objects[name]]) for name in own[0].objects}
        table[task] = {
            "scenes": float(len(own)),
            "hands": _hands(own)["relative_rate"],
            "hs_err": _mean(r.figures["hs_err"] for r in own),
            "region_iou": _mean(r.figures["region_iou"] for r in own),
            **{f"{name}_still": objects["still"][name] for name in ("place_error", "colour_error", "lost")},
            **{name: objects["generated"][name] for name in ("place_error", "colour_error", "lost")},
        }
    return table


def _mean_of(results: Sequence[SceneResult], names: Sequence[str]) -> dict[str, float]:
    return {name: _mean(r.figures[name] for r in results) for name in names}


def _mean(values: Iterable[float]) -> float:
    return _over(values, np.mean)


def _median(values: Iterable[float]) -> float:
    return _over(values, np.median)


def _quantile(values: Iterable[float], fraction: float) -> float:
    return _over(values, lambda known: np.quantile(known, fraction))


def _over(values: Iterable[float], statistic: Callable[[NDArray[np.floating]], Any]) -> float:
    known = np.array([value for value in values if not np.isnan(value)])
    return float(statistic(known)) if len(known) else float("nan")


def lookup(figures: dict[str, Any], path: str) -> float:
    """Returns the figure at a dotted path, NaN where there is none."""
    value: Any = figures
    for name in path.split("."):
        value = value.get(name, float("nan")) if isinstance(value, dict) else float("nan")
    return float(value)


def reached(bar: Target, figures: dict[str, Any]) -> bool | None:
    """Returns whether a bar is reached, None where the figure was not taken."""
    value, target = lookup(figures, bar.path), _target(bar, figures)
    if np.isnan(value) or np.isnan(target):
        return None
    return value <= target if bar.at_most else value >= target


def _target(bar: Target, figures: dict[str, Any]) -> float:
    return lookup(figures, bar.target) if isinstance(bar.target, str) else float(bar.target)


def targets_table(figures: dict[str, Any]) -> str:
    """Returns the bars as a table: what, value, bar, whether it is reached."""
    lines = []
    for bar in TARGETS:
        verdict = {True: "reached", False: "MISSED", None: "not taken"}[reached(bar, figures)]
        value = _shown(lookup(figures, bar.path), bar.unit)
        sign = "<=" if bar.at_most else ">="
        target = f"{sign} {_shown(_target(bar, figures), bar.unit)}"
        lines.append(f"  {bar.words:<54}{value:>10}  {target:<12}{verdict}")
    return "\n".join(lines)


def _shown(value: float, unit: str) -> str:
    if unit == "%":
        return f"{100 * value:.1f} %"
    return f"{value:.1f} dB" if unit == "dB" else f"{value:.3f}"


def task_table(figures: dict[str, Any], size: int) -> str:
    """Returns the figures by task; places in pixels of a picture `size` wide, the still context frame's beside them."""
    heads = ("scenes", "hands", "HS-Err", "region IoU", "place px", "(still)", "colour dE", "(still)", "lost")
    lines = [f"  {'task':<16}" + "".join(f"{head:>11}" for head in heads)]
    for task, row in figures["by_task"].items():
        cells = (
            f"{row['scenes']:.0f}",
            f"{row['hands']:.1%}",
            f"{row['hs_err']:.4f}",
            f"{row['region_iou']:.2f}",
            f"{row['place_error'] * size:.1f}",
            f"{row['place_error_still'] * size:.1f}",
            f"{row['colour_error']:.1f}",
            f"{row['colour_error_still']:.1f}",
            f"{row['lost']:.0%}",
        )
        lines.append(f"  {task:<16}" + "".join(f"{cell:>11}" for cell in cells))
    return "\n".join(lines)


def hs_err_table(figures: dict[str, Any]) -> str:
    """Returns HS-Err of the generated clips and of the four references."""
    words = {
        "generated": "generated, predicted region",
        "given_region": "generated, the ground truth's region",
        "reconstruction": "the ground truth through the autoencoder",
        "other_scene": "ground truth of another scene, same task",
        "still": "the context frame, still",
    }
    return "\n".join(f"  {text:<54}{figures['hs_err'][name]:>10.5f}" for name, text in words.items())


def notes(figures: dict[str, Any], size: int) -> str:
    """Returns the figures that have no bar, in words."""
    skin, hands, region, seconds, area = (figures[name] for name in ("skin", "hands", "region", "seconds", "area"))
    lines = [
        f"hands found in {hands['rate']:.1%} of the wanted ones, in the ground truth {hands['rate_truth']:.1%}",
        f"skin tone's spread within a clip: dE {skin['skin_spread']:.1f}, in the ground truth "
        f"{skin['skin_spread_truth']:.1f}; from the person's own tone: dE {skin['skin_difference']:.1f}",
        f"pixels that are not the context frame's own: {area['touched_area']:.0%} of the picture (elsewhere "
        f"{figures['untouched_db']:.0f} dB); in truth arms and objects pass over {area['moving_area']:.0%}",
        f"regions: {region['prior_mask_name']}: IoU {region['prior_mask']:.3f}; best {region['fixed_box_name']}: "
        f"IoU {region['fixed_box']:.3f} (both chosen on the regions that they are judged on)",
    ]
    for name, row in figures["objects"].items():
        lines.append(
            f"moved objects, {name}: place off by {row['place_error'] * size:.1f} px at the median, "
            f"{row['place_error_p90'] * size:.1f} px at 90 %, colour by dE {row['colour_error']:.1f}, "
            f"{row['lost']:.0%} lost"
        )
    lines.append("median seconds a clip: " + ", ".join(f"{name} {value:.2f}" for name, value in seconds.items()))
    text = figures.get("text")
    if text:
        lines.append(
            f"text: {text['prompts']} prompts in {text['scenes']} scenes, {text['paraphrase_prompts']} paraphrases; "
            f"chance would be right in {text['chance']:.0%}, people themselves are in {text['truth']:.0%}"
        )
    return "\n".join(f"  {line}" for line in lines)
