"""A small store of moving blobs, and configurations that train in a blink."""

from pathlib import Path

import numpy as np
import pytest

from ivg.data.clip_record import ClipRecord
from ivg.data.clip_store import ClipStore

SIZE = 32


def blob_clip(seed: int) -> ClipRecord:
    """A "hand" (a bright disc with joints on it) that moves across a plain scene from frame 1 on."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE]
    context = np.broadcast_to(rng.integers(20, 120, 3, dtype=np.uint8), (SIZE, SIZE, 3))
    frames = np.repeat(context[None], 16, 0).copy()
    labels = np.zeros((16, SIZE, SIZE), np.uint8)
    keypoints = np.full((16, 2, 21, 2), np.nan, np.float32)
    angles = np.linspace(0, 2 * np.pi, 21, endpoint=False)
    row = rng.uniform(10, 22)
    for frame in range(1, 16):
        column = 6 + 20 * frame / 15
        disc = (x - column) ** 2 + (y - row) ** 2 < 36
        frames[frame][disc] = (230, 180, 150)
        labels[frame][disc] = 2
        circle = np.stack([column + 6 * np.cos(angles), row + 6 * np.sin(angles)], -1)
        keypoints[frame, 1] = circle / SIZE
    present = np.isfinite(keypoints).all((2, 3))
    text = ("push the disc", "move the disc")[seed % 2]
    return ClipRecord(
        frames=frames,
        keypoints=keypoints,
        present=present,
        score=present.astype(np.float32),
        info={"task": "push", "text": text, "seed": seed},
        labels=labels,
        appearance=np.array([0.8, 0.4, 0.2, 0, 1], np.float32) if seed % 3 else None,
    )


@pytest.fixture(scope="session")
def blob_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blobs") / "clips"
    store = ClipStore.create(path, count=64, size=SIZE, fps=8, source="blobs")
    for index in (0, 1, 2, 3, 4, 5, 31, 63):
        store.write(index, blob_clip(index))
    return path
