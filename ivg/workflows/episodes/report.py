"""What a dataset of robot episodes or of demonstrations holds, and what became of the attempts behind it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...policy.datasets.attempts import CONFIDENCE, RECORD, acceptance, recorded_attempts

if TYPE_CHECKING:
    from ...policy.datasets.episodes import EpisodeStore


def episodes_report(path: Path) -> dict[str, Any]:
    """Return what a dataset of robot episodes holds, as JSON can hold it; a `StoreError` if it is none."""
    from ...policy.datasets.episodes import EpisodeStore

    with EpisodeStore(path) as store:
        report = _contents(store)
        report["generation"] = store.attributes.get(RECORD, {}).get("settings")
        report["acceptance"] = acceptance(recorded_attempts(store.attributes))
    return report


def _contents(store: EpisodeStore) -> dict[str, Any]:
    lengths = store.episode_ends - store.episode_starts
    success = store.per_episode("success")
    by_task: dict[str, list[int]] = {}
    for index, task in enumerate(store.tasks):
        by_task.setdefault(task, []).append(index)
    tasks = {
        task: {
            "episodes": len(indices),
            "success": float(success[indices].mean()),
            "steps": int(lengths[indices].sum()),
            "mean_steps": float(lengths[indices].mean()),
        }
        for task, indices in by_task.items()
    }
    return {
        "dataset": str(store.path),
        "episodes": len(store),
        "steps": int(lengths.sum()),
        "image_shape": list(store.per_step("image").shape[1:]),
        "fps": sorted(set(store.per_episode("fps").tolist())),
        "texts": len(set(store.texts)),
        "megabytes": _megabytes(store.path),
        "success": float(success.mean()),
        "tasks": tasks,
    }


def _megabytes(path: Path) -> float:
    """Return the size of a file, or of a folder's files, in MB."""
    return sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file()) / 1e6


def episodes_text(report: dict[str, Any]) -> str:
    """Return what `episodes_report` returned, in words."""
    height, width, _ = report["image_shape"]
    rates = ", ".join(f"{fps:g}" for fps in report["fps"])
    lines = [
        f"{report['dataset']}: {report['episodes']} robot episodes, {report['steps']} steps at {rates} a second, "
        f"images of {width} x {height} px, {report['texts']} texts, {report['megabytes']:.1f} MB",
        f"  {'task':<16}{'episodes':>10}{'success':>10}{'steps':>8}{'mean':>8}",
    ]
    for task, row in report["tasks"].items():
        counts = f"{row['episodes']:>10}{row['success']:>10.0%}{row['steps']:>8}{row['mean_steps']:>8.0f}"
        lines.append(f"  {task:<16}{counts}")
    if report["acceptance"]:
        lines.append(f"attempts, and why they were refused ({CONFIDENCE:.0%} intervals):")
        lines.append(f"  {'task':<16}{'attempts':>10}{'kept':>6}{'rate':>8}{'interval':>14}  refused")
    for task, row in report["acceptance"].items():
        low, high = row["interval"]
        reasons = ", ".join(f"{count} {reason}" for reason, count in row["reasons"].items())
        counts = f"{row['attempts']:>10}{row['kept']:>6}{row['acceptance']:>8.0%}{f'{low:.0%} to {high:.0%}':>14}"
        lines.append(f"  {task:<16}{counts}  {reasons}")
    return "\n".join(lines)


def demonstrations_report(path: Path) -> dict[str, Any]:
    """Return what a dataset of demonstrations holds, as JSON can hold it; a `StoreError` if it is none."""
    from ...policy.datasets import DemonstrationStore

    with DemonstrationStore(path) as store:
        prompts = Counter(str(demonstration.provenance.get("prompt", "")) for demonstration in store)
        return {
            "dataset": str(path),
            "demonstrations": len(store),
            "frames": int(store.episode_ends[-1]),
            "image_shape": list(store.per_step("image").shape[1:]),
            "fps": sorted(set(store.per_episode("fps").tolist())),
            "hands": float(store.per_step("present")[:].any(axis=1).mean()),
            "prompts": dict(prompts.most_common()),
            "megabytes": _megabytes(path),
        }


def demonstrations_text(report: dict[str, Any]) -> str:
    """Return what `demonstrations_report` returned, in words."""
    height, width = report["image_shape"][:2]
    fps = ", ".join(f"{value:g}" for value in report["fps"])
    lines = [
        f"{report['dataset']}: {report['demonstrations']} demonstrations, {report['frames']} frames of {width} x "
        f"{height} px, {fps} fps, {report['megabytes']:.1f} MB; a hand is found in {report['hands']:.0%} of the frames"
    ]
    return "\n".join([*lines, *(f"  {n:>6}  {prompt or '(no prompt)'}" for prompt, n in report["prompts"].items())])
