"""Lifting for any calibrated camera: PnP on MediaPipe's metric landmarks, its depths corrected by the scene's."""

from __future__ import annotations

from dataclasses import KW_ONLY, asdict, dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.hands.sides import MetricHands
from ivg.types import FPS, JOINTS, SCALE_RANGE, Camera, HandTracks

from .depth_correction import Array, DepthCorrection, surface_depths
from .lifter import INDEX_TIP, THUMB_TIP, LiftedHands

PALM_BONES = ((0, 1), (0, 5), (5, 9), (9, 13), (13, 17), (0, 17))  # pairs of joints, which fingers do not change
PALM_BONES_M = 0.274  # their length in all, of a hand of scale 1
_NO_DISTORTION = np.zeros(4)


@dataclass(eq=False, repr=False)
class PnPLifter:
    """Lifts the hands of one clip by perspective-n-point, whatever the camera and the scene.

    The pose of MediaPipe's metric landmarks that fits their image points is found by SQPNP (Terzakis and
    Lourakis 2020) and refined by Levenberg-Marquardt. MediaPipe's landmarks vary in size by a fifth, so that they are
    brought to one size first. With the context's depth, depths are corrected (`DepthCorrection`); corrected hands keep
    their image points.

    The depth is float (h, w), metres along the optical axis, of the scene without the hand, in any size, of the
    camera's shape; if it is None, expect errors twice as large. A `hand_scale` of 1 is `ivg.types.PALM_TO_TIP_M` from
    wrist to middle finger tip; None takes the landmarks as MediaPipe sizes them, frame by frame. What cannot be used is
    an `InputError`.

    Example:
        >>> found = detector.metric(frames)
        >>> hands = PnPLifter(found, depth_m, fps=8)(clean_tracks(found.tracks, fps=8), camera)
    """

    found: MetricHands  # what `MediaPipeHands.metric` found in the clip
    depth_m: NDArray[np.floating] | None = None
    _: KW_ONLY
    fps: float = FPS
    hand_scale: float | None = 1.0
    correction: DepthCorrection = field(default_factory=DepthCorrection)

    def __post_init__(self) -> None:
        self.correction = self.correction or DepthCorrection()
        if not self.fps > 0:
            raise InputError(f"fps must be positive, got {self.fps}")
        if self.hand_scale is not None and not SCALE_RANGE[0] <= self.hand_scale <= SCALE_RANGE[1]:
            raise InputError(f"hand_scale must lie in {list(SCALE_RANGE)}, got {self.hand_scale}")
        if self.depth_m is not None:
            depth_m = np.asarray(self.depth_m)
            if depth_m.ndim != 2 or depth_m.dtype.kind != "f" or 0 in depth_m.shape:
                raise InputError(f"depth_m must be a float array (h, w), metres, got {depth_m.dtype} {depth_m.shape}")
            if not (np.isfinite(depth_m) & (depth_m > 0)).any():
                raise InputError("depth_m must be positive somewhere: it holds metres along the optical axis")
            self.depth_m = depth_m.astype(np.float64)

    def __call__(self, tracks: HandTracks, camera: Camera) -> LiftedHands:
        """Lift the clip's hands from tracks cleaned from `found`; a hand that no pose before the camera fits is absent.

        Raises:
            InputError: If tracks and landmarks are not of one clip, or the depth image has another shape than the
                camera's.
        """
        if self.depth_m is not None:
            height, width = self.depth_m.shape
            if abs(width / height - camera.width / camera.height) > 0.02 * camera.width / camera.height:
                sizes = f"depth_m is {width} x {height}, the camera's image {camera.width} x {camera.height}"
                raise InputError(f"{sizes}: sides must be in the same proportion")
        landmarks = landmarks_of(tracks, self.found)
        joints = np.full((len(tracks), 2, JOINTS, 3), np.nan)
        for frame, hand in np.argwhere(tracks.present):
            shape = _sized(landmarks[frame, hand].astype(np.float64), self.hand_scale)
            joints[frame, hand] = pose_landmarks(shape, tracks.keypoints[frame, hand], camera)
        for hand in (0, 1):
            self._correct(joints[:, hand], tracks.keypoints[:, hand], camera)
        pose = camera.T_world_camera
        world = (joints @ pose[:3, :3].T + pose[:3, 3]).astype(np.float32)
        settings = None if self.depth_m is None else asdict(self.correction)
        provenance = {"landmarks": "mediapipe", "hand_scale": self.hand_scale, "depth_correction": settings}
        return LiftedHands(world, np.isfinite(joints).all((2, 3)), "pnp", provenance)

    def _correct(self, joints: Array, keypoints: NDArray[np.float32], camera: Camera) -> None:
        """Scale the joints (t, 21, 3) of one hand about the camera, frame by frame."""
        frames = np.flatnonzero(np.isfinite(joints).all((1, 2)))
        if self.depth_m is None or not len(frames):
            return
        points = 0.5 * (keypoints[frames, THUMB_TIP] + keypoints[frames, INDEX_TIP]).astype(np.float64)
        focal = float(camera.K[0, 0]) * self.depth_m.shape[1] / camera.width
        surface = surface_depths(self.depth_m, points, focal, self.correction)
        depths = 0.5 * (joints[frames, THUMB_TIP, 2] + joints[frames, INDEX_TIP, 2])
        pixels = points * (camera.width, camera.height)
        across = np.where(np.isfinite(surface), surface, depths)[:, None] * pixels / (camera.K[0, 0], camera.K[1, 1])
        corrected = self.correction(depths, surface, _speeds(across, frames) * self.fps, frames)
        joints[frames] *= (corrected / depths)[:, None, None]


def pose_landmarks(landmarks_m: Array, keypoints: NDArray[np.floating], camera: Camera) -> Array:
    """Return landmarks in the camera's axes, at their image points; NaN where no pose in front of the camera was found.

    The landmarks are float64 (21, 3), m, in axes of their own; the keypoints float (21, 2), normalised.
    """
    pixels = np.asarray(keypoints, np.float64) * (camera.width, camera.height)
    fits, rotation, offset = cv2.solvePnP(landmarks_m, pixels, camera.K, _NO_DISTORTION, flags=cv2.SOLVEPNP_SQPNP)
    if fits:
        rotation, offset = cv2.solvePnPRefineLM(landmarks_m, pixels, camera.K, _NO_DISTORTION, rotation, offset)
        joints = landmarks_m @ cv2.Rodrigues(rotation)[0].T + offset[:, 0]
        if np.isfinite(joints).all() and (joints[:, 2] > 0).all():
            return np.asarray(joints, np.float64)
    return np.full((JOINTS, 3), np.nan)


def landmarks_of(tracks: HandTracks, found: MetricHands) -> NDArray[np.float32]:
    """Return the world landmarks float32 (t, 2, 21, 3), m, of tracks that were cleaned from a detector's.

    In each frame the hands take the assignment whose joints lie nearest. The landmarks of a hand that was filled in
    are interpolated in time; they are NaN where there is no hand. Other numbers of frames, or a hand that was never
    found, are an `InputError`.
    """
    if len(tracks) != len(found):
        raise InputError(f"tracks have {len(tracks)} frames, the landmarks {len(found)}: they must be of one clip")
    landmarks = np.full(found.world_landmarks_m.shape, np.nan, np.float32)
    for frame in range(len(tracks)):
        order = min(([0, 1], [1, 0]), key=lambda order: _cost(tracks, found, frame, order))
        landmarks[frame] = found.world_landmarks_m[frame, order]
    for hand in (0, 1):
        _fill(landmarks[:, hand], tracks.present[:, hand])
    landmarks[~tracks.present] = np.nan
    return landmarks


def _cost(tracks: HandTracks, found: MetricHands, frame: int, order: list[int]) -> float:
    """Mean distance of joints in the image; a hand on one side only counts as one image width."""
    here, there = tracks.present[frame], found.tracks.present[frame, order]
    step = tracks.keypoints[frame] - found.tracks.keypoints[frame, order]
    distance = np.linalg.norm(step, axis=-1).mean(-1).astype(np.float64)
    return float(distance[here & there].sum() + (here != there).sum())


def _fill(landmarks: NDArray[np.float32], present: NDArray[np.bool_]) -> None:
    """Put landmarks (t, 21, 3) into the frames that have a hand and none yet."""
    finite = np.isfinite(landmarks).all((1, 2))
    known, missing = np.flatnonzero(finite), np.flatnonzero(present & ~finite)
    if len(missing) and not len(known):
        raise InputError("a hand of the tracks has world landmarks in no frame: they must be of one clip")
    for frame in missing:
        after = int(np.clip(np.searchsorted(known, frame), 1, max(len(known) - 1, 1)))
        low, high = known[after - 1], known[min(after, len(known) - 1)]
        fraction = float(np.clip((frame - low) / max(high - low, 1), 0, 1))
        landmarks[frame] = (1 - fraction) * landmarks[low] + fraction * landmarks[high]


def _sized(landmarks_m: Array, hand_scale: float | None) -> Array:
    """Bring landmarks (21, 3) to the size at which the palm's bones are as long as they should be."""
    if hand_scale is None:
        return landmarks_m
    ends = np.array(PALM_BONES)
    own = np.linalg.norm(landmarks_m[ends[:, 0]] - landmarks_m[ends[:, 1]], axis=-1).sum()
    return np.asarray(landmarks_m * (PALM_BONES_M * hand_scale / max(own, 1e-6)))


def _speeds(points: Array, frames: NDArray[np.int64]) -> Array:
    """Return the lower of the speeds before and after each point (n, k), a frame; that of a lone point is 0."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=-1) / np.diff(frames)
    steps = np.pad(steps, 1, mode="edge") if len(steps) else np.zeros(2)
    return np.minimum(steps[:-1], steps[1:])
