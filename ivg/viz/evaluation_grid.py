"""The contact sheet of an evaluation: the ground truth above what was generated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..evaluation.worker import SceneResult
from ..metrics.clip_figures import TrueClip
from .image_grid import GridRow, image_grid
from .track_grid import outline

SHOWN = (0, 3, 5, 7, 9, 11, 13, 15)
TRUE_RGB = (255, 255, 255)
PREDICTED_RGB = (255, 205, 60)


def evaluation_grid(results: Sequence[SceneResult], truths: Sequence[TrueClip], per_task: int = 1) -> NDArray[np.uint8]:
    """Returns pairs of rows, some scenes of every task; the first column shows both regions over the context.

    The first scenes of each task are shown, whatever they look like.

    Args:
        results: One a scene.
        truths: The scenes' true clips, in the same order.
        per_task: Scenes of each task.
    """
    rows: list[GridRow] = []
    for task in dict.fromkeys(result.task for result in results):
        own = [pair for pair in zip(results, truths, strict=True) if pair[0].task == task]
        for result, truth in own[:per_task]:
            rows += _pair(result, truth)
    columns = ["regions", *(f"frame {index}" for index in SHOWN[1:])]
    title = "Held-out scenes: ground truth above, generated below; region predicted (yellow) and annotated (white)"
    return image_grid(rows, title=title, columns=columns)


def _pair(result: SceneResult, truth: TrueClip) -> tuple[GridRow, GridRow]:
    record = truth.record
    true, generated = record.frames[list(SHOWN)].copy(), result.frames[list(SHOWN)].copy()
    true[0] = outline(true[0], truth.region, TRUE_RGB)
    generated[0] = outline(outline(generated[0], truth.region, TRUE_RGB), result.region, PREDICTED_RGB)
    note = f"HS-Err {result.figures['hs_err']:.4f}\nregion IoU {result.figures['region_iou']:.2f}"
    return (
        GridRow(true, record.task, f"{record.text}\nseed {record.info.get('seed', '')}", new_group=True),
        GridRow(generated, "generated", note),
    )
