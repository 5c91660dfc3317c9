"""Outcomes of rollouts, one a line in a file so that a stopped evaluation can go on, and their success rates."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ivg.errors import InputError, StoreError

# Why a rollout failed: "" where it did not; the predicate stayed false; the clip shows no hand; an error, or a process
# that died. All but the first count as failures.
REASONS = ("", "not_done", "no_hand", "crashed")
Z_95 = 1.959964  # normal quantile of a two-sided interval of 95 %


@dataclass(frozen=True)
class Outcome:
    """Outcome of one rollout."""

    policy: str  # name of the policy, with what identifies its weights
    source: str  # source of its demonstration: "generated", "truth" or "none"
    task: str  # name of the task
    seed: int  # of the scene
    reason: str  # one of `REASONS`
    detail: str = ""  # more about it, in words
    steps: int = 0  # steps of the environment
    seconds: float = 0.0  # wall clock, demonstration included

    @property
    def success(self) -> bool:
        """Whether the task was done."""
        return not self.reason

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What was tried: policy, source, task, seed."""
        return self.policy, self.source, self.task, self.seed


class OutcomeLog:
    """A file of JSON lines, which need not exist; one writer at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Outcome]:
        """Return the outcomes; half a line at the end, left by a stop, is cut off. Others are a `StoreError`."""
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
        """Append outcomes."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.writelines(json.dumps(asdict(outcome)) + "\n" for outcome in outcomes)


def wilson_interval(successes: int, count: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a success rate (Wilson 1927; Brown, Cai & DasGupta 2001, Eq. 4).

    `z` is a quantile of the normal distribution. Without trials the interval is (0, 1); with fewer trials than
    successes there is an `InputError`.
    """
    if not 0 <= successes <= count:
        raise InputError(f"successes must be from 0 to the number of trials ({count}), got {successes}")
    if not count:
        return 0.0, 1.0
    rate, square = successes / count, z * z
    middle = (rate + square / (2 * count)) / (1 + square / count)
    half = z / (1 + square / count) * math.sqrt(rate * (1 - rate) / count + square / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class SuccessRate:
    """A success rate: how many of a number of trials succeeded."""

    successes: int
    count: int

    @property
    def value(self) -> float:
        """In [0, 1]; NaN without trials."""
        return self.successes / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson interval of 95 %."""
        return wilson_interval(self.successes, self.count)

    @property
    def as_json(self) -> dict[str, float]:
        """The rate, its interval and counts as JSON values."""
        low, high = self.interval
        return {"successes": self.successes, "count": self.count, "share": self.value, "low": low, "high": high}

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def success_rate(outcomes: Iterable[Outcome]) -> SuccessRate:
    """Return the success rate; crashes count as failures."""
    done = [outcome.success for outcome in outcomes]
    return SuccessRate(sum(done), len(done))


def success_rates_by(outcomes: Iterable[Outcome], name: str) -> dict[str, SuccessRate]:
    """Return success rates by a field of `Outcome`, such as "task", sorted by its values."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(str(getattr(outcome, name)), []).append(outcome)
    return {key: success_rate(groups[key]) for key in sorted(groups)}


def reasons(outcomes: Iterable[Outcome]) -> str:
    """Return why rollouts failed, with counts, such as "3 not_done, 1 no_hand"; "" if none did."""
    counts = Counter(outcome.reason for outcome in outcomes if outcome.reason)
    return ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
