"""The five rows of the paper's ablation (Sec. 4), and the worker that generates and judges their clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..metrics.clip_figures import TrueClip, clip_figures
from ..region import region_from_tracks
from ..types import RegionOfMotion
from .judging import Judge, judged

JudgedClip = tuple[NDArray[np.uint8], dict[str, float]]
"""Frames (t, h, w, 3) of a generated clip and its `clip_figures`."""


@dataclass(frozen=True)
class Row:
    """One row of the paper's table.

    Attributes:
        number: As in the paper's table.
        title: What the mask is.
        training: The mask in training, of `ivg.training.settings.MASKS`. Rows 2, 4 and 5 train on the annotation.
        inference: The mask when clips are generated: one of these, or "stage 1", the predicted region.
        hand_loss: Whether L_hand is in the loss.
    """

    number: int
    title: str
    training: str
    inference: str
    hand_loss: bool

    @property
    def run(self) -> str:
        """Name of the training that the row takes its weights from; rows 2 and 4 share one."""
        return f"{self.training}{'-hand' if self.hand_loss else ''}"


ROWS = (
    Row(1, "white (no constraint)", "white", "white", hand_loss=False),
    Row(2, "pseudo ground truth", "annotation", "annotation", hand_loss=False),
    Row(3, "prior", "prior", "prior", hand_loss=True),
    Row(4, "stage 1", "annotation", "stage 1", hand_loss=False),
    Row(5, "stage 1", "annotation", "stage 1", hand_loss=True),
)


def choose_rows(numbers: Iterable[int | str]) -> tuple[Row, ...]:
    """Returns the rows of these numbers, in the table's order; InputError if one is no row, or there is none."""
    by_number = {str(row.number): row for row in ROWS}
    wanted = [str(number) for number in numbers]
    for number in wanted:
        if number not in by_number:
            raise InputError(f"row {number!r} is no row of the ablation; the rows are {', '.join(by_number)}")
    if not wanted:
        raise InputError(f"no row of the ablation is chosen; the rows are {', '.join(by_number)}")
    return tuple(row for row in ROWS if str(row.number) in wanted)


def trainings(rows: Sequence[Row]) -> dict[str, Row]:
    """Returns the trainings that rows need, by name, each with one row that it is for."""
    return {row.run: row for row in reversed(rows)}


@dataclass(frozen=True, eq=False)
class AblationWorker:
    """Generates and judges the clips of an ablation's rows; loads pipelines when they are needed.

    Attributes:
        pipelines: Folder of a pipeline by the name of its training.
        store: Folder of the held-out clips.
        steps: Denoising steps of the clip.
        prior: bool (h, w), the prior mask, or None if no row takes it.
        device: Where torch computes.
    """

    pipelines: dict[str, Path]
    store: Path
    steps: int
    prior: NDArray[np.bool_] | None
    device: str = "cpu"
    judges: dict[str, Judge] = field(default_factory=dict)

    def __call__(self, job: tuple[Row, int, int]) -> JudgedClip:
        """Generate and judge the clip of a row, in the scene of a held-out clip (its index), with a sampling seed."""
        row, index, seed = job
        if row.run not in self.judges:
            self.judges[row.run] = Judge.load(self.pipelines[row.run], self.store, self.steps, device=self.device)
        judge = self.judges[row.run]
        record = judge.store.read(index)
        truth = TrueClip.of(record)
        output = judge.generate(record, record.text, self._region(row.inference, truth), seed)
        return output.frames, clip_figures(truth, judged(output, judge.detector))

    def _region(self, kind: str, truth: TrueClip) -> RegionOfMotion | None:
        """Return the region that a clip is generated in; None lets stage 1 predict it."""
        height, width = truth.region.shape
        if kind == "annotation":
            return region_from_tracks(truth.tracks, height, width)
        if kind == "white":
            return RegionOfMotion(np.ones((1, height, width), bool))
        if kind == "prior":
            assert self.prior is not None
            return RegionOfMotion(self.prior[None])
        return None
