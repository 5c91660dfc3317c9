"""The frame that a demonstration starts from: an environment's camera, or an image file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ...envs import KITCHEN_ID
from ...envs.adapters import SIMULATORS, check_installed
from ...errors import InputError, unknown_option

KITCHEN = "kitchen"

ENVIRONMENTS = {KITCHEN: KITCHEN_ID, **{name: simulator.id for name, simulator in SIMULATORS.items()}}
"""Names of environments, and the gymnasium ids behind them."""

PACKAGED_WEIGHTS = "nano"
"""Weights that come with the package; they were trained on the kitchen only."""

MIN_IMAGE_SIDE = 64
"""Shorter side in pixels below which an image shows no scene."""

MAX_IMAGE_SIDE = 512
"""Longer side in pixels that an image file is reduced to, unless asked otherwise."""

DEFAULT_CAMERA_SIZE = 256


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


def check_environment(name: str) -> None:
    """Refuse an environment that does not exist or is not installed.

    Raises:
        InputError: With the nearest name.
        EnvsError: With the command that installs it.
    """
    if name not in ENVIRONMENTS:
        tasks = "metaworld/"
        near = [option for option in ENVIRONMENTS if option.startswith(tasks) == name.startswith(tasks)]
        raise unknown_option("environment", name, near if name.startswith(tasks) else [*near, f"{tasks}<task>"])
    if name in SIMULATORS:
        check_installed(SIMULATORS[name])


def notice_of(name: str, weights: str) -> str | None:
    """Return a warning about weights that were not trained on an environment.

    Args:
        name: A key of `ENVIRONMENTS`.
        weights: Name or folder of the generator's weights.

    Returns:
        A sentence; None for the kitchen, and for weights other than the packaged ones.
    """
    if name == KITCHEN or weights != PACKAGED_WEIGHTS:
        return None
    return (
        f"the packaged weights were trained on {KITCHEN_ID} only; expect poor clips of {ENVIRONMENTS[name]}, "
        "and the packaged lifter does not know its camera"
    )


def frame_from_environment(name: str, text: str, seed: int, size: int = DEFAULT_CAMERA_SIZE) -> ContextFrame:
    """Reset an environment and take its camera's frame.

    Args:
        name: A key of `ENVIRONMENTS`.
        text: The task; the environment arranges its scene for it.
        seed: The scene's seed.
        size: Side of the square frame in pixels.
    """
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
    """Read an image file, upright, and reduce it if it is large.

    Args:
        path: Any file that Pillow reads.
        max_side: Its longer side is reduced to this many pixels.

    Raises:
        InputError: If it cannot be read, or is too small.
    """
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
    return ContextFrame(np.array(image, np.uint8), f"picture {name}", origin)
