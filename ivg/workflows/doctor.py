"""Examines an installation: each finding says what is there and, where something is missing, what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import doctor_checks
from .doctor_checks import MISSING, OK, OPTIONAL

_SIGNS = {OK: "  ", OPTIONAL: "- ", MISSING: "X "}


@dataclass(frozen=True)
class Finding:
    """What a check (the group) found of a thing: its state, what is there or wrong, and the command that mends it.

    As a string, it is the line to print. The state is `OK`, `OPTIONAL` or `MISSING`.
    """

    group: str
    name: str
    state: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        mend = f"\n      -> {self.mend}" if self.mend else ""
        return f"{_SIGNS[self.state]}{self.name}: {self.found}{mend}"


def examine(on_finding: Callable[[Finding], None] | None = None) -> list[Finding]:
    """Make every check and return all findings, each given to `on_finding` at once; a check that breaks is one, too."""
    findings = []
    for finding in _all_findings():
        findings.append(finding)
        if on_finding is not None:
            on_finding(finding)
    return findings


def verdict(findings: Sequence[Finding]) -> str:
    """Return all findings in one sentence."""
    missing = [finding.name for finding in findings if finding.state == MISSING]
    if missing:
        return f"missing: {', '.join(missing)}; the lines with -> say what mends it"
    return "all that is needed is there; lines with - are needed for some things only"


def simulators(target: str = "") -> str:
    """Return a list of the simulators behind our interface, or write an image of some to a file and return its path."""
    from ..envs.adapters import draw_simulators, list_simulators
    from ..viz.image_grid import save_image

    if target:
        save_image(draw_simulators(), Path(target))
    return target or "\n".join(list_simulators())


def _all_findings() -> Iterator[Finding]:
    for check in doctor_checks.CHECKS:
        try:
            yield from (Finding(check.__name__, *found) for found in check())
        except Exception as error:
            yield Finding(check.__name__, check.__name__, MISSING, f"{type(error).__name__}: {error}")
