"""A video of hand and robot side by side, each robot step beside the clip's frame that it follows."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .canvas import FAINT, INK, Canvas, Colour, fit_size, resize_image

if TYPE_CHECKING:
    from ..policy import Demonstration
    from ..workflows.demo import RobotRun

PANEL = 320  # longer side of each of the two images, px
MARGIN, TOP, FOOT = 20, 92, 64
BAR_GAP, BAR = 8, 4
LAST_S = 2.5  # duration of the end, with the outcome in words
DONE_COLOUR, FAILED_COLOUR = (30, 130, 70), (190, 50, 40)
TRACK, MARK = (222, 219, 211), (118, 120, 126)


def outcome_colour(run: RobotRun) -> Colour:
    """Return the colour of a run's outcome: green, red, or grey where it is not scored."""
    return INK if run.success is None else DONE_COLOUR if run.success else FAILED_COLOUR


def draw_execution(demonstration: Demonstration, run: RobotRun, title: str) -> NDArray[np.uint8]:
    """Draw the clip on the left, held on the frame that the robot's step belongs to, and the robot on the right.

    The `title` is the instruction; the run is one in which the robot moved.

    Returns:
        uint8 (t, h, w, 3), RGB, to be played at the run's rate; both sides even.
    """
    width, height = fit_size(demonstration.clip[0], PANEL)
    hands = [resize_image(frame, width, height) for frame in demonstration.clip]
    background = _background(title, width, height)
    held = np.round(run.phase * (len(hands) - 1)).astype(int)
    ending = round(LAST_S * run.fps)
    video = np.empty((len(run.images) + ending, *background.shape), np.uint8)
    video[:] = background
    for t, (image, shown) in enumerate(zip(run.images, held, strict=True)):
        _put(video[t], hands[shown], MARGIN, float(run.phase[t]))
        _put(video[t], resize_image(image, width, height), 2 * MARGIN + width, t / max(1, run.steps))
        video[t, -FOOT:] = _foot(f"{t / run.fps:.1f} s", "", FAINT, video.shape[2])
    video[len(run.images) :] = video[len(run.images) - 1]
    verdict, reason = (words[:1].upper() + words[1:] for words in (run.verdict, run.reason))
    video[len(run.images) :, -FOOT:] = _foot(verdict, reason, outcome_colour(run), video.shape[2])
    return video


def _background(title: str, width: int, height: int) -> NDArray[np.uint8]:
    """Draw what all frames have in common."""
    canvas = Canvas(2 * width + 3 * MARGIN, TOP + height + BAR_GAP + BAR + FOOT)
    canvas.text(MARGIN, 40, canvas.fitting(title, 22, canvas.width - 2 * MARGIN, bold=True), 22, bold=True)
    for x, name, note in (
        (MARGIN, "Generated hand", "the frame the robot is at"),
        (2 * MARGIN + width, "Robot", "the same scene"),
    ):
        end = canvas.text(x, TOP - 14, name, 15, bold=True)
        canvas.text(end + 10, TOP - 14, canvas.fitting(note, 13, x + width - end - 10), 13, colour=FAINT)
    return canvas.pixels


def _put(frame: NDArray[np.uint8], image: NDArray[np.uint8], x: int, fraction: float) -> None:
    """Put an image into a frame of the video, and a progress bar under it."""
    height, width = image.shape[:2]
    frame[TOP : TOP + height, x : x + width] = image
    top = TOP + height + BAR_GAP
    frame[top : top + BAR, x : x + width] = TRACK
    frame[top : top + BAR, x : x + round(fraction * width)] = MARK


@lru_cache(maxsize=2)
def _foot(words: str, reason: str, colour: Colour, width: int) -> NDArray[np.uint8]:
    canvas, room = Canvas(width, FOOT), width - 2 * MARGIN
    canvas.text(MARGIN, 28, canvas.fitting(words, 17, room, bold=True), 17, colour=colour, bold=True)
    canvas.text(MARGIN, 50, canvas.fitting(reason, 13, room), 13, colour=FAINT)
    return canvas.pixels
