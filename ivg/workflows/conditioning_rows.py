"""What the evidence compares: how a policy was trained, and what it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        name: Key of its figures.
        title: What the policy is shown, in words.
        conditioning: What it was trained with; rows of one conditioning share trainings.
        source: Of its demonstrations in the rollouts.
    """

    name: str
    title: str
    conditioning: str
    source: str


ROWS = (
    Row("generated", "a generated demonstration", "demo", "generated"),
    Row("truth", "the rendered person's demonstration", "demo", "truth"),
    Row("text", "the task's text only", "text", "none"),
    Row("nothing", "nothing", "none", "none"),
)


def conditionings(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the different conditionings of rows, in their order."""
    return tuple(dict.fromkeys(row.conditioning for row in rows))
