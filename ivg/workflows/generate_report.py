"""What a dataset of robot episodes holds, and what became of the attempts behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .generate_pool import KEPT, RECORD, Outcome, read_outcomes

if TYPE_CHECKING:
    from ..policy.datasets import EpisodeStore
    from .generate_pool import GenerationResult

CONFIDENCE = 0.95
"""Of the intervals (Wilson 1927)."""


def acceptance(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """Returns attempts, kept ones, their share with its interval, and reasons, for each task and in "total"."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.task, []).append(outcome)
    return {name: _row(group) for name, group in [*groups.items(), ("total", list(outcomes))] if group}


def _row(group: Sequence[Outcome]) -> dict[str, Any]:
    from scipy.stats import binomtest

    counts = Counter(outcome.outcome for outcome in group)
    kept = counts.pop(KEPT, 0)
    interval = binomtest(kept, len(group)).proportion_ci(CONFIDENCE, "wilson")
    return {
        "attempts": len(group),
        "kept": kept,
        "acceptance": kept / len(group),
        "interval": [float(interval.low), float(interval.high)],
        "reasons": dict(counts.most_common()),
    }


def dataset_report(path: Path) -> dict[str, Any]:
    """Returns what a dataset of robot episodes holds, as JSON can hold it.

    Raises:
        StoreError: It is no such dataset.
    """
    from ..policy.datasets import EpisodeStore

    with EpisodeStore(path) as store:
        report = _contents(store)
        record = store.attributes.get(RECORD)
    report["generation"] = record["settings"] if record else None
    report["acceptance"] = acceptance(read_outcomes(path))
    return report


def _contents(store: EpisodeStore) -> dict[str, Any]:
    lengths = store.episode_ends - store.episode_starts
    success = store.per_episode("success")
    tasks = {
        task: {
            "episodes": len(places),
            "success": float(success[places].mean()),
            "steps": int(lengths[places].sum()),
            "mean_steps": float(lengths[places].mean()),
        }
        for task, places in _places(store.tasks).items()
    }
    return {
        "dataset": str(store.path),
        "episodes": len(store),
        "steps": int(lengths.sum()),
        "image_shape": list(store.per_step("image").shape[1:]),
        "fps": sorted(set(store.per_episode("fps").tolist())),
        "texts": len(set(store.texts)),
        "megabytes": megabytes_of(store.path),
        "success": float(success.mean()),
        "tasks": tasks,
    }


def megabytes_of(path: Path) -> float:
    """Returns the size of a file, or of a folder's files, in MB."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def _places(tasks: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, task in enumerate(tasks):
        places.setdefault(task, []).append(place)
    return places


def run_report(result: GenerationResult, workers: int) -> dict[str, Any]:
    """Returns the speed of a run, as JSON can hold it."""
    hours = result.seconds / 3600
    return {
        "attempts": result.attempts,
        "kept": result.kept,
        "seconds": result.seconds,
        "workers": workers,
        "episodes_per_hour": result.kept / hours if result.kept else 0.0,
        "attempts_per_hour": result.attempts / hours if result.attempts else 0.0,
        "seconds_per_attempt": {name: seconds / result.attempts for name, seconds in result.stages.items()},
    }


def print_dataset(report: dict[str, Any]) -> None:
    """Prints what `dataset_report` returned."""
    height, width, _ = report["image_shape"]
    rates = ", ".join(f"{fps:g}" for fps in report["fps"])
    print(
        f"{report['dataset']}: {report['episodes']} robot episodes, {report['steps']} steps at {rates} a second, "
        f"pictures of {width} x {height} px, {report['texts']} texts, {report['megabytes']:.1f} MB"
    )
    print(f"  {'task':<16}{'episodes':>10}{'success':>10}{'steps':>8}{'mean':>8}")
    for task, row in report["tasks"].items():
        print(f"  {task:<16}{row['episodes']:>10}{row['success']:>10.0%}{row['steps']:>8}{row['mean_steps']:>8.0f}")
    if report["acceptance"]:
        print_acceptance(report["acceptance"])


def print_acceptance(rows: dict[str, dict[str, Any]]) -> None:
    """Prints what `acceptance` returned."""
    print(f"attempts, and why they were refused ({CONFIDENCE:.0%} intervals):")
    print(f"  {'task':<16}{'attempts':>10}{'kept':>6}{'share':>8}{'interval':>14}  refused")
    for task, row in rows.items():
        low, high = row["interval"]
        reasons = ", ".join(f"{count} {reason}" for reason, count in row["reasons"].items())
        interval = f"{low:.0%} to {high:.0%}"
        print(f"  {task:<16}{row['attempts']:>10}{row['kept']:>6}{row['acceptance']:>8.0%}{interval:>14}  {reasons}")


def print_run(report: dict[str, Any]) -> None:
    """Prints what `run_report` returned."""
    if not report["attempts"]:
        return
    stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in report["seconds_per_attempt"].items())
    print(
        f"{report['kept']} episodes from {report['attempts']} attempts in {report['seconds']:.0f} s with "
        f"{report['workers']} processes: {report['episodes_per_hour']:.0f} episodes an hour "
        f"(seconds an attempt: {stages})"
    )
