"""Options that several commands share, each described once."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...data.split import HELD_OUT_SEEDS
from ...io.page_table import CLOSES, opens
from ...policy.sampling import SAMPLES


def names_of(text: str) -> list[str]:
    """Split A,B,C; empty parts are dropped."""
    return [name for name in text.split(",") if name]


_DEFAULT = "(default: %(default)s)"
_FIRST = f"seed of the first scene of each task {_DEFAULT}"
_LIMIT = "time limit of a rollout (default: 1.3 times the longest episode trained on)"
_SAMPLES = "generate up to so many demonstrations of a scene and follow the one with the best contact"
_NO_DEPTH = "do without the depth image of the scene, by which the hand is moved onto what it touches"
_SHARED: dict[str, dict[str, Any]] = {
    "device": {"default": "cpu", "metavar": "NAME", "help": f"where torch computes {_DEFAULT}"},
    "env": {"choices": ["kitchen"], "default": "kitchen", "help": f"where {_DEFAULT}"},
    "episodes": {"type": int, "default": 20, "metavar": "N", "help": f"of each task {_DEFAULT}"},
    "first-seed": {"type": int, "default": HELD_OUT_SEEDS, "metavar": "S", "help": _FIRST},
    "grid": {"type": Path, "metavar": "FILE", "help": "draw an image grid, too"},
    "json": {"type": Path, "metavar": "FILE", "help": "write the figures to FILE too ('-' is stdout)"},
    "max-steps": {"type": int, "metavar": "N", "help": _LIMIT},
    "no-depth": {"action": "store_true", "help": _NO_DEPTH},
    "out": {"type": Path, "required": True, "metavar": "FOLDER"},
    "overwrite": {"action": "store_true", "help": "replace what stands there"},
    "samples": {"type": int, "metavar": "N", "help": f"{_SAMPLES} (default: {SAMPLES}; 1 with --no-depth)"},
    "size": {"type": int, "default": 128, "metavar": "PX", "help": f"height and width in pixels {_DEFAULT}"},
    "tasks": {"type": names_of, "default": "", "metavar": "A,B", "help": "names of tasks (default: all)"},
    "weights": {"default": "nano", "metavar": "NAME", "help": "the generator's: nano, or a folder (default: nano)"},
}


def add_options(parser: argparse._ActionsContainer, *names: str, **changes: dict[str, Any]) -> None:
    """Add shared options, by name; `changes` (``_`` for ``-``) add others with what is different, as ``out={...}``."""
    for name in (*names, *(change.replace("_", "-") for change in changes)):
        parser.add_argument(f"--{name}", **{**_SHARED[name], **changes.get(name.replace("-", "_"), {})})


def add_values(parser: argparse._ActionsContainer, options: Mapping[str, tuple[Any, ...]]) -> None:
    """Add options that take a value: by name the type (or a tuple of choices), metavar, help and default, if any."""
    for name, (kind, metavar, help_text, *default) in options.items():
        own = {"choices": kind} if isinstance(kind, tuple) else {"type": kind}
        parser.add_argument(f"--{name}", metavar=metavar, help=help_text, default=[*default, None][0], **own)


def add_table_option(parser: argparse.ArgumentParser, name: str) -> None:
    """Add ``--table``, for the table of this name."""
    lines = f"between the lines '{opens(name)}' and '{CLOSES}' of FILE if it has these"
    help_text = f"write the table, in Markdown: {lines}, else as the whole of FILE"
    parser.add_argument("--table", type=Path, metavar="FILE", help=help_text)
