"""Rendered clips as records of a clip store."""

from __future__ import annotations

from typing import cast

import numpy as np

from ...data.clip_record import ClipRecord
from ...envs.human.clip import HumanClip
from ...hands import MediaPipeHands
from ...types import SCALE_RANGE, Appearance, Side


def record_of(clip: HumanClip, *, source: str, scene: tuple[str, int] | None = None) -> ClipRecord:
    """Return a rendered clip as a record, not yet annotated; `scene` is what it was laid out for, if not for itself."""
    frames, scale = len(clip.frames), float(np.clip(clip.hand_scale, *SCALE_RANGE))
    skin = np.clip(np.asarray(clip.skin_rgb, dtype=np.float32), 0, 1)
    return ClipRecord(
        frames=clip.frames,
        keypoints=np.full((frames, 2, 21, 2), np.nan, dtype=np.float32),
        present=np.zeros((frames, 2), dtype=bool),
        score=np.zeros((frames, 2), dtype=np.float32),
        info={
            "task": clip.task,
            "text": clip.text,
            "seed": int(clip.seed),
            "side": clip.side,
            "object": clip.object_name,
            "source": source,
            "scene": list(scene or (clip.task, int(clip.seed))),
            "annotated": False,
        },
        appearance=Appearance(skin, scale, cast(Side, clip.side)).vector,
        gt_keypoints=clip.keypoints,
        gt_visible=clip.visible,
        labels=clip.labels,
        joints_world_m=clip.joints_world_m,
        gripper_trajectory=clip.gripper_trajectory,
        object_pose=clip.object_pose,
        grasp_point=np.asarray(clip.grasp_point_world_m, dtype=np.float32),
        contact=clip.contact,
        K=np.asarray(clip.camera_K, dtype=np.float64),
        T_world_camera=np.asarray(clip.T_world_camera, dtype=np.float64),
    )


def annotated(record: ClipRecord, detector: MediaPipeHands) -> ClipRecord:
    """Return the record with the detector's keypoints."""
    tracks = detector(record.frames)
    values = {**vars(record), "keypoints": tracks.keypoints, "present": tracks.present, "score": tracks.score}
    return ClipRecord(**{**values, "info": {**record.info, "annotated": True}})
