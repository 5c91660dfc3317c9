"""``ivg-doctor``: what is installed, what was found, what is missing, and the command that mends it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..io.staging import write_text_whole
from ..workflows.doctor import MISSING, Finding, examine, verdict
from .shared.command import new_parser, run_command

MISSING_CODE = 1
"""Exit code when something that is needed is missing."""

EXAMPLES = """\
  ivg-doctor                     # the last line says whether all is well
  ivg-doctor --json -            # for a bug report
  ivg-doctor --simulators        # other simulators behind our interface, and what each needs
"""


def new_doctor_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = new_parser("ivg-doctor", "Say what is installed, found and missing, and what mends it.", EXAMPLES)
    parser.add_argument("--json", metavar="FILE", help="write the findings as JSON, '-' to stdout instead of the text")
    simulators = "list the simulators behind our interface instead; with FILE, write an image of some"
    parser.add_argument("--simulators", nargs="?", const="", metavar="FILE", help=simulators)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 1 if something that is needed is missing."""
    options = new_doctor_parser().parse_args(arguments)
    if options.simulators is not None:
        return run_command("ivg-doctor", lambda: _list_simulators(options.simulators))
    findings: list[Finding] = []
    code = run_command("ivg-doctor", lambda: findings.extend(_run(options.json)))
    return code or (MISSING_CODE if any(finding.state == MISSING for finding in findings) else 0)


def _list_simulators(target: str) -> None:
    from ..envs.adapters import draw_simulators, list_simulators
    from ..viz.image_grid import save_image

    if target:
        save_image(draw_simulators(), Path(target))
    print(target or "\n".join(list_simulators()))


def _run(target: str | None) -> list[Finding]:
    groups: list[str] = []

    def show(finding: Finding) -> None:
        if finding.group not in groups:
            groups.append(finding.group)
            print(finding.group)
        print(f"  {finding}", flush=True)

    findings = examine(None if target == "-" else show)
    text = json.dumps([asdict(finding) for finding in findings], indent=2)
    if target == "-":
        print(text)
        return findings
    if target is not None:
        write_text_whole(target, text + "\n")
    print(verdict(findings))
    return findings
