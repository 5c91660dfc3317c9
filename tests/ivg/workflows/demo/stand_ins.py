"""In place of pipeline, detector and kitchen: quick, and the same each time."""

from types import SimpleNamespace

import gymnasium
import numpy as np
import torch

from ivg.policy import DemoGenerator
from ivg.policy.hands3d.lifting import HandLifter
from ivg.types import HandTracks, RegionOfMotion

SIZE = 64
TIMES = {"prepare": 0.1, "text": 0.1, "region": 0.2, "clip": 0.4, "decode": 0.1, "total": 0.9}


class Pipeline:
    """Called like the pipeline; a light square moves over the context frame, alike for a seed and its steps."""

    device = torch.device("cpu")
    components: dict = {}

    def __init__(self, before_step=lambda: None):
        self.before_step, self.calls = before_step, []

    def __call__(
        self, frame, text, *, seed, appearance, progress_callback, num_inference_steps=10, region_callback=None
    ):
        self.calls.append(SimpleNamespace(text=text, seed=seed, side=appearance.side))
        clip = np.repeat(frame[None], 16, axis=0)
        masks = np.zeros(clip.shape[:3], bool)
        for t in range(1, 16):
            masks[t, 10:30, 2 * t : 2 * t + 20] = True
        clip[masks] = 100 + (seed + num_inference_steps) % 100
        progress_callback("region", 1, 1)
        region = RegionOfMotion(masks)
        if region_callback is not None:
            region_callback(region)
        for step in range(num_inference_steps):
            self.before_step()
            progress_callback("clip", step + 1, num_inference_steps)
        times = {**TIMES, "region_step": 0.02, "clip_step": 0.04}
        return SimpleNamespace(frames=clip, region=region, appearance=appearance, timings=times, fps=8)


def right_hand(frames):
    """A right hand in all frames but the first and the last."""
    keypoints = np.full((len(frames), 2, 21, 2), np.nan, np.float32)
    for t in range(1, len(frames) - 1):
        keypoints[t, 1] = np.linspace((0.1, 0.1), (0.3 + t / 40, 0.3), 21)
    present = np.isfinite(keypoints).all((-1, -2))
    return HandTracks(keypoints, present, present.astype(np.float32))


def no_hand(frames):
    present = np.zeros((len(frames), 2), bool)
    return HandTracks(np.full((len(frames), 2, 21, 2), np.nan, np.float32), present, present.astype(np.float32))


def generator(detector=right_hand, before_step=lambda: None, weights="nano", rewriter="none"):
    return DemoGenerator(Pipeline(before_step), detector=detector, weights=weights, rewriter=rewriter)


class Bench(gymnasium.Env):
    """In place of the kitchen: an environment whose task is done after some steps, or never."""

    metadata = {"render_fps": 20}

    def __init__(self, done_after=5, camera_at=(0.0, 0.0, 0.0), task="cut_carrot", before_step=lambda: None):
        self.done_after, self.camera_at, self.task, self.before_step = done_after, camera_at, task, before_step
        self.steps, self.closed = 0, False

    def observation(self):
        proprio = np.zeros(16, np.float32)
        proprio[2:4] = 0.3, 1.0
        return {"image": np.full((SIZE, SIZE, 3), 50, np.uint8), "proprio": proprio}

    def reset(self, *, seed=None, options=None):
        level = HandLifter.from_pretrained("kitchen").canonical_camera
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = level.rotation, level.position_m + self.camera_at
        K = np.array([[SIZE, 0, SIZE / 2], [0, SIZE, SIZE / 2], [0, 0, 1]], float)
        camera = {"K": K, "T_world_camera": pose, "width": SIZE, "height": SIZE}
        return self.observation(), {"task": self.task, "camera": camera}

    def step(self, action):
        self.before_step()
        self.steps += 1
        done = self.done_after is not None and self.steps >= self.done_after
        return self.observation(), 0.0, done, self.steps >= 600, {"is_success": done}

    def depth(self):
        return np.full((SIZE, SIZE), 3.0, np.float32)  # a wall far behind all hands

    def close(self):
        self.closed = True


def put_bench(monkeypatch, **settings):
    """Let gymnasium make benches; return the list of those that were made."""
    made = []

    def make(*_, **__):
        made.append(Bench(**settings))
        return made[-1]

    monkeypatch.setattr(gymnasium, "make", make)
    return made
