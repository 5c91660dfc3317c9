"""What a clip store, a dataset of robot episodes or one of demonstrations holds: figures, words, an image grid."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.clip_store import ClipStore
from ..metrics.annotation_report import annotation_report
from ..policy.datasets import DemonstrationStore, is_demonstration_dataset
from ..policy.datasets.attempts import CONFIDENCE, RECORD, acceptance, recorded_attempts
from ..policy.datasets.episodes import EpisodeStore, is_episode_dataset


@dataclass(frozen=True)
class DatasetReport:
    """What a dataset holds: figures, and the same in words."""

    as_json: dict[str, Any]
    report: str


def dataset_report(path: Path) -> DatasetReport:
    """Describe a clip store, a dataset of robot episodes, or one of demonstrations; a `StoreError` if it is none."""
    if is_demonstration_dataset(path):
        return DatasetReport(figures := demonstrations_report(path), demonstrations_text(figures))
    if is_episode_dataset(path):
        return DatasetReport(figures := episodes_report(path), episodes_text(figures))
    return clips_report(ClipStore.open(path))


def clips_report(store: ClipStore) -> DatasetReport:
    """Describe a clip store, and how often MediaPipe finds the hands that are there, by task."""
    attrs, rows = store.attrs, annotation_report(store)
    lines = [
        f"{store.path}: {len(store.indices_done)} of {attrs['count']} clips written, "
        f"{attrs['frames']} frames of {attrs['size']} px, {attrs['fps']} fps, source {attrs['source']}"
    ]
    figures = {"store": str(store.path), **attrs, "annotation": rows}
    if not rows:
        return DatasetReport(figures, f"{lines[0]}\nno ground truth to judge the annotation by")
    lines.append("MediaPipe against the ground truth, where at least half of a hand is visible:")
    heads = ("frames found", "hands found", "joint error", "right side")
    lines.append(f"  {'task':<16}{'clips':>6}" + "".join(f"{head:>14}" for head in heads))
    for task, row in rows.items():
        rates = (row[name] for name in ("frame_rate", "hand_rate", "median_joint_error", "side_rate"))
        lines.append(f"  {task:<16}{row['clips']:>6}" + "".join(f"{rate:>14.1%}" for rate in rates))
    lines.append("  (joint error: median over hands of the mean distance of 21 joints, relative to the hand's length)")
    return DatasetReport(figures, "\n".join(lines))


def draw_grid(path: Path, target: Path | None = None, *, joints: bool = False, skip: int = 0) -> Path:
    """Draw an image grid of a clip store or of a dataset of robot episodes, a row a task; return the path of the PNG.

    That is STORE/grid.png, or NAME.png beside a dataset of episodes, if the target is None. The annotated joints are
    drawn over the frames if asked for; `skip` shows the next one of every task after so many.
    """
    from ..viz.grids import clip_grid, episode_grid
    from ..viz.image_grid import save_image

    if is_episode_dataset(path):
        target = target or path.with_name(f"{path.name.removesuffix('.zip')}.png")
        with EpisodeStore(path) as episodes:
            image = episode_grid(episodes, joints=joints, skip=skip)
    else:
        target = target or path / "grid.png"
        image = clip_grid(ClipStore.open(path), joints=joints, skip=skip)
    save_image(image, target)
    return target


def episodes_report(path: Path) -> dict[str, Any]:
    """Return what a dataset of robot episodes holds, as JSON can hold it; a `StoreError` if it is none."""
    with EpisodeStore(path) as store:
        lengths, success = store.episode_ends - store.episode_starts, store.per_episode("success")
        tasks = {}
        for task in dict.fromkeys(store.tasks):
            own = [index for index, name in enumerate(store.tasks) if name == task]
            tasks[task] = {
                "episodes": len(own),
                "success": float(success[own].mean()),
                "steps": int(lengths[own].sum()),
                "mean_steps": float(lengths[own].mean()),
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
            "generation": store.attributes.get(RECORD, {}).get("settings"),
            "acceptance": acceptance(recorded_attempts(store.attributes)),
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
