"""Renders and annotates clips in a process of its own.

The functions at the bottom are what the pool calls; they work on the one `_Worker` that `start` leaves in the
process.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from ..data.clip_store import ClipRecord, ClipStore
from ..envs.kitchen.scene.scene import sample_scene
from ..jobs.processes import ONE_THREAD
from ..types import SCALE_RANGE, Appearance, Side

if TYPE_CHECKING:
    from ..envs.human.clip import HumanClip
    from ..envs.human.demonstrator import HumanDemonstrator
    from ..hands import MediaPipeHands


@dataclass(frozen=True)
class RenderJob:
    """One clip to render.

    Attributes:
        index: Its place in the store.
        task: What the hand does.
        seed: Of the scene and of the performance.
        scene: Task and seed that the scene is laid out for, if not the same.
    """

    index: int
    task: str
    seed: int
    scene: tuple[str, int] | None = None


def record_of(clip: HumanClip, *, source: str, scene: tuple[str, int] | None = None) -> ClipRecord:
    """Returns a rendered clip as a record for the store, not yet annotated.

    Args:
        clip: As the demonstrator gives it.
        source: What the store says of where clips come from.
        scene: Task and seed that the scene was laid out for; the clip's own if None.
    """
    frames = len(clip.frames)
    scale = float(np.clip(clip.hand_scale, *SCALE_RANGE))
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
    """Returns the record with the detector's keypoints."""
    tracks = detector(record.frames)
    values = {**vars(record), "keypoints": tracks.keypoints, "present": tracks.present, "score": tracks.score}
    return ClipRecord(**{**values, "info": {**record.info, "annotated": True}})


class _Worker:
    def __init__(self, store: Path, size: int, annotate: bool) -> None:
        import cv2

        from ..envs.human.demonstrator import HumanDemonstrator
        from ..hands import MediaPipeHands

        cv2.setNumThreads(1)
        self.store = ClipStore.open(store, mode="r+")
        self.demonstrator: HumanDemonstrator = HumanDemonstrator(size=size)
        self.detector = MediaPipeHands() if annotate else None

    def render(self, job: RenderJob) -> int:
        scene = sample_scene(*job.scene) if job.scene else None
        clip = self.demonstrator.render(job.task, job.seed, scene)
        record = record_of(clip, source=str(self.store.attrs["source"]), scene=job.scene)
        if self.detector is not None:
            record = annotated(record, self.detector)
        self.store.write(job.index, record)
        return job.index


_workers: list[_Worker] = []  # the one of this process


def start(store: Path, size: int, annotate: bool) -> None:
    """Prepares this process: renderer, detector, store. Ctrl-C is left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(ONE_THREAD)
    _workers[:] = [_Worker(store, size, annotate)]


def render(job: RenderJob) -> int:
    """Renders one clip into the store and returns its index."""
    return _workers[0].render(job)
