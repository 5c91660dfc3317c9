"""``ivg-doctor``: what is installed, what was found, what is missing, and the command that mends it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from ..io.staging import write_text_whole
from ..workflows.doctor_checks import MISSING, OPTIONAL, Finding, all_findings
from .shared.command import new_parser, run_command

SIGNS = {"ok": "  ", OPTIONAL: "- ", MISSING: "X "}
ILL = 1
"""Exit code when something that is needed is missing."""

EXAMPLES = """\
  ivg-doctor
  ivg-doctor --json -      # for a bug report
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 if something that is needed is missing."""
    options = new_doctor_parser().parse_args(arguments)
    if options.simulators is not None:
        return run_command("ivg-doctor", lambda: _list_simulators(options.simulators))
    findings: list[Finding] = []
    code = run_command("ivg-doctor", lambda: findings.extend(_examine(options.json)))
    return code or (ILL if any(finding.state == MISSING for finding in findings) else 0)


def new_doctor_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = new_parser("ivg-doctor", "Say what is installed, found and missing, and what mends it.", EXAMPLES)
    parser.add_argument("--json", metavar="FILE", help="write the findings as JSON, '-' to stdout instead of the text")
    simulators = "list the simulators behind our interface instead; with FILE, write an image of some"
    parser.add_argument("--simulators", nargs="?", const="", metavar="FILE", help=simulators)
    return parser


def _list_simulators(target: str) -> None:
    from ..envs.adapters import draw_simulators, list_simulators
    from ..viz.image_grid import save_image

    if target:
        save_image(draw_simulators(), Path(target))
    print(target or "\n".join(list_simulators()))


def _examine(target: str | None) -> list[Finding]:
    """Make the checks, and print what they find as soon as it is known."""
    findings: list[Finding] = []
    for group, members in groupby(all_findings(), key=lambda finding: finding.group):
        if target != "-":
            print(group)
        for finding in members:
            findings.append(finding)
            if target != "-":
                print(line(finding), flush=True)
    if target is not None:
        text = json.dumps([asdict(finding) for finding in findings], indent=2)
        print(text) if target == "-" else write_text_whole(target, text + "\n")
    if target != "-":
        print(verdict(findings))
    return findings


def line(finding: Finding) -> str:
    """Return the line that says what was found."""
    mend = f"\n      -> {finding.mend}" if finding.mend else ""
    return f"  {SIGNS[finding.state]}{finding.name}: {finding.found}{mend}"


def verdict(findings: Sequence[Finding]) -> str:
    """Return the last line."""
    missing = [finding.name for finding in findings if finding.state == MISSING]
    if missing:
        return f"missing: {', '.join(missing)}; the lines with -> say what mends it"
    return "all that is needed is there; lines with - are needed for some things only"


if __name__ == "__main__":
    sys.exit(main())
