"""The frame that a demonstration starts from: an environment's camera, or a picture file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ..envs import KITCHEN_ID
from ..envs.adapters import SIMULATORS, check_installed
from ..errors import InputError, unknown_option

KITCHEN = "kitchen"

ENVIRONMENTS = {KITCHEN: KITCHEN_ID, **{name: simulator.id for name, simulator in SIMULATORS.items()}}
"""What `--env` accepts, and the gymnasium id behind it."""

PACKAGED_WEIGHTS = "nano"
"""Weights that ship with the package; they were trained on the kitchen only."""

SMALLEST_PICTURE = 64
"""Shorter side in pixels below which a picture shows no scene."""

LARGEST_IMAGE = 512
"""Longer side in pixels that a picture file is reduced to, unless asked otherwise."""

DEFAULT_CAMERA_SIZE = 256


@dataclass(frozen=True, eq=False)
class ContextFrame:
    """The frame, and what is known of it.

    Attributes:
        frame: uint8 (h, w, 3), RGB.
        name: Where it comes from, in words.
        origin: The same for a report, as JSON can hold it.
        task: The environment's task that the text asks for; None if there is none.
        scorable: Whether the frame comes from an environment, which scores its tasks.
    """

    frame: NDArray[np.uint8]
    name: str
    origin: dict[str, Any] = field(default_factory=dict)
    task: str | None = None
    scorable: bool = False


def check_environment(name: str) -> None:
    """Refuse the name of an environment that there is none of, or that is not installed.

    Raises:
        InputError: With the nearest name.
        EnvsError: With the command that installs it.
    """
    if name not in ENVIRONMENTS:
        tasks = "metaworld/"
        near = [known for known in ENVIRONMENTS if known.startswith(tasks) == name.startswith(tasks)]
        raise unknown_option("environment", name, near if name.startswith(tasks) else [*near, f"{tasks}<task>"])
    if name in SIMULATORS:
        check_installed(SIMULATORS[name])


def notice_of(name: str, weights: str) -> str | None:
    """Return what a user has to know of weights that were not trained on an environment.

    Args:
        name: A key of `ENVIRONMENTS`.
        weights: Name or folder of the generator's weights.

    Returns:
        A sentence; None for the kitchen, and for weights of the user's own.
    """
    if name == KITCHEN or weights != PACKAGED_WEIGHTS:
        return None
    return (
        f"the packaged weights were trained on {KITCHEN_ID} only; expect poor clips of {ENVIRONMENTS[name]}, "
        "and the packaged lifter does not know its camera"
    )


def frame_from_environment(name: str, text: str, seed: int, size: int) -> ContextFrame:
    """Reset an environment and take its camera's frame.

    Args:
        name: A key of `ENVIRONMENTS`.
        text: The task; the environment lays its scene out for it.
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


def frame_from_image(path: Path, largest: int) -> ContextFrame:
    """Read a picture file, upright, and reduce it if it is large.

    Args:
        path: Any file that Pillow reads.
        largest: Its longer side is reduced to this many pixels.

    Raises:
        InputError: If it cannot be read, or is too small.
    """
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("RGB")
    except UnidentifiedImageError as error:
        raise InputError(f"cannot read picture '{path}': it is of no known format") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"cannot read picture '{path}': {getattr(error, 'strerror', None) or error}") from error
    if min(picture.size) < SMALLEST_PICTURE:
        width, height = picture.size
        raise InputError(f"picture '{path}' is {width} x {height}: both sides must be at least {SMALLEST_PICTURE}")
    full_size = picture.size
    picture.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    origin = {"image": path.name, "image_size": list(full_size), "frame_size": list(picture.size)}
    return ContextFrame(np.array(picture, np.uint8), f"picture {path.name}", origin)
