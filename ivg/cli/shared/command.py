"""What the commands have in common: their parsers, how they end, how they print and write their figures."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...envs.errors import EnvsError
from ...errors import IvgError
from ...io.checks import refusals_as_errors
from ...io.page_table import insert_table
from ...io.staging import write_text_whole

BAD_REQUEST = 2
"""Exit code when what the user asked for cannot be done: one line on stderr says why."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def run_command(program: str, action: Callable[[], None]) -> int:
    """Run a command's work; errors meant for the user become one line after the program's name, and an exit code.

    Returns:
        0, `BAD_REQUEST` or `INTERRUPTED`. Errors that are not meant for users (bugs) pass through with their trace.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be UTF-8
    try:
        with refusals_as_errors():
            action()
    except (IvgError, EnvsError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return BAD_REQUEST
    except KeyboardInterrupt:
        print(f"{program}: stopped", file=sys.stderr)
        return INTERRUPTED
    return 0


def new_parser(program: str, description: str, examples: str) -> argparse.ArgumentParser:
    """Return a parser whose help ends with examples, and which exits with `BAD_REQUEST` on wrong options."""
    return argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_action(
    actions: Any, name: str, help_text: str, run: Callable[[argparse.Namespace], None]
) -> argparse.ArgumentParser:
    """Add an action to a command's subparsers and return its parser; `run` does what its options say."""
    parser: argparse.ArgumentParser = actions.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(action=run)
    return parser


def values_of(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Return the values of some options by name, with ``_`` for ``-``."""
    return {name: getattr(options, name) for name in (name.replace("-", "_") for name in names)}


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--json FILE``, for the figures that the command prints."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too ('-' is stdout)")


def write_json(figures: Any, target: Path | None) -> None:
    """Write figures as JSON to a file, to stdout if the target is ``-``, or nowhere if it is None."""
    if target is None:
        return
    text = json.dumps(figures, indent=2, default=float)
    if str(target) == "-":
        print(text)
    else:
        write_text_whole(target, text + "\n")


def show(result: Any, options: argparse.Namespace, table: str = "") -> None:
    """Print a result's report, or its Markdown table of this name; write what ``--json`` and ``--table`` ask for."""
    print(result.table if table else result.report)
    write_json(result.as_json, options.json)
    if table and options.table is not None:
        insert_table(result.table, options.table, table)
