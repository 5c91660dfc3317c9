"""The five rows of the paper's ablation (Sec. 4): what stage 2 is told of the region, and whether L_hand trains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError


@dataclass(frozen=True)
class Row:
    """One row.

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


def choose_rows(text: str) -> tuple[Row, ...]:
    """Return the rows that a list like "1,4,5" names.

    Raises:
        InputError: If it names another row, or none.
    """
    by_number = {str(row.number): row for row in ROWS}
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in by_number:
            raise InputError(f"--rows names row {name!r}; the rows are {', '.join(by_number)}")
    if not names:
        raise InputError(f"--rows names no row; the rows are {', '.join(by_number)}")
    return tuple(row for row in ROWS if str(row.number) in names)


def trainings(rows: Sequence[Row]) -> dict[str, Row]:
    """Return the trainings that rows need, by name, each with one row that it is for."""
    return {row.run: row for row in reversed(rows)}
