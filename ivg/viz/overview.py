"""An overview of a demonstration: context, region, hand trajectory, optical flow, rows of frames, and the robot."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from .canvas import FAINT, Canvas, Colour, resize_image, resize_mask
from .execution_video import outcome_colour
from .flow import Flow, flow_wheel
from .hands import HAND_COLOURS, REGION_COLOUR, SUBPIXEL_BITS, WHITE, dot, draw_hands, subpixels, tint_region

if TYPE_CHECKING:
    from ..policy.datasets import Demonstration
    from ..workflows.demo import RobotRun

MARGIN = 44
GAP = 10
COLUMNS = 8  # frames of a strip; a longer clip shows some of its frames, evenly spaced, the last one among them
FRAME_WIDTH = 188
WIDTH = 2 * MARGIN + COLUMNS * FRAME_WIDTH + (COLUMNS - 1) * GAP
PANEL_GAP = 24
PANELS = 4
PANEL_WIDTH = (WIDTH - 2 * MARGIN - (PANELS - 1) * PANEL_GAP) // PANELS
INDEX_TIP = 8
LONGEST_GAP = 3  # a trajectory is drawn across gaps of at most this many frames
FINE = 4  # tracks are drawn this many times as large as they are shown, so that their lines stay fine

Image = NDArray[np.uint8]


def draw_overview(
    demonstration: Demonstration, title: str, subtitle: str, facts: list[str], robot: RobotRun | None = None
) -> Image:
    """Draw a demonstration as one image, about 1,650 pixels wide.

    Args:
        demonstration: Of two frames or more.
        title: What the hand does; the instruction.
        subtitle: Where the frame comes from and what generated the clip.
        facts: Short statements for the foot, such as "hand found in 15 of 15 frames".
        robot: What the robot did; gives another row if it moved.
    """
    height, width = demonstration.clip.shape[1:3]
    panel_height, frame_height = (round(w * height / width) for w in (PANEL_WIDTH, FRAME_WIDTH))
    panels_top, strips_top = 172, 172 + panel_height + 62
    strip_pitch = frame_height + 40
    moved = robot is not None and robot.moved
    canvas = Canvas(WIDTH, strips_top + (4 if moved else 3) * strip_pitch + 60)
    flow = Flow.of(demonstration.clip)
    room = WIDTH - 2 * MARGIN
    canvas.text(MARGIN, 70, canvas.fitting(title, 34, room, bold=True), 34, bold=True)
    canvas.text(MARGIN, 102, canvas.fitting(subtitle, 16, room), 16, colour=FAINT)
    canvas.rule(MARGIN, 122, room)
    _panels(canvas, demonstration, flow, panels_top, panel_height)
    _strips(canvas, demonstration, flow, strips_top, frame_height, strip_pitch)
    if robot is not None and robot.moved:
        _robot_strip(canvas, robot, strips_top + 3 * strip_pitch, frame_height)
    canvas.rule(MARGIN, canvas.height - 58, room)
    canvas.text(MARGIN, canvas.height - 28, canvas.fitting("   ·   ".join(facts), 15, room), 15)
    return canvas.pixels


def _panels(canvas: Canvas, demonstration: Demonstration, flow: Flow, top: int, height: int) -> None:
    size = (PANEL_WIDTH, height)
    context = resize_image(demonstration.clip[0], *size)
    step = int(np.linalg.norm(flow.fields, axis=-1).mean(axis=(1, 2)).argmax())
    busiest = resize_image(flow.rgb(step), *size)
    wheel = PANEL_WIDTH // 6
    busiest[8 : 8 + wheel, 8 : 8 + wheel] = flow_wheel(wheel)
    region = tint_region(context, resize_mask(demonstration.region, *size))
    tip = "tip of the index finger" if demonstration.present.any() else "no hand was found"
    span = f"{step / demonstration.fps:.2f} to {(step + 1) / demonstration.fps:.2f} s"
    panels = (
        ("Context", "the camera's frame", context),
        ("Region of motion", f"{demonstration.region.mean():.0%} of the image", region),
        ("Trajectory of the hand", tip, _trajectory(demonstration, *size)),
        ("Optical flow", f"{span}, largest motion", busiest),
    )
    for i, (name, note, image) in enumerate(panels):
        x = MARGIN + i * (PANEL_WIDTH + PANEL_GAP)
        end = canvas.text(x, top - 14, name, 17, bold=True)
        canvas.text(end + 12, top - 14, note, 14, colour=FAINT)
        canvas.image(x, top, image, radius=8)


def _trajectory(demonstration: Demonstration, width: int, height: int) -> Image:
    """Draw where the index fingertips go, pale at first and full at the end, over a frame from the middle."""
    with_hand = np.flatnonzero(demonstration.present.any(axis=1))
    shown = int(with_hand[len(with_hand) // 2]) if len(with_hand) else len(demonstration) - 1
    image = np.asarray(resize_image(demonstration.clip[shown], width, height) * 0.6 + 255 * 0.4, np.uint8)
    count = len(demonstration)
    for hand, colour in enumerate(HAND_COLOURS):
        frames = np.flatnonzero(demonstration.present[:, hand]).tolist()
        tips = np.clip(demonstration.keypoints[frames, hand, INDEX_TIP], -4, 5) * (width, height)
        points = [(t, subpixels(tip)) for t, tip in zip(frames, tips, strict=True)]
        lines = [(a, b, t) for (before, a), (t, b) in pairwise(points) if t - before <= LONGEST_GAP]
        for a, b, _ in lines:
            cv2.line(image, a, b, WHITE, 7, cv2.LINE_AA, SUBPIXEL_BITS)
        for a, b, t in lines:
            cv2.line(image, a, b, _faded(colour, t, count), 4, cv2.LINE_AA, SUBPIXEL_BITS)
        for t, point in points:
            dot(image, point, 6.0, WHITE)
            dot(image, point, 4.4, _faded(colour, t, count))
    return image


def _faded(colour: Colour, frame: int, count: int) -> Colour:
    """Return a hand's colour for a frame: pale at the clip's start, full at its end."""
    weight = 0.3 + 0.7 * frame / max(1, count - 1)
    red, green, blue = (round(weight * c + (1 - weight) * 255) for c in colour)
    return red, green, blue


def _strips(canvas: Canvas, demonstration: Demonstration, flow: Flow, top: int, height: int, pitch: int) -> None:
    chosen = np.linspace(1, len(demonstration) - 1, COLUMNS).round().astype(int).tolist()
    for row, name in enumerate(("Frames", "Region and hand tracks", "Optical flow from the frame before")):
        y = top + row * pitch
        end = canvas.text(MARGIN, y - 10, name, 15, bold=True)
        if row == 1:
            keys = ((HAND_COLOURS[0], "left hand"), (HAND_COLOURS[1], "right hand"), (REGION_COLOUR, "region"))
            for colour, words in keys:
                end = canvas.key(end + 20, y - 10, colour, words, 13)
        if row == 2:
            canvas.text(end + 20, y - 10, f"full colour: {flow.largest:.1f} px a frame", 13, colour=FAINT)
        for column, t in enumerate(chosen):
            note = f"{t / demonstration.fps:.2f} s" if row == 0 else ""
            _frame(canvas, column, y, _cell(row, demonstration, flow, t, height), note)


def _cell(row: int, demonstration: Demonstration, flow: Flow, t: int, height: int) -> Image:
    if row == 2:
        return resize_image(flow.rgb(t - 1), FRAME_WIDTH, height)
    if row == 0:
        return resize_image(demonstration.clip[t], FRAME_WIDTH, height)
    size = (FINE * FRAME_WIDTH, FINE * height)
    fine = resize_image(demonstration.clip[t], *size)
    fine = tint_region(fine, resize_mask(demonstration.region_per_frame[t], *size), strength=0.3)
    fine = draw_hands(fine, demonstration.keypoints[t], demonstration.present[t])
    return resize_image(fine, FRAME_WIDTH, height)


def _frame(canvas: Canvas, column: int, top: int, image: Image, note: str) -> None:
    """Draw a frame of a strip with a note above its right corner."""
    x = MARGIN + column * (FRAME_WIDTH + GAP)
    canvas.image(x, top, image)
    canvas.text(x + FRAME_WIDTH, top - 10, note, 13, colour=FAINT, anchor="rs")


def _robot_strip(canvas: Canvas, robot: RobotRun, top: int, height: int) -> None:
    """Draw frames of the robot, evenly spaced, the last one among them."""
    end = canvas.text(MARGIN, top - 10, "Robot", 15, bold=True)
    canvas.text(end + 10, top - 10, robot.mark, 14, colour=outcome_colour(robot), bold=True)
    for column, t in enumerate(np.linspace(0, robot.steps, COLUMNS + 1)[1:].round().astype(int)):
        image = resize_image(robot.images[t], FRAME_WIDTH, height)
        _frame(canvas, column, top, image, f"{t / robot.fps:.1f} s")
