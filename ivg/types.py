"""The things that cross ivg's boundaries, each validated when it is made (shapes, dtypes, ranges)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, unknown_option
from .inputs import check_array, check_pinhole, check_pose, check_seed

CLIP_FRAMES = 16  # frames of a clip: the context image and the paper's L = 15 frames after it (Sec. 3)
FPS = 8  # frames per second of the clips that the packaged model was trained on
HANDS = ("left", "right")  # the person's anatomical hands in the order of the second axis of every hand array
JOINTS = 21  # joints of a hand, in MediaPipe's order (0 wrist, 4 thumb tip, 8 index tip, ... 20 little tip)
PALM_TO_TIP_M = 0.185  # length wrist to middle finger tip, in metres, of a hand with `hand_scale` 1
SCALE_RANGE = (0.8, 1.2)  # allowed `hand_scale`

Side = Literal["left", "right"]

_SKIN_TONES = np.array(  # from light to dark, sRGB
    [0.96, 0.80, 0.69, 0.90, 0.70, 0.56, 0.80, 0.58, 0.43, 0.64, 0.43, 0.30, 0.47, 0.30, 0.21, 0.33, 0.21, 0.15],
    dtype=np.float32,
).reshape(-1, 3)


@dataclass(frozen=True, eq=False)
class Clip:
    """A video clip: `frames` uint8 (t, h, w, 3), RGB, frame 0 being the context image; `fps` positive."""

    frames: NDArray[np.uint8]
    fps: float = FPS

    def __post_init__(self) -> None:
        check_array("frames", self.frames, np.uint8, (None, None, None, 3))
        if not self.fps > 0:
            raise InputError(f"fps must be positive, got {self.fps}")

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, eq=False)
class HandTracks:
    """2D hand joints over a clip.

    Attributes:
        keypoints: float32 (t, 2, 21, 2), x to the right and y down, both normalised to [0, 1] by the image's
            width and height (joints outside the image lie outside [0, 1]); NaN where the hand is absent.
        present: bool (t, 2).
        score: float32 (t, 2), the detector's confidence in [0, 1], 0 where absent.
    """

    keypoints: NDArray[np.float32]
    present: NDArray[np.bool_]
    score: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_array("keypoints", self.keypoints, np.float32, (None, 2, JOINTS, 2))
        frames = len(self.keypoints)
        check_array("present", self.present, np.bool_, (frames, 2))
        check_array("score", self.score, np.float32, (frames, 2))
        if not np.isfinite(self.keypoints[self.present]).all():
            raise InputError("keypoints of a present hand must be finite")

    def __len__(self) -> int:
        return len(self.keypoints)


@dataclass(frozen=True, eq=False)
class RegionOfMotion:
    """Where hands are, `per_frame` bool (t, h, w) (the paper's RoM, Sec. 3.1.1)."""

    per_frame: NDArray[np.bool_]

    def __post_init__(self) -> None:
        check_array("per_frame", self.per_frame, np.bool_, (None, None, None))

    @property
    def union(self) -> NDArray[np.bool_]:
        """bool (h, w): the union over the frames, the paper's M_video."""
        return np.asarray(self.per_frame.any(axis=0))


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera.

    Attributes:
        K: float64 (3, 3), intrinsics in pixels.
        T_world_camera: float64 (4, 4), pose in the world in metres, OpenCV axes (x right, y down, z forward).
        width: Image width in pixels.
        height: Image height in pixels.
    """

    K: NDArray[np.float64]
    T_world_camera: NDArray[np.float64]
    width: int
    height: int

    def __post_init__(self) -> None:
        check_array("K", self.K, np.float64, (3, 3))
        check_array("T_world_camera", self.T_world_camera, np.float64, (4, 4))
        if not (0 < self.width < np.inf and 0 < self.height < np.inf):
            raise InputError(f"width and height must be positive, got {self.width} x {self.height}")
        check_pinhole(self.K)
        check_pose(self.T_world_camera)


@dataclass(frozen=True, eq=False)
class Appearance:
    """What a context frame does not show of the acting hand: it is given, not guessed.

    Attributes:
        skin_rgb: float32 (3,), sRGB in [0, 1].
        hand_scale: Size in [0.8, 1.2]; 1 is a hand of 0.185 m from wrist to middle finger tip.
        side: The acting hand, "left" or "right".
    """

    skin_rgb: NDArray[np.float32]
    hand_scale: float = 1.0
    side: Side = "right"

    def __post_init__(self) -> None:
        check_array("skin_rgb", self.skin_rgb, np.float32, (3,))
        if not ((self.skin_rgb >= 0) & (self.skin_rgb <= 1)).all():
            raise InputError(f"skin_rgb must lie in [0, 1], got {self.skin_rgb.tolist()}")
        if not SCALE_RANGE[0] <= self.hand_scale <= SCALE_RANGE[1]:
            raise InputError(f"hand_scale must lie in {list(SCALE_RANGE)}, got {self.hand_scale}")
        if self.side not in get_args(Side):
            raise unknown_option("side", self.side, HANDS)

    @classmethod
    def sample(cls, seed: int, side: Side | None = None) -> Appearance:
        """Draw a person from a seed: a skin tone between light and dark, a hand size, a side.

        The same seed gives the same person; three in four sides are right unless `side` is given. Raises an
        `InputError` if the seed is negative or has more than 63 bits.
        """
        check_seed(seed)
        rng = np.random.default_rng([seed, 0x68616E64])
        position = rng.uniform(0, len(_SKIN_TONES) - 1)
        low = int(position)
        skin = _SKIN_TONES[low] + (position - low) * (_SKIN_TONES[low + 1] - _SKIN_TONES[low])
        scale = float(np.clip(rng.normal(1.0, 0.07), 0.85, 1.15))
        drawn: Side = "right" if rng.random() < 0.75 else "left"
        return cls(skin.astype(np.float32), scale, side or drawn)

    @property
    def vector(self) -> NDArray[np.float32]:
        """float32 (5,): skin in [-1, 1], scale in [-1, 1], side -1 (left) or +1 (right)."""
        sign = 1.0 if self.side == "right" else -1.0
        return np.array([*(self.skin_rgb * 2 - 1), (self.hand_scale - 1) * 5, sign], dtype=np.float32)

    @classmethod
    def from_vector(cls, vector: NDArray[np.float32]) -> Appearance:
        """Read a vector (5,) as `vector` writes it; values outside the ranges are clipped into them."""
        check_array("vector", vector, np.float32, (5,))
        skin = np.clip((vector[:3] + 1) / 2, 0, 1).astype(np.float32)
        scale = float(np.clip(vector[3] / 5 + 1, *SCALE_RANGE))
        return cls(skin, scale, "right" if vector[4] > 0 else "left")
