"""Options of the commands that choose whose hand acts."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError, unknown_option
from ...types import HANDS, SCALE_RANGE, Appearance

SKIN_TONES = {"light": "#e8b795", "medium": "#b97f5c", "dark": "#66412d"}
"""Names for skin tones, as sRGB."""


def add_appearance_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--skin``, ``--hand-size`` and ``--side``; what is left out is drawn from the seed."""
    group = parser.add_argument_group("the hand", "what is left out is drawn from the seed")
    group.add_argument("--skin", metavar="TONE", help=f"{', '.join(SKIN_TONES)}, or a colour such as #c68863")
    low, high = SCALE_RANGE
    group.add_argument("--hand-size", type=float, metavar="X", help=f"{low} to {high}, 1 being 18.5 cm long")
    group.add_argument("--side", metavar="SIDE", help="the acting hand: left or right")


def appearance_from(options: argparse.Namespace, seed: int) -> Appearance:
    """Return the appearance that the options ask for, the rest drawn from the seed.

    Raises:
        InputError: If an option has an impossible value.
    """
    if options.side not in (None, *HANDS):
        raise unknown_option("--side", options.side, HANDS)
    chosen: dict[str, Any] = {}
    if options.skin is not None:
        chosen["skin_rgb"] = skin_rgb(options.skin)
    if options.hand_size is not None:
        chosen["hand_scale"] = options.hand_size
    return replace(Appearance.sample(seed, options.side), **chosen)


def skin_rgb(tone: str) -> NDArray[np.float32]:
    """Return float32 (3,) in [0, 1] for a name of `SKIN_TONES` or a colour ``#rrggbb``.

    Raises:
        InputError: If it is neither.
    """
    colour = SKIN_TONES.get(tone.lower(), tone)
    if re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
    if tone.startswith("#"):
        raise InputError(f"--skin must be a name or a colour such as #c68863, got '{tone}'")
    raise unknown_option("--skin", tone, SKIN_TONES)
