"""Training data of the lifter: hands of a clip store, as rays of the canonical camera and joints in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.data.clip_store import ClipStore
from ivg.errors import StoreError
from ivg.types import HANDS, Camera, HandTracks

from ..lifting.network import CanonicalCamera

_ARRAYS = ("keypoints", "present", "score", "gt_keypoints", "joints_world_m", "contact", "K", "T_world_camera")


@dataclass(frozen=True, eq=False)
class StoreHands:
    """Tracks, cameras and truth of n clips of a store."""

    index: NDArray[np.int64]  # (n,), of the clips in the store
    task: tuple[str, ...]
    acting: NDArray[np.int64]  # (n,), 0 where the left hand acts, 1 where the right one does
    keypoints: NDArray[np.float32]  # (n, t, 2, 21, 2), MediaPipe's, normalised
    present: NDArray[np.bool_]  # (n, t, 2)
    score: NDArray[np.float32]  # (n, t, 2)
    gt_keypoints: NDArray[np.float32]  # (n, t, 2, 21, 2), true ones; NaN where there is no hand
    joints_world_m: NDArray[np.float32]  # (n, t, 2, 21, 3)
    contact: NDArray[np.bool_]  # (n, t), of the acting hand
    grasp_point_world_m: NDArray[np.float32]  # (n, 3), where it touches first; NaN where unknown
    cameras: tuple[Camera, ...]

    @classmethod
    def read(cls, store: ClipStore, indices: NDArray[np.int64]) -> StoreHands:
        """Read clips without their frames; none, or one without ground truth, is a `StoreError`."""
        if not len(indices):
            raise StoreError(f"{store.path} has no clip to take hands from")
        arrays = {name: np.stack([store.array(name)[int(i)] for i in indices]) for name in (*_ARRAYS, "grasp_point")}
        lacking = np.isnan(arrays["joints_world_m"]).all((1, 2, 3, 4)) | np.isnan(arrays["K"]).any((1, 2))
        infos = [store.info(int(i)) for i in indices]
        for index, lacks, info in zip(indices, lacking, infos, strict=True):
            if lacks or info.get("side") not in HANDS:
                raise StoreError(f"clip {index} of {store.path} has no ground truth to lift by: render one with it")
        cameras = zip(arrays.pop("K"), arrays.pop("T_world_camera"), strict=True)
        return cls(
            index=np.asarray(indices),
            task=tuple(str(info.get("task", "")) for info in infos),
            acting=np.array([HANDS.index(info["side"]) for info in infos]),
            present=arrays.pop("present") == 1,
            contact=arrays.pop("contact") == 1,
            grasp_point_world_m=arrays.pop("grasp_point"),
            cameras=tuple(Camera(K, T, store.size, store.size) for K, T in cameras),
            **arrays,
        )

    def __len__(self) -> int:
        return len(self.index)

    def found(self, clip: int) -> HandTracks:
        """MediaPipe's tracks of a clip."""
        present = self.present[clip]
        keypoints = np.where(present[..., None, None], self.keypoints[clip], np.float32(np.nan))
        return HandTracks(keypoints, present, np.where(present, self.score[clip], np.float32(0)))

    def true(self, clip: int) -> HandTracks:
        """The true tracks of a clip: hands of which any joint lies in the image."""
        points = self.gt_keypoints[clip]
        present = ((points >= 0) & (points <= 1)).all(-1).any(-1)
        keypoints = np.where(present[..., None, None], points, np.float32(np.nan))
        return HandTracks(keypoints, present, present.astype(np.float32))


def lifting_samples(hands: StoreHands, canonical: CanonicalCamera) -> dict[str, NDArray[Any]]:
    """Return hands to train on by name (`_sample`), each array with m rows: one a clip and visible hand."""
    visible = [(c, h) for c in range(len(hands)) for h in (0, 1) if hands.true(c).present[:, h].any()]
    rows = [_sample(hands, clip, hand, canonical) for clip, hand in visible]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _sample(hands: StoreHands, clip: int, hand: int, canonical: CanonicalCamera) -> dict[str, Any]:
    camera, mirrored = hands.cameras[clip], hand == 0
    joints = canonical.from_world(hands.joints_world_m[clip, :, hand], camera, mirrored=mirrored)
    known = np.isfinite(joints).all((1, 2))
    found, true = hands.found(clip), hands.true(clip)
    rays = (found.keypoints[:, hand], hands.gt_keypoints[clip, :, hand])
    found_rays, true_rays = (np.nan_to_num(canonical.rays(points, camera, mirrored=mirrored)) for points in rays)
    return {
        "found": found_rays.astype(np.float32),  # (t, 21, 2), the canonical camera's rays as MediaPipe finds them
        "true": true_rays.astype(np.float32),  # (t, 21, 2)
        "found_present": found.present[:, hand] & known,  # (t,)
        "true_present": true.present[:, hand] & known,  # (t,)
        "score": found.score[:, hand],  # (t,), of MediaPipe
        "position": canonical.position(camera, mirrored=mirrored).astype(np.float32),  # (3,), the camera's
        "is_right": np.bool_(not mirrored),
        "joints": np.nan_to_num(joints).astype(np.float32),  # (t, 21, 3), m, in the canonical camera
        "known": known,  # (t,), where `joints` are
        "contact": hands.contact[clip] & (hand == hands.acting[clip]),  # (t,)
    }
