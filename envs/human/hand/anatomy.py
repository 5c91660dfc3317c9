"""The proportions of the procedural hand, in metres, for a right hand of scale 1.

Hand frame: origin at the wrist, +x towards the fingers, +z out of the back of the hand, +y towards the thumb
(right hand). A left hand is the mirror image in y. Joint order is MediaPipe's: 0 wrist; 1 to 4 the thumb's CMC,
MCP, IP and tip; then MCP, PIP, DIP and tip of index, middle, ring and little finger.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ...errors import EnvsError

NUM_JOINTS = 21
FINGERS = ("index", "middle", "ring", "little")
BONES = (
    "forearm",
    "palm",
    "thumb_0",
    "thumb_1",
    "thumb_2",
    *(f"{finger}_{phalanx}" for finger in FINGERS for phalanx in range(3)),
)
FOREARM_LENGTH = 0.46

MCP = np.array([[0.091, 0.027, 0.0], [0.093, 0.005, 0.002], [0.087, -0.0155, 0.001], [0.078, -0.034, -0.004]])
SPLAY = np.array([0.07, 0.0, -0.07, -0.15])
ROLL = np.array([-0.06, 0.0, 0.08, 0.16])
PHALANGES = np.array([[0.043, 0.025, 0.020], [0.045, 0.027, 0.020], [0.041, 0.026, 0.020], [0.033, 0.020, 0.018]])
FINGER_RADII = np.array(
    [
        [0.0106, 0.0096, 0.0085, 0.0071],
        [0.0108, 0.0098, 0.0087, 0.0073],
        [0.0103, 0.0093, 0.0082, 0.0069],
        [0.0092, 0.0081, 0.0073, 0.0062],
    ]
)
THUMB_CMC = np.array([0.020, 0.021, -0.010])
THUMB_BONES = np.array([0.044, 0.033, 0.026])
THUMB_RADII = np.array([0.0155, 0.0128, 0.0110, 0.0086])
THUMB_AXIS = np.array([0.76, 0.60, -0.24])
THUMB_DORSAL = np.array([-0.25, 0.72, 0.60])


@dataclass(frozen=True)
class HandShape:
    """Size and proportions of one person's hand; every field is a factor, 1 is the mean."""

    scale: float = 1.0  # size of the whole hand; 1 is 0.185 m from the wrist to the middle finger's tip
    finger_length: float = 1.0  # length of the fingers relative to the palm
    palm_width: float = 1.0  # width of the palm
    thickness: float = 1.0  # radius of fingers, palm and forearm

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0.7 <= value <= 1.3:
                raise EnvsError(f"HandShape.{field.name} is {value}; it must lie in [0.7, 1.3].")

    def bone_factors(self) -> NDArray[np.float64]:
        """Stretch of every bone along its own x, y and z axis, without the scale: (17, 3)."""
        factors = np.empty((len(BONES), 3))
        factors[:] = (self.finger_length, self.thickness, self.thickness)
        factors[0] = (1.0, self.thickness, self.thickness)
        factors[1] = (1.0, self.palm_width, self.thickness)
        factors[2] = (1.0, self.thickness, self.thickness)
        return factors
