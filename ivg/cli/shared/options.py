"""Options that several commands share, each described once."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...data.split import HELD_OUT_SEEDS


def names_of(text: str) -> list[str]:
    """Split A,B,C; empty parts are dropped."""
    return [name for name in text.split(",") if name]


_OPTIONS: dict[str, dict[str, Any]] = {
    "device": {"default": "cpu", "metavar": "NAME", "help": "where torch computes (default: %(default)s)"},
    "env": {"choices": ["kitchen"], "default": "kitchen", "help": "where (default: %(default)s)"},
    "episodes": {"type": int, "default": 20, "metavar": "N", "help": "of each task (default: %(default)s)"},
    "first-seed": {
        "type": int,
        "default": HELD_OUT_SEEDS,
        "metavar": "S",
        "help": "seed of the first scene of each task (default: %(default)s)",
    },
    "grid": {"type": Path, "metavar": "FILE", "help": "draw an image grid, too"},
    "json": {"type": Path, "metavar": "FILE", "help": "write the figures to FILE too ('-' is stdout)"},
    "max-steps": {
        "type": int,
        "metavar": "N",
        "help": "time limit of a rollout (default: 1.3 times the longest episode trained on)",
    },
    "out": {"type": Path, "required": True, "metavar": "FOLDER"},
    "overwrite": {"action": "store_true", "help": "replace what stands there"},
    "size": {"type": int, "default": 128, "metavar": "PX", "help": "height and width in pixels (default: %(default)s)"},
    "tasks": {"type": names_of, "default": "", "metavar": "A,B", "help": "names of tasks (default: all)"},
    "weights": {"default": "nano", "metavar": "NAME", "help": "the generator's: nano, or a folder (default: nano)"},
}


def add_options(parser: argparse._ActionsContainer, *names: str, **changes: dict[str, Any]) -> None:
    """Add shared options to a command.

    Args:
        parser: The command's.
        names: Without dashes.
        changes: By name (``_`` for ``-``), what is different here, such as ``out={"help": "..."}``.
    """
    for name in (*names, *(change.replace("_", "-") for change in changes)):
        parser.add_argument(f"--{name}", **{**_OPTIONS[name], **changes.get(name.replace("-", "_"), {})})
