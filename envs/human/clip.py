"""What the human demonstrator hands over: one clip with its ground truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRST_OBJECT = 3  # Its label; smaller ones are the background and the hands


@dataclass(frozen=True)
class HumanClip:
    """A rendered performance of one task; t = 16 frames, hand 0 is the left one, hand 1 the right one."""

    # uint8 (t, h, w, 3) RGB; frame 0 is the environment's own image of the scene, without hands
    frames: NDArray[np.uint8]
    # float32 (t, 2, 21, 2), joints in normalised image coordinates (x right, y down), MediaPipe's order;
    # outside of [0, 1] where a joint is outside of the image, NaN where a hand takes no part
    keypoints: NDArray[np.float32]
    # float32 (t, 2), fraction of the hand's joints inside the image and not behind other things
    visible: NDArray[np.float32]
    # float32 (t, 2, 21, 3), joints in the world frame, m; NaN where a hand takes no part
    joints_world_m: NDArray[np.float32]
    # uint8 (t, h, w): 0 background, 1 left hand and arm, 2 right hand and arm, 3 the main moved object, 4 a
    # second moved object
    labels: NDArray[np.uint8]
    # float32 (t, 8) of the acting hand: midpoint of thumb's and index finger's tips (m, world), quaternion wxyz
    # (z approaches, y closes from thumb to index finger), opening in [0, 1]
    gripper_trajectory: NDArray[np.float32]
    object_pose: NDArray[np.float32]  # float32 (t, 7), position (m) and quaternion (wxyz) of the main moved object
    object_name: str  # name of its body
    grasp_point_world_m: NDArray[np.float32]  # float32 (3,), where the acting hand first touches
    contact: NDArray[np.bool_]  # bool (t,), whether the acting hand touches the object
    # float64 (3, 3) px
    camera_K: NDArray[np.float64]  # noqa: N815  the field is named as the matrix is
    T_world_camera: NDArray[np.float64]  # float64 (4, 4) m, OpenCV axes
    skin_rgb: NDArray[np.float32]  # float32 (3,) in [0, 1], sRGB
    hand_scale: float  # 1 is 0.185 m from the wrist to the middle finger's tip
    side: str  # the acting hand, "left" or "right"
    task: str  # key of the kitchen's `TASKS`
    text: str  # its sentence or one of its paraphrases
    seed: int  # of scene and performance
    fps: int  # frames a second

    @property
    def hand_masks(self) -> NDArray[np.bool_]:
        """Bool (t, 2, h, w), pixels of the left and of the right hand with their arms."""
        return np.stack([self.labels == 1, self.labels == 2], axis=1)
