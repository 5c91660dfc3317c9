"""Episodes as data of a web page: JSON values, short numbers, packed images."""

from __future__ import annotations

import base64
import io
import json
import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ivg.io.images import resized

from ..episode import RobotEpisode
from .dataset import ViewedEpisode

DIGITS = 4  # decimals of numbers: 0.1 mm, and well below a pixel
_TOLERANCE_PX = 0.7  # maximum distance of an outline from the region's edge
_BLOCK = 16  # cells are multiples of this size, px, so that a block of the codec never spans two of them
_LARGEST = 16383  # maximum side of a WebP image, px

# names, and nested keys of a provenance that may hold their values; the first that is there counts
_NAMED = {
    "source": ("source",),
    "environment": ("env.id", "context.env"),
    "interaction": ("execution.manner",),
    "outcome": ("execution.words",),
    "hand": ("lifting.hand", "appearance.side", "demonstration.appearance.side"),
    "clip's seed": ("demonstration.seed", "seed"),
    "denoising steps": ("demonstration.steps", "steps"),
    "contact's cost": ("lifting.contact.cost", "execution.contact.cost"),
    "lifting": ("lifting.method", "execution.lifting.method"),
    "made by ivg": ("demonstration.versions.ivg", "versions.ivg"),
}


def index_row(index: int, episode: ViewedEpisode) -> dict[str, Any]:
    """Return what lists and filters need of the episode with an index in the dataset."""
    named = {name: getattr(episode, name) for name in ("task", "text", "seed", "success")}
    return {"index": index, **named, "steps": len(episode.clip if episode.robot is None else episode.robot)}


def episode_record(episode: ViewedEpisode, *, images: int, size: int, quality: int) -> dict[str, Any]:
    """Return all of an episode that a page shows, as JSON values; images as `PageSettings` says.

    `tracks` has one row per frame: for each hand 42 numbers (x, y of 21 joints), or None; so has `region`: polygons
    (see `outlines`). `provenance` is indented JSON.
    """
    return {
        "clip": {**sprite(episode.clip, size=size, quality=quality), "fps": episode.fps},
        "tracks": [[_hand(hand) for hand in frame] for frame in episode.keypoints],
        "region": None if episode.region is None else [outlines(mask) for mask in episode.region],
        "robot": None if episode.robot is None else _robot(episode.robot, images, size, quality),
        "facts": facts(episode),
        "provenance": json.dumps(episode.provenance, indent=2, ensure_ascii=False),
    }


def facts(episode: ViewedEpisode) -> list[tuple[str, str]]:
    """Return names and values to list of an episode: lengths, rates, and what its provenance says of its making."""
    frames, height, width, _ = episode.clip.shape
    rows = [("clip", f"{frames} frames, {episode.fps:g} a second, {width} x {height} px")]
    if episode.robot is not None:
        seconds = len(episode.robot) / episode.robot.fps
        rows.append(("robot", f"{len(episode.robot)} steps, {episode.robot.fps:g} a second, {seconds:.1f} s"))
    if episode.seed is not None:
        rows.append(("seed", str(episode.seed)))
    for name, choices in _NAMED.items():
        value = next((found for keys in choices if (found := _at(episode.provenance, keys)) is not None), None)
        if value is not None:
            rows.append((name, f"{value:g}" if isinstance(value, float) else str(value)))
    held = (_at(episode.provenance, keys) for keys in ("weights", "demonstration.weights"))
    if weights := next((found for found in held if isinstance(found, dict)), {}):
        rows.append(("weights", f"{weights.get('name', '')} {str(weights.get('sha256', ''))[:12]}".strip()))
    return rows


def _at(value: Any, keys: str) -> Any:
    for key in keys.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _hand(joints: NDArray[np.float32]) -> list[float] | None:
    return short(joints.ravel()) if np.isfinite(joints).all() else None


def _robot(robot: RobotEpisode, images: int, size: int, quality: int) -> dict[str, Any]:
    shown = np.unique(np.linspace(0, len(robot) - 1, min(images, len(robot))).round().astype(int))
    images_of = {"images": sprite(robot.image[shown], size=size, quality=quality), "shown": shown.tolist()}
    curves = {"phase": robot.phase, "plan_phase": robot.plan_phase, "pose": robot.pose}
    curves |= {"path": robot.demo_path, "plan": robot.demo_plan}
    numbers = {name: short(values) for name, values in curves.items()}
    return {**images_of, "steps": len(robot), "fps": robot.fps, **numbers}


def short(values: NDArray[np.floating]) -> list[Any]:
    """Return numbers, nested as they were, with `DIGITS` decimals."""
    return np.round(values.astype(np.float64), DIGITS).tolist()


def outlines(mask: NDArray[np.bool_]) -> list[list[float]]:
    """Return the outlines of a region, bool (h, w).

    Polygons as x, y, x, y, ..., normalised image coordinates. Filled by the even-odd rule they give the region: holes
    are polygons of their own. A polygon runs through the centres of the pixels at its edge.
    """
    height, width = mask.shape
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    polygons = [cv2.approxPolyDP(contour, _TOLERANCE_PX, closed=True)[:, 0] for contour in found]
    scale = np.array([width, height])
    return [np.round((polygon + 0.5) / scale, 4).ravel().tolist() for polygon in polygons]


def sprite(frames: NDArray[np.uint8], *, size: int, quality: int) -> dict[str, Any]:
    """Pack frames, uint8 (n, h, w, 3) RGB, into one image of a grid of cells, which a web page can draw one by one.

    Frames higher or wider than `size` px are shrunk; `quality` of the image is from 1 to 100.

    Returns:
        JSON values: `data` (base64 of WebP), `type`, `count`, `columns`, `width` and `height` of a frame, and
        `cell_width` and `cell_height` of its cell, at whose top left it lies. Cells run row by row.
    """
    frames = shrunk(frames, size)
    count, height, width, _ = frames.shape
    down, right = -height % _BLOCK, -width % _BLOCK
    cells = np.pad(frames, ((0, 0), (0, down), (0, right), (0, 0)), mode="edge")
    cell_height, cell_width = cells.shape[1:3]
    columns = min(math.ceil(math.sqrt(count)), _LARGEST // cell_width)
    rows = math.ceil(count / columns)
    cells = np.concatenate([cells, np.zeros((rows * columns - count, *cells.shape[1:]), np.uint8)])
    grid = cells.reshape(rows, columns, cell_height, cell_width, 3).swapaxes(1, 2)
    packed = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(grid.reshape(rows * cell_height, columns * cell_width, 3)))
    image.save(packed, "WEBP", quality=quality, method=4)
    data = {"data": base64.b64encode(packed.getvalue()).decode(), "type": "image/webp"}
    sizes = {"width": width, "height": height, "cell_width": cell_width, "cell_height": cell_height}
    return {**data, "count": count, "columns": columns, **sizes}


def shrunk(frames: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return frames uint8 (n, h, w, 3) with neither side longer than `size` px, of the same proportions."""
    height, width = frames.shape[1:3]
    scale = min(1.0, size / max(height, width))
    target = (max(1, round(height * scale)), max(1, round(width * scale)))
    return np.stack([resized(frame, target) for frame in frames])
