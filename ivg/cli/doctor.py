"""``ivg-doctor``: what is installed, what was found, what is missing, and the command that mends it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..workflows.doctor import MISSING, Finding, examine, simulators, verdict
from .shared.command import new_parser, run_command, write_json

MISSING_CODE = 1  # exit code when something that is needed is missing

EXAMPLES = """\
  ivg-doctor                     # the last line says whether all is well
  ivg-doctor --json -            # for a bug report
  ivg-doctor --simulators        # other simulators behind our interface, and what each needs
"""


def new_doctor_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = new_parser("ivg-doctor", "Say what is installed, found and missing, and what mends it.", EXAMPLES)
    json_help = "write the findings as JSON, '-' to stdout instead of the text"
    parser.add_argument("--json", type=Path, metavar="FILE", help=json_help)
    simulators_help = "list the simulators behind our interface instead; with FILE, write an image of some"
    parser.add_argument("--simulators", nargs="?", const="", metavar="FILE", help=simulators_help)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 1 if something that is needed is missing."""
    options = new_doctor_parser().parse_args(arguments)
    if options.simulators is not None:
        return run_command("ivg-doctor", lambda: print(simulators(options.simulators)))
    findings: list[Finding] = []
    code = run_command("ivg-doctor", lambda: findings.extend(_run(options.json)))
    return code or (MISSING_CODE if any(finding.state == MISSING for finding in findings) else 0)


def _run(target: Path | None) -> list[Finding]:
    groups: list[str] = []

    def show(finding: Finding) -> None:
        if finding.group not in groups:
            groups.append(finding.group)
            print(finding.group)
        print(f"  {finding}", flush=True)

    findings = examine(None if str(target) == "-" else show)
    write_json([asdict(finding) for finding in findings], target)
    if str(target) != "-":
        print(verdict(findings))
    return findings
