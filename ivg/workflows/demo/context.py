"""What a demonstration starts from: the frame of a camera or an image file, and the appearance of the hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import gymnasium
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ...envs import KITCHEN_ID
from ...envs.adapters import SIMULATORS, check_installed
from ...errors import InputError, unknown_option
from ...types import HANDS, Appearance, Side

KITCHEN = "kitchen"
ENVIRONMENTS = {KITCHEN: KITCHEN_ID, **{name: simulator.id for name, simulator in SIMULATORS.items()}}
"""Gymnasium ids of environments, by name."""

PACKAGED_WEIGHTS = "nano"  # trained on the kitchen only
MIN_IMAGE_SIDE, MAX_IMAGE_SIDE = 64, 512
"""Pixels: least shorter side of an image, and the longer side that a file is reduced to, unless asked otherwise."""

DEFAULT_CAMERA_SIZE = 256
SKIN_TONES = {"light": "#e8b795", "medium": "#b97f5c", "dark": "#66412d"}  # sRGB


@dataclass(frozen=True, eq=False)
class ContextFrame:
    """A frame, and what is known of it.

    Attributes:
        frame: uint8 (h, w, 3), RGB.
        name: Its source, in words.
        origin: The same for a report, as JSON can hold it.
        task: The environment's task that the text asks for; None if there is none.
        scorable: Whether the frame comes from an environment, which scores its tasks.
        depth: float32 (h, w), m along the optical axis; None if it is not known.
    """

    frame: NDArray[np.uint8]
    name: str
    origin: dict[str, Any] = field(default_factory=dict)
    task: str | None = None
    scorable: bool = False
    depth: NDArray[np.float32] | None = None

    @property
    def scoring(self) -> str:
        """Whether the task is scored, in words."""
        if self.task:
            return f"{self.task}, which the environment scores"
        near_none = "near none of the environment's tasks: generated all the same, but not scored"
        return near_none if self.scorable else "an image: not scored"


def check_environment(name: str) -> None:
    """Refuse an environment that does not exist (`InputError`) or is not installed (`EnvsError`)."""
    if name not in ENVIRONMENTS:
        one_of = name.startswith(tasks := "metaworld/")
        near = [option for option in ENVIRONMENTS if option.startswith(tasks) == one_of]
        raise unknown_option("environment", name, near if one_of else [*near, f"{tasks}<task>"])
    if name in SIMULATORS:
        check_installed(SIMULATORS[name])


def notice_of(name: str, weights: str) -> str | None:
    """Return a warning if weights (by name or folder) are the packaged ones, and the environment is not theirs."""
    if name == KITCHEN or weights != PACKAGED_WEIGHTS:
        return None
    return (
        f"the packaged weights were trained on {KITCHEN_ID} only; expect poor clips of {ENVIRONMENTS[name]}, "
        "and the packaged lifter does not know its camera"
    )


def frame_from_environment(name: str, text: str, seed: int, size: int = DEFAULT_CAMERA_SIZE) -> ContextFrame:
    """Reset an environment, which arranges a scene for the text and seed; return its camera's square frame."""
    check_environment(name)
    env = gymnasium.make(f"ivg.envs:{ENVIRONMENTS[name]}", task=text, camera_size=size, disable_env_checker=True)
    try:
        observation, info = env.reset(seed=seed)
    finally:
        env.close()
    frame = np.array(observation["image"], np.uint8)
    origin = {"env": ENVIRONMENTS[name], "scene_seed": seed, "camera_size": size, "task": info.get("task")}
    return ContextFrame(frame, f"{name}, scene {seed}", origin, info.get("task"), scorable=True)


def frame_from_file(path: Path, max_side: int = MAX_IMAGE_SIDE) -> ContextFrame:
    """Read an image file upright, and reduce its longer side to `max_side` pixels; a bad one is an `InputError`."""
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file).convert("RGB")
    except UnidentifiedImageError as error:
        raise InputError(f"cannot read image '{path}': it is of no known format") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"cannot read image '{path}': {getattr(error, 'strerror', None) or error}") from error
    if min(image.size) < MIN_IMAGE_SIDE:
        width, height = image.size
        raise InputError(f"image '{path}' is {width} x {height}: both sides must be at least {MIN_IMAGE_SIDE}")
    return frame_of_image(image, path.name, max_side)


def frame_of_image(image: Image.Image, name: str, max_side: int = MAX_IMAGE_SIDE) -> ContextFrame:
    """Return an RGB image as a context frame, its longer side reduced to `max_side` pixels."""
    full_size = image.size
    image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    origin = {"image": name, "image_size": list(full_size), "frame_size": list(image.size)}
    return ContextFrame(np.array(image, np.uint8), f"image {name}", origin)


def choose_appearance(
    seed: int, *, side: str | None = None, skin: str | None = None, hand_size: float | None = None
) -> Appearance:
    """Return an appearance in which what is None is drawn from the seed.

    The acting hand's `side` is "left" or "right", `skin` one of `SKIN_TONES` or a colour such as "#c68863", and
    `hand_size` in [0.8, 1.2], where 1 is 18.5 cm long; an impossible value raises an `InputError`.
    """
    if side not in (None, *HANDS):
        raise unknown_option("side", side, HANDS)
    chosen: dict[str, Any] = {"skin_rgb": None if skin is None else skin_rgb(skin), "hand_scale": hand_size}
    drawn = Appearance.sample(seed, cast("Side | None", side))
    return replace(drawn, **{name: value for name, value in chosen.items() if value is not None})


def skin_rgb(tone: str) -> NDArray[np.float32]:
    """Return float32 (3,) in [0, 1] for a name of `SKIN_TONES` or a colour "#rrggbb"; anything else is refused."""
    colour = SKIN_TONES.get(tone.lower(), tone)
    if re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
    if tone.startswith("#"):
        raise InputError(f"skin must be a name or a colour such as #c68863, got '{tone}'")
    raise unknown_option("skin", tone, SKIN_TONES)
