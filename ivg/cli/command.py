"""What the commands have in common: how they end, and how they write their figures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..envs.errors import EnvsError
from ..errors import InputError, IvgError

BAD_REQUEST = 2
"""Exit code when what the user asked for cannot be done: one line on stderr says why."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def run_command(program: str, action: Callable[[], None]) -> int:
    """Runs a command's work and turns errors meant for the user into one line and an exit code.

    Args:
        program: The command's name, put before the message.
        action: The work.

    Returns:
        0, `BAD_REQUEST` or `INTERRUPTED`. Errors that are not meant for users (bugs) pass through with their
        trace.
    """
    try:
        action()
    except (IvgError, EnvsError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return BAD_REQUEST
    except KeyboardInterrupt:
        print(f"{program}: stopped", file=sys.stderr)
        return INTERRUPTED
    return 0


def new_parser(program: str, description: str, examples: str) -> argparse.ArgumentParser:
    """Returns a parser whose help ends with examples, and which exits with `BAD_REQUEST` on wrong options."""
    return argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Adds ``--json FILE``, for the figures that the command prints."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too ('-' is stdout)")


def write_json(figures: dict[str, Any], target: Path | None) -> None:
    """Writes figures as JSON to a file, to stdout if the target is ``-``, or nowhere if it is None."""
    if target is None:
        return
    text = json.dumps(figures, indent=2, default=float)
    if str(target) == "-":
        print(text)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text + "\n")


def check_positive(**values: float | None) -> None:
    """Refuses options that have to be positive and are not; None is an option that was not given.

    Raises:
        InputError: Naming the first such option and its value.
    """
    for name, value in values.items():
        if value is not None and value <= 0:
            raise InputError(f"--{name.replace('_', '-')} must be positive, got {value}")
