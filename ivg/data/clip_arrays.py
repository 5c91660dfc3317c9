"""Clips in memory, as training reads them: frames, labels, and what moves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError
from .clip_store import ClipStore

HAND_LABELS = (1, 2)  # Values of `labels` for the left and the right arm with its hand

CHANGE_THRESHOLD = 24  # A pixel has changed if a channel differs from the context frame's by more than this


@dataclass(frozen=True, eq=False)
class ClipArrays:
    """Some clips of a store, whole in memory."""

    indices: NDArray[np.int64]  # int64 (n,), their indices in the store
    frames: NDArray[np.uint8]  # uint8 (n, t, s, s, 3)
    labels: NDArray[np.uint8]  # uint8 (n, t, s, s); 255 everywhere for clips without ground truth
    keypoints: NDArray[np.float32]  # float32 (n, t, 2, 21, 2), the annotation, NaN where absent
    appearance: NDArray[np.float32]  # float32 (n, 5), NaN where unknown
    texts: list[str]  # Sentence of each clip
    tasks: list[str]  # Task key of each clip

    @classmethod
    def load(cls, store: ClipStore, indices: NDArray[np.int64], threads: int = 4) -> Self:
        """Read clips of a store; a `StoreError` if there are none."""
        if not len(indices):
            raise StoreError(
                f"{store.path} holds no clips for this split; {len(store.indices_done)} are written in all"
            )
        names = ("frames", "labels", "keypoints", "appearance")
        arrays = {
            name: np.empty((len(indices), *store.array(name).shape[1:]), store.array(name).dtype) for name in names
        }

        def read(row: int) -> None:
            for name, array in arrays.items():
                array[row] = store.array(name)[int(indices[row])]

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(read, range(len(indices))))
        infos = [store.info(int(index)) for index in indices]
        texts, tasks = [str(i.get("text", "")) for i in infos], [str(i.get("task", "")) for i in infos]
        return cls(np.asarray(indices), **arrays, texts=texts, tasks=tasks)

    def __len__(self) -> int:
        return len(self.indices)

    def hands(self, clip: int, frame: int | slice) -> NDArray[np.bool_]:
        """Return where hands and arms are, bool (s, s) or (t, s, s); nowhere without ground truth."""
        labels = self.labels[clip, frame]
        return (labels == HAND_LABELS[0]) | (labels == HAND_LABELS[1])

    def moved(self, clip: int, frame: int | slice) -> NDArray[np.bool_]:
        """Return where moved objects are and look different from the context frame, shapes as `hands`."""
        labels = self.labels[clip, frame]
        return (labels > max(HAND_LABELS)) & (labels != 255) & self.changed(clip, frame)

    def moving(self, clip: int, frame: int | slice) -> NDArray[np.bool_]:
        """Return where a hand or a moved object is, or, without ground truth, where anything has changed."""
        labels = self.labels[clip, frame]
        return (labels > 0) & self.changed(clip, frame)

    def changed(self, clip: int, frame: int | slice) -> NDArray[np.bool_]:
        """Return where pixels differ clearly from the context frame."""
        return changed_pixels(self.frames[clip, frame], self.frames[clip, 0])

    def hull(self, clip: int, frame: int) -> NDArray[np.bool_]:
        """Return the filled convex hull of the annotated joints of one frame, bool (s, s)."""
        return hull_mask(self.keypoints[clip, frame], self.frames.shape[2])


def changed_pixels(frames: NDArray[np.uint8], context: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where (..., h, w, 3) differs from (h, w, 3) by more than `CHANGE_THRESHOLD` in a channel."""
    difference = np.maximum(frames, context) - np.minimum(frames, context)
    return np.asarray((difference > CHANGE_THRESHOLD).any(-1))


def hull_mask(keypoints: NDArray[np.float32], size: int) -> NDArray[np.bool_]:
    """Fill the convex hull of the joints (2, 21, 2) of a frame, NaN where absent: the paper's M_l."""
    points = keypoints[np.isfinite(keypoints).all(-1)]
    mask = np.zeros((size, size), np.uint8)
    if len(points) >= 3:
        pixels = np.floor(np.clip(points, -8, 8).astype(np.float64) * size).astype(np.int32)
        cv2.fillConvexPoly(mask, cv2.convexHull(pixels), (1,))
    return mask.astype(bool)
