"""The five rows of the paper's ablation (Sec. 4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import InputError


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
    """Returns the rows of these numbers, in the table's order.

    Raises:
        InputError: If one is no row, or there is none.
    """
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
