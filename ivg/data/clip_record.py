"""One clip of a store, and the arrays that hold it: zarr format 2; every array has one chunk a clip, Blosc lz4.

Beside the arrays of `ARRAYS` there are `info`, bytes (n,), JSON such as task, text, seed, side, source, and `done`,
uint8 (n,), 1 once all of the clip is written. Where real video has no ground truth, fill values are left: NaN, or 255.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc
from numpy.typing import NDArray

# name -> (dtype, shape after the clip axis, with "t" frames and "s" pixels). Annotation, then ground truth.
ANNOTATION: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "frames": ("u1", ("t", "s", "s", 3)),  # RGB, frame 0 is the context image
    "keypoints": ("f4", ("t", 2, 21, 2)),  # MediaPipe's joints, normalised, NaN where absent; hand 0 left
    "present": ("u1", ("t", 2)),  # 1 where MediaPipe found the hand
    "score": ("f4", ("t", 2)),  # its confidence
}
GROUND_TRUTH: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "appearance": ("f4", (5,)),  # `ivg.types.Appearance.vector` of the acting hand
    "gt_keypoints": ("f4", ("t", 2, 21, 2)),
    "gt_visible": ("f4", ("t", 2)),  # fraction of joints in sight
    "labels": ("u1", ("t", "s", "s")),  # 0 background, 1 left arm, 2 right arm, 3... moved objects
    "joints_world_m": ("f4", ("t", 2, 21, 3)),
    "gripper_trajectory": ("f4", ("t", 8)),  # position, quaternion wxyz, opening
    "object_pose": ("f4", ("t", 7)),  # position, quaternion wxyz
    "grasp_point": ("f4", (3,)),
    "contact": ("u1", ("t",)),
    "K": ("f8", (3, 3)),
    "T_world_camera": ("f8", (4, 4)),
}
ARRAYS = ANNOTATION | GROUND_TRUTH

INFO_BYTES = 4096  # Longest JSON of one clip's `info`
ABSENT = 255  # Fill value of uint8 arrays
DISK_NAMES = {"gripper_trajectory": "gripper_path"}  # Arrays that are called otherwise on disk than their field


@dataclass(frozen=True, eq=False)
class ClipRecord:
    """One clip with its annotation, and its ground truth where there is one (shapes as in `ARRAYS`).

    `present` and `contact` are bool here. Fields of the ground truth are None where unknown.
    """

    frames: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    present: NDArray[np.bool_]
    score: NDArray[np.float32]
    info: dict[str, Any] = field(default_factory=dict)
    appearance: NDArray[np.float32] | None = None
    gt_keypoints: NDArray[np.float32] | None = None
    gt_visible: NDArray[np.float32] | None = None
    labels: NDArray[np.uint8] | None = None
    joints_world_m: NDArray[np.float32] | None = None
    gripper_trajectory: NDArray[np.float32] | None = None
    object_pose: NDArray[np.float32] | None = None
    grasp_point: NDArray[np.float32] | None = None
    contact: NDArray[np.bool_] | None = None
    K: NDArray[np.float64] | None = None
    T_world_camera: NDArray[np.float64] | None = None

    @property
    def task(self) -> str:
        """The task's key, or "" if unknown."""
        return str(self.info.get("task", ""))

    @property
    def text(self) -> str:
        """The sentence that goes with the clip, or "" if unknown."""
        return str(self.info.get("text", ""))


def create_arrays(folder: Path, attrs: dict[str, Any]) -> None:
    """Make an empty store."""
    group = zarr.open_group(str(folder), mode="w", zarr_format=2)
    sizes = {"t": attrs["frames"], "s": attrs["size"]}
    for name, (dtype, axes) in {**ARRAYS, "info": (f"S{INFO_BYTES}", ()), "done": ("u1", ())}.items():
        shape = tuple(sizes[axis] if isinstance(axis, str) else axis for axis in axes)
        group.create_array(
            DISK_NAMES.get(name, name),
            shape=(attrs["count"], *shape),
            chunks=(1, *shape),
            dtype=dtype,
            fill_value=np.nan if dtype in ("f4", "f8") else b"" if dtype.startswith("S") else ABSENT,
            compressors=Blosc(cname="lz4", clevel=5, shuffle=Blosc.NOSHUFFLE if dtype == "u1" else Blosc.SHUFFLE),
        )
    group.attrs.update(attrs)


def is_absent(value: NDArray[Any]) -> bool:
    """Tell whether all values are the fill value."""
    return bool((np.isnan(value) if value.dtype.kind == "f" else value == ABSENT).all())
