"""The attempts behind a generated dataset: what became of each, and how many succeeded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RECORD = "generation"  # attribute of a dataset that holds the settings and attempts it was generated with
KEPT = "kept"  # outcome of an attempt that gave an episode; the others are the keys of `REASONS`
REASONS = {
    "no_hand": "no hand is found in at least four frames of the clip",
    "no_contact": "the robot followed the hand and the task is not done; the hand never closes",
    "not_done": "the robot followed the hand and the task is not done: the hand closes at the wrong position or time, "
    "or the robot loses the object",
    "crashed": "an error ended the attempt, or its process died",
}
"""Why an attempt gives no episode, with explanations."""

CONFIDENCE = 0.95  # of the intervals (Wilson 1927)


@dataclass(frozen=True)
class AttemptOutcome:
    """One attempt as the dataset remembers it; `outcome` is `KEPT` or one of `REASONS`, `detail` says more."""

    index: int
    task: str
    seed: int
    outcome: str
    detail: str = ""


def recorded_attempts(attributes: Mapping[str, Any]) -> list[AttemptOutcome]:
    """Return the attempts in the attributes of a dataset (`EpisodeStore.attributes`); none if it was not generated."""
    return [AttemptOutcome(**row) for row in attributes.get(RECORD, {}).get("attempts", [])]


def acceptance(attempts: Sequence[AttemptOutcome]) -> dict[str, dict[str, Any]]:
    """Return attempts, kept ones, their fraction with its interval, and reasons, for each task and in "total"."""
    groups: dict[str, list[AttemptOutcome]] = {}
    for attempt in attempts:
        groups.setdefault(attempt.task, []).append(attempt)
    return {name: _row(group) for name, group in [*groups.items(), ("total", list(attempts))] if group}


def _row(group: Sequence[AttemptOutcome]) -> dict[str, Any]:
    from scipy.stats import binomtest

    counts = Counter(attempt.outcome for attempt in group)
    kept = counts.pop(KEPT, 0)
    interval = binomtest(kept, len(group)).proportion_ci(CONFIDENCE, "wilson")
    return {
        "attempts": len(group),
        "kept": kept,
        "acceptance": kept / len(group),
        "interval": [float(interval.low), float(interval.high)],
        "reasons": dict(counts.most_common()),
    }
