"""Outcomes of rollouts, one a line in a file, so that an evaluation that was stopped goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ivg.errors import StoreError

REASONS = ("", "not_done", "no_hand", "crashed")
"""Why a rollout failed: "" where it did not; the predicate stayed false; the clip shows no hand; an error, or a process
that died. All but the first count as failures."""


@dataclass(frozen=True)
class Outcome:
    """What came of one rollout.

    Attributes:
        policy: Name of the policy, with what identifies its weights.
        source: Where its demonstration came from: "generated", "truth" or "none".
        task: Name of the task.
        seed: Of the scene.
        reason: One of `REASONS`.
        detail: More about it, in words.
        steps: Steps of the environment.
        seconds: Wall clock, demonstration included.
    """

    policy: str
    source: str
    task: str
    seed: int
    reason: str
    detail: str = ""
    steps: int = 0
    seconds: float = 0.0

    @property
    def success(self) -> bool:
        """Whether the task was done."""
        return not self.reason

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What was tried: policy, source, task, seed."""
        return self.policy, self.source, self.task, self.seed


class OutcomeLog:
    """A file of JSON lines; one writer at a time.

    Args:
        path: The file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Outcome]:
        """Return what is there; half a line at the end, left by a stop, is cut off.

        Raises:
            StoreError: If another line cannot be read.
        """
        if not self.path.exists():
            return []
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"'{self.path}' cannot be read: {error}") from error
        whole, _, rest = text.rpartition("\n")
        if rest:
            os.truncate(self.path, len(text.removesuffix(rest).encode()))  # needs no room, unlike writing it anew
        try:
            return [Outcome(**json.loads(line)) for line in whole.splitlines()]
        except (ValueError, TypeError, RecursionError) as error:
            raise StoreError(f"'{self.path}' holds a line that is no outcome of a rollout: {error}") from error

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes at the end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.writelines(json.dumps(asdict(outcome)) + "\n" for outcome in outcomes)
