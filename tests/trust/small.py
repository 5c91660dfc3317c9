"""Small things that the tests of this folder work on: a store of clips, a dataset, what lies in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings

from ivg.data.clip_record import ClipRecord
from ivg.data.clip_store import ClipStore
from ivg.policy import Demonstration

SIZE = 32


def few(examples: int) -> settings:
    """Settings of a property test: always the same examples and no deadline, so that it never fails by chance."""
    slow = [HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=slow)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files of a folder, by their names in it; of a file itself."""
    found = folder.rglob("*") if folder.is_dir() else [folder]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if path.is_file()}


def clip_of(seed: int) -> ClipRecord:
    """Return a clip of a "hand" (a bright disc with joints on it) that moves across a plain scene from frame 1 on."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE]
    frames = np.tile(rng.integers(20, 120, 3, dtype=np.uint8), (16, SIZE, SIZE, 1))
    labels = np.zeros((16, SIZE, SIZE), np.uint8)
    keypoints = np.full((16, 2, 21, 2), np.nan, np.float32)
    angles, row = np.linspace(0, 2 * np.pi, 21, endpoint=False), rng.uniform(10, 22)
    for frame in range(1, 16):
        column = 6 + 20 * frame / 15
        disc = (x - column) ** 2 + (y - row) ** 2 < 36
        frames[frame][disc], labels[frame][disc] = (230, 180, 150), 2
        keypoints[frame, 1] = np.stack([column + 6 * np.cos(angles), row + 6 * np.sin(angles)], -1) / SIZE
    present = np.isfinite(keypoints).all((2, 3))
    info = {"task": "push", "text": ("push the disc", "move the disc")[seed % 2], "seed": seed}
    return ClipRecord(frames, keypoints, present, present.astype(np.float32), info, labels=labels)


def write_clips(path: Path) -> Path:
    """Write a store to train on; clips 31 and 63 are held out."""
    store = ClipStore.create(path, count=64, size=SIZE, fps=8, source="discs")
    for index in (0, 1, 2, 3, 4, 5, 31, 63):
        store.write(index, clip_of(index))
    return path


def demonstration(seed: int = 0) -> Demonstration:
    """Return a demonstration of noise, which does not pack well."""
    rng = np.random.default_rng(seed)
    return Demonstration(
        clip=rng.integers(0, 256, (8, 64, 64, 3), np.uint8),
        region=rng.random((64, 64)) > 0.5,
        keypoints=rng.random((8, 2, 21, 2)).astype(np.float32),
        present=np.ones((8, 2), bool),
        fps=8.0,
        provenance={"prompt": "stir the pot", "seed": seed},
    )


_HEEDED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""Ctrl-C is heeded also where these tests run in the background of a shell, which ignores it for all it begins."""


def python(code: str, arguments: Sequence[str] = (), **environment: str) -> subprocess.Popen[str]:
    """Begin a Python process of its own, one that Ctrl-C in a terminal would reach with all of its children."""
    return subprocess.Popen(
        [sys.executable, "-c", _HEEDED + code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_one_thread(environment),
        start_new_session=True,
    )


def _one_thread(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}
