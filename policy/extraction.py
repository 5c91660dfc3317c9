"""From a demonstration's clip to a gripper's trajectory in metres: tracks cleaned, lifted, retargeted (loads torch)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ivg.errors import IvgError, unknown_option
from ivg.region import region_from_tracks
from ivg.types import HANDS, Camera, HandTracks, Side

from .datasets import Demonstration
from .hands3d.tracking import CleanTracks, clean_tracks
from .retargeting import GripperTrajectory, gripper_trajectory
from .retargeting.refinement import Contact, refine_contact

if TYPE_CHECKING:
    from .hands3d.lifting import HandLifter, LiftedHands

MIN_FRAMES = 4  # a hand seen in fewer frames gives no trajectory
_ACTS_M = 0.03  # a hand that moves further in the later half of a clip does not only steady something


class NoHandError(IvgError):
    """A clip shows no hand, or shows it in too few frames."""


@dataclass(frozen=True, eq=False)
class ExtractedDemonstration:
    """A demonstration of t frames and the gripper trajectory that was read from it."""

    demonstration: Demonstration
    camera: Camera
    tracks: CleanTracks  # the detections, with consistent identities and short gaps filled
    hands: LiftedHands
    hand: Side  # of the trajectory
    trajectory: GripperTrajectory
    contact: Contact | None = None  # if a depth image was given; `hands` and `trajectory` are moved there

    @property
    def joints_world_m(self) -> NDArray[np.float32]:
        """float32 (t, 21, 3), m: the joints of the trajectory's hand; NaN where it is absent."""
        return self.hands.joints_world_m[:, HANDS.index(self.hand)]


def extract(
    demonstration: Demonstration,
    camera: Camera,
    lifter: HandLifter | None = None,
    hand: Side | None = None,
    depth: NDArray[np.floating] | None = None,
) -> ExtractedDemonstration:
    """Read a gripper's trajectory from a demonstration.

    The clip's frames may have another size than the camera's, not another shape. The lifter is the one for
    `ivg/Kitchen-v0` if None. If no hand is asked for, it is the one that the demonstration was generated with, if it is
    seen; else the one that is seen in more frames. If the other goes on moving while that one rests, the other: where
    two hands work, one of them steadies. With the depth, float (h, w), m along the optical axis, of the first frame,
    the hand is moved onto what it touches (`ivg.policy.retargeting.refinement`).

    Raises:
        NoHandError: If no hand, or not the hand asked for, is seen in at least `MIN_FRAMES` frames.
        InputError: If `hand` is none of "left" and "right", or the lifter refuses the camera.
    """
    if hand not in (None, *HANDS):
        raise unknown_option("hand", hand, HANDS)
    if lifter is None:
        from .hands3d.lifting import HandLifter

        lifter = HandLifter.from_pretrained("kitchen")
    height, width = demonstration.clip.shape[1:3]
    keypoints, present = demonstration.keypoints.copy(), demonstration.present.copy()
    score = demonstration.score.copy()
    keypoints[0], present[0], score[0] = np.nan, False, 0.0  # frame 0 shows the scene without a hand
    tracks = clean_tracks(HandTracks(keypoints, present, score), demonstration.fps, width / height)
    hands = lifter(tracks, camera)
    side = _choose(hands, hand, demonstration.provenance)
    slot, contact = HANDS.index(side), None
    if depth is not None:
        contact = refine_contact(hands.joints_world_m[:, slot], depth, camera)
        joints = hands.joints_world_m.copy()
        joints[:, slot] = contact.joints_world_m
        hands = replace(hands, joints_world_m=joints)
    trajectory = gripper_trajectory(hands.joints_world_m[:, slot])
    return ExtractedDemonstration(demonstration, camera, tracks, hands, side, trajectory, contact)


def demonstration_of_clip(
    frames: NDArray[np.uint8],
    fps: float,
    detector: Callable[[NDArray[np.uint8]], HandTracks],
    provenance: dict[str, Any] | None = None,
) -> Demonstration:
    """Make a demonstration of a given clip, such as a recorded one.

    The frames are uint8 (t, h, w, 3), RGB; frame 0 shows the scene. The region of motion (Sec. 3.1.1) of the hands
    that the detector finds is the demonstration's.
    """
    tracks = detector(frames)
    region = region_from_tracks(tracks, *frames.shape[1:3])
    found = (region.union, tracks.keypoints, tracks.present, fps, dict(provenance or {}))
    return Demonstration(frames, *found, region_per_frame=region.per_frame, score=tracks.score)


def _choose(hands: LiftedHands, asked: Side | None, provenance: dict[str, Any]) -> Side:
    seen: dict[str, int] = dict(zip(HANDS, hands.present.sum(0).tolist(), strict=True))
    generated = str(provenance.get("appearance", {}).get("side"))
    most = max(seen, key=lambda name: seen[name])
    side: str = asked or (generated if seen.get(generated, 0) >= MIN_FRAMES else most)
    if seen[side] < MIN_FRAMES:
        what = f"the {asked} hand" if asked else "a hand"
        frames = f"{seen[side]} of {len(hands.present)} frames"
        raise NoHandError(f"{what} is seen in {frames}; a trajectory needs {MIN_FRAMES}")
    if not asked and min(seen.values()) >= MIN_FRAMES:
        further = {name: _moved_later(hands.joints_world_m[:, slot]) for slot, name in enumerate(HANDS)}
        other = next(name for name in HANDS if name != side)
        if further[other] > max(_ACTS_M, 2 * further[side]):
            side = other
    return cast(Side, side)


def _moved_later(joints_world_m: NDArray[np.floating]) -> float:
    """Return how far, in m, a hand (t, 21, 3) moves in the later half of the frames in which it is seen."""
    middles = joints_world_m[np.isfinite(joints_world_m).all((1, 2))].mean(1)
    return float(np.linalg.norm(np.diff(middles[len(middles) // 2 :], axis=0), axis=1).sum())
