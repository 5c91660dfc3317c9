"""A clip store of one rendered clip, many times over."""

import numpy as np
import pytest

from ivg.data.clip_record import ClipRecord
from ivg.data.clip_store import ClipStore
from ivg.types import Camera


@pytest.fixture(scope="session")
def camera(human_clip):
    size = human_clip.frames.shape[1]
    return Camera(human_clip.camera_K, human_clip.T_world_camera, size, size)


@pytest.fixture(scope="session")
def store(human_clip, tmp_path_factory):
    """Three clips, MediaPipe's joints being the true ones; the last is held out."""
    clip, path = human_clip, tmp_path_factory.mktemp("lifting") / "store"
    store = ClipStore.create(path, count=3, size=128, fps=8, source="test")
    present = np.isfinite(clip.keypoints).all((2, 3)) & (clip.visible > 0)
    record = ClipRecord(
        frames=clip.frames,
        keypoints=np.where(present[..., None, None], clip.keypoints, np.float32(np.nan)),
        present=present,
        score=present.astype(np.float32),
        info={"task": clip.task, "side": clip.side},
        gt_keypoints=clip.keypoints,
        joints_world_m=clip.joints_world_m,
        gripper_trajectory=clip.gripper_trajectory,
        contact=clip.contact,
        K=clip.camera_K,
        T_world_camera=clip.T_world_camera,
    )
    for index in range(3):
        store.write(index, record)
    return store
