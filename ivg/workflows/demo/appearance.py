"""An appearance chosen by names, such as a skin tone "dark"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError, unknown_option
from ...types import HANDS, Appearance, Side

SKIN_TONES = {"light": "#e8b795", "medium": "#b97f5c", "dark": "#66412d"}
"""Names of skin tones, as sRGB."""


def choose_appearance(
    seed: int, *, side: str | None = None, skin: str | None = None, hand_size: float | None = None
) -> Appearance:
    """Return an appearance in which what is None is drawn from the seed.

    Args:
        seed: The same seed draws the same person.
        side: The acting hand, "left" or "right".
        skin: One of `SKIN_TONES`, or a colour such as "#c68863".
        hand_size: In [0.8, 1.2]; 1 is 18.5 cm long.

    Raises:
        InputError: If a value is impossible.
    """
    if side not in (None, *HANDS):
        raise unknown_option("side", side, HANDS)
    chosen: dict[str, Any] = {}
    if skin is not None:
        chosen["skin_rgb"] = skin_rgb(skin)
    if hand_size is not None:
        chosen["hand_scale"] = hand_size
    return replace(Appearance.sample(seed, cast("Side | None", side)), **chosen)


def skin_rgb(tone: str) -> NDArray[np.float32]:
    """Return float32 (3,) in [0, 1] for a name of `SKIN_TONES` or a colour "#rrggbb".

    Raises:
        InputError: If it is neither.
    """
    colour = SKIN_TONES.get(tone.lower(), tone)
    if re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
    if tone.startswith("#"):
        raise InputError(f"skin must be a name or a colour such as #c68863, got '{tone}'")
    raise unknown_option("skin", tone, SKIN_TONES)
