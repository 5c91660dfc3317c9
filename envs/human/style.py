"""What differs from person to person and from one performance to the next, drawn from the seed."""

from dataclasses import dataclass

import numpy as np

from .hand.kinematics import FingerPose, HandShape
from .rotations import Array

_TONES = np.array(
    [
        [0.93, 0.76, 0.67],
        [0.90, 0.70, 0.58],
        [0.83, 0.62, 0.49],
        [0.74, 0.53, 0.40],
        [0.62, 0.43, 0.31],
        [0.49, 0.33, 0.24],
        [0.37, 0.25, 0.18],
    ]
)


@dataclass(frozen=True)
class Style:
    """One performance."""

    side: str  # the acting hand, "left" or "right"
    shape: HandShape  # proportions of both hands
    skin_rgb: Array  # (3,) colour of the skin, sRGB in [0, 1]
    enter: float  # enter, contact, finish: frame times at which the hand sets off, touches, and is done
    contact: float
    finish: float
    # pitch, roll, yaw: how the hand is held, rad; positive pitch points the fingers down, positive roll lifts
    # the thumb's side, positive yaw turns the fingers inwards
    pitch: float
    roll: float
    yaw: float
    arc: float  # how high the reach swings, m
    elbow_out: float  # how far the elbow is from the middle of the body, m
    finger_noise: Array  # (4, 3) offsets of the fingers' flexion, rad
    variation: Array  # (8,) numbers in [0, 1) for what a task leaves open

    @property
    def sign(self) -> float:
        """+1 for a left acting hand (positive y), -1 for a right one."""
        return 1.0 if self.side == "left" else -1.0

    @property
    def other_side(self) -> str:
        """The side of the hand that helps."""
        return "left" if self.side == "right" else "right"

    def relaxed(self, pose: FingerPose) -> FingerPose:
        """A pose with this person's habit of holding the fingers; index finger and thumb stay exact."""
        fingers = pose.fingers.copy()
        fingers[2:, 1:] = np.maximum(fingers[2:, 1:] + self.finger_noise[2:], -0.1)
        return FingerPose(fingers, pose.thumb)

    def between(self, index: int, low: float, high: float) -> float:
        """The `index`-th free number, scaled to [low, high]."""
        return float(low + (high - low) * self.variation[index])


def draw_style(task: str, seed: int, side: str | None = None) -> Style:
    """Draw a style; the same task and seed (non-negative) give the same one.

    `side` is the acting hand where the task decides it; otherwise it is the right one in 70 %.
    """
    rng = np.random.default_rng([seed, 0x5717E, *task.encode()])
    drawn = "right" if rng.random() < 0.7 else "left"
    shape = HandShape(
        scale=rng.uniform(0.88, 1.12),
        finger_length=rng.uniform(0.95, 1.06),
        palm_width=rng.uniform(0.94, 1.06),
        thickness=rng.uniform(0.93, 1.08),
    )
    tone = rng.uniform(0, len(_TONES) - 1.001)
    low = int(tone)
    skin = _TONES[low] + (tone - low) * (_TONES[low + 1] - _TONES[low]) + rng.normal(0, 0.012, 3)
    contact = rng.uniform(5.3, 6.0)
    return Style(
        side=side or drawn,
        shape=shape,
        skin_rgb=np.clip(skin, 0.1, 0.97),
        enter=rng.uniform(0.05, 0.3),
        contact=contact,
        finish=rng.uniform(12.6, 14.2),
        pitch=rng.uniform(-0.08, 0.16),
        roll=rng.uniform(-0.05, 0.20),
        yaw=rng.uniform(-0.05, 0.35),
        arc=rng.uniform(0.01, 0.05),
        elbow_out=rng.uniform(0.15, 0.24),
        finger_noise=rng.uniform(-0.10, 0.12, (4, 3)),
        variation=rng.random(8),
    )
