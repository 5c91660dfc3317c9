"""What the commands have in common: how they end, and how they write their figures."""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...envs.errors import EnvsError
from ...errors import InputError, IvgError
from ...inputs import check_seed
from ...io.staging import write_text_whole

BAD_REQUEST = 2
"""Exit code when what the user asked for cannot be done: one line on stderr says why."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

_REFUSALS = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO")
    if hasattr(errno, name)
}
"""What the system says to any program, however right: no room, no permission, a broken disk."""


def run_command(program: str, action: Callable[[], None]) -> int:
    """Runs a command's work and turns errors meant for the user into one line and an exit code.

    Args:
        program: The command's name, put before the message.
        action: The work.

    Returns:
        0, `BAD_REQUEST` or `INTERRUPTED`. Errors that are not meant for users (bugs) pass through with their
        trace.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be UTF-8
    try:
        with refusals_told():
            action()
    except (IvgError, EnvsError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return BAD_REQUEST
    except KeyboardInterrupt:
        print(f"{program}: stopped", file=sys.stderr)
        return INTERRUPTED
    return 0


@contextmanager
def refusals_told() -> Iterator[None]:
    """Turns what the system refuses in the block (see `refusal_of`) into an `IvgError`."""
    try:
        yield
    except Exception as error:
        said = refusal_of(error)
        if said is None:
            raise
        raise IvgError(said) from error


def refusal_of(error: BaseException) -> str | None:
    """Returns in words what the system refused (a full disk, a read-only folder); None for any other error."""
    if isinstance(error, OSError):
        number, name = error.errno, error.filename
    elif type(error).__name__ == "SafetensorError":  # by its name, so that no command loads it for this
        found = re.search(r"\(os error (\d+)\)", str(error))
        number, name = int(found.group(1)) if found else None, None
    else:
        return None
    if number is None or number not in _REFUSALS:
        return None
    return f"{os.strerror(number)}: '{name}'" if name else f"{os.strerror(number)} (a file could not be written)"


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
    write_text_whole(target, text + "\n")


def check_device(name: str | None) -> None:
    """Refuses a device on which torch cannot compute here, before processes start that would each fail; None is none.

    Raises:
        InputError: Naming the devices that are there.
    """
    if name not in (None, "cpu"):
        from ...inputs import check_device as _check_device

        _check_device(str(name))


def check_positive(**values: float | None) -> None:
    """Refuses options that have to be positive and are not; None is an option that was not given.

    Raises:
        InputError: Naming the first such option and its value.
    """
    for name, value in values.items():
        if value is not None and value <= 0:
            raise InputError(f"--{name.replace('_', '-')} must be positive, got {value}")


LARGEST_SEED = 2**62
"""Of a command; runs that take many seeds have room above it."""


def check_seed_option(name: str, seed: int) -> None:
    """Refuses a seed that is negative or too large, such as that of ``--seed-offset``.

    Raises:
        InputError: Naming the option and its value.
    """
    check_seed(seed, f"--{name}", LARGEST_SEED)


def check_can_be_folder(name: str, path: Path) -> None:
    """Refuses a path that cannot become a folder, before anything is done that would be lost.

    Raises:
        InputError: If it is, or lies below, what is no folder.
    """
    there = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
    if not there.is_dir():
        raise InputError(f"--{name} must be a folder, but '{there}' is a file")
