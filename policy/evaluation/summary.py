"""From outcomes to shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .intervals import SuccessRate
from .outcomes import Outcome


def success_rate(outcomes: Iterable[Outcome]) -> SuccessRate:
    """Return the share that succeeded; crashes count as failures."""
    done = [outcome.success for outcome in outcomes]
    return SuccessRate(sum(done), len(done))


def success_rates_by(outcomes: Iterable[Outcome], name: str) -> dict[str, SuccessRate]:
    """Return the shares by a field of `Outcome`, such as "task", in the order of their names."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(str(getattr(outcome, name)), []).append(outcome)
    return {key: success_rate(groups[key]) for key in sorted(groups)}


def reasons(outcomes: Iterable[Outcome]) -> str:
    """Return why rollouts failed, with counts, such as "3 not_done, 1 no_hand"; "" if none did."""
    counts = Counter(outcome.reason for outcome in outcomes if outcome.reason)
    return ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
