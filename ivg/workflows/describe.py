"""What a clip store, a dataset of robot episodes or one of demonstrations holds: figures, words, an image grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.clip_store import ClipStore
from .episodes.report import demonstrations_report, demonstrations_text, episodes_report, episodes_text


@dataclass(frozen=True)
class DatasetReport:
    """What a dataset holds: figures, and the same in words."""

    as_json: dict[str, Any]
    report: str


def dataset_report(path: Path) -> DatasetReport:
    """Describe a clip store, a dataset of robot episodes, or one of demonstrations; a `StoreError` if it is none."""
    from ..policy.datasets import is_demonstration_dataset
    from ..policy.datasets.episodes import is_episode_dataset

    if is_demonstration_dataset(path):
        return DatasetReport(figures := demonstrations_report(path), demonstrations_text(figures))
    if is_episode_dataset(path):
        return DatasetReport(figures := episodes_report(path), episodes_text(figures))
    return clips_report(ClipStore.open(path))


def clips_report(store: ClipStore) -> DatasetReport:
    """Describe a clip store, and how often MediaPipe finds the hands that are there, by task."""
    from ..metrics.annotation_report import annotation_report

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

    Args:
        path: The store or dataset; a `StoreError` if it is neither.
        target: PNG to write; STORE/grid.png, or NAME.png beside a dataset of episodes, if None.
        joints: Draw the annotated joints over the frames.
        skip: Show the next one of every task after so many.
    """
    from ..policy.datasets.episodes import EpisodeStore, is_episode_dataset
    from ..viz.grids import clip_grid, episode_grid
    from ..viz.image_grid import save_image

    if is_episode_dataset(path):
        target = target or path.with_name(f"{path.name.removesuffix('.zip')}.png")
        with EpisodeStore(path) as episodes:
            save_image(episode_grid(episodes, joints=joints, skip=skip), target)
        return target
    target = target or path / "grid.png"
    save_image(clip_grid(ClipStore.open(path), joints=joints, skip=skip), target)
    return target
