"""From a demonstration's clip to a gripper's path in metres: tracks cleaned, lifted, read off (loads torch)."""

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

if TYPE_CHECKING:
    from .hands3d.lifting import HandLifter, LiftedHands
    from .retargeting.refinement import Contact

MIN_FRAMES = 4
"""A hand seen in fewer frames than this gives no path."""

_ACTS_M = 0.03
"""A hand that goes further than this in the later half of a clip does not only steady something."""


class NoHandError(IvgError):
    """A clip shows no hand, or shows it in too few frames."""


@dataclass(frozen=True, eq=False)
class ExtractedDemonstration:
    """A demonstration and the gripper's path that was read off it.

    Attributes:
        demonstration: Clip and detections, t frames.
        camera: What the clip is seen by.
        tracks: The detections, followed, with short gaps filled.
        hands: Their joints in the world.
        hand: Whose path it is: "left" or "right".
        path: The gripper's path, t frames.
        contact: What the hand touches, if a depth picture told; `hands` and `path` are moved there.
    """

    demonstration: Demonstration
    camera: Camera
    tracks: CleanTracks
    hands: LiftedHands
    hand: Side
    path: GripperTrajectory
    contact: Contact | None = None

    @property
    def joints_world_m(self) -> NDArray[np.float32]:
        """float32 (t, 21, 3), m: the joints of the hand whose path it is; NaN where it is absent."""
        return self.hands.joints_world_m[:, HANDS.index(self.hand)]


def extract(
    demonstration: Demonstration,
    camera: Camera,
    lifter: HandLifter | None = None,
    hand: Side | None = None,
    depth: NDArray[np.floating] | None = None,
) -> ExtractedDemonstration:
    """Read a gripper's path off a demonstration.

    Args:
        demonstration: Of t frames.
        camera: What it is seen by. The clip's pictures may have another size, not another shape.
        lifter: Lifts tracks to metres; the one for `ivg/Kitchen-v0` if None.
        hand: Whose path. If None: the hand that the demonstration was generated with, if it is seen; else the hand
            that is seen in more frames. If the other goes on moving while that one rests, the other: where two hands
            work, one of them steadies, and which does what is the generator's choice in the end.
        depth: Float (h, w), m along the optical axis: what lies behind the demonstration's first frame. If it is given,
            the hand is moved onto what it touches (`ivg.policy.retargeting.refinement`).

    Returns:
        The path and all that lies on the way to it.

    Raises:
        NoHandError: If no hand, or not the hand asked for, is seen in at least `MIN_FRAMES` frames.
        InputError: If `hand` is none of "left" and "right", or the lifter refuses the camera.
    """
    if hand is not None and hand not in HANDS:
        raise unknown_option("hand", hand, HANDS)
    if lifter is None:
        from .hands3d.lifting import HandLifter

        lifter = HandLifter.from_pretrained("kitchen")
    found = _without_context(demonstration)
    height, width = demonstration.clip.shape[1:3]
    tracks = clean_tracks(found, demonstration.fps, width / height)
    hands = lifter(tracks, camera)
    side = _choose(hands, hand, demonstration.provenance)
    contact = None
    if depth is not None:
        from .retargeting.refinement import refine_contact

        contact = refine_contact(hands.joints_world_m[:, HANDS.index(side)], depth, camera)
        hands = _with_hand(hands, side, contact.joints_world_m)
    path = gripper_trajectory(hands.joints_world_m[:, HANDS.index(side)])
    return ExtractedDemonstration(demonstration, camera, tracks, hands, side, path, contact)


def demonstration_of_clip(
    frames: NDArray[np.uint8],
    fps: float,
    detector: Callable[[NDArray[np.uint8]], HandTracks],
    provenance: dict[str, Any] | None = None,
) -> Demonstration:
    """Make a demonstration of a clip that is there already, such as a person's.

    Args:
        frames: uint8 (t, h, w, 3), RGB; frame 0 shows the scene.
        fps: Frames a second.
        detector: Finds the hands; its region of motion (Sec. 3.1.1) is the demonstration's.
        provenance: Where the clip comes from.
    """
    tracks = detector(frames)
    region = region_from_tracks(tracks, *frames.shape[1:3])
    return Demonstration(
        clip=frames,
        region=region.union,
        keypoints=tracks.keypoints,
        present=tracks.present,
        fps=fps,
        provenance=dict(provenance or {}),
        region_per_frame=region.per_frame,
        score=tracks.score,
    )


def _without_context(demonstration: Demonstration) -> HandTracks:
    """Return the detections without those in frame 0: it shows the scene, and what is found there is no hand."""
    keypoints, present = demonstration.keypoints.copy(), demonstration.present.copy()
    score = demonstration.score.copy()
    keypoints[0], present[0], score[0] = np.nan, False, 0.0
    return HandTracks(keypoints, present, score)


def _with_hand(hands: LiftedHands, side: Side, joints: NDArray[np.float32]) -> LiftedHands:
    """Return hands with other joints (t, 21, 3) for one of them."""
    every = hands.joints_world_m.copy()
    every[:, HANDS.index(side)] = joints
    return replace(hands, joints_world_m=every)


def _choose(hands: LiftedHands, asked: Side | None, provenance: dict[str, Any]) -> Side:
    """Return whose path to take."""
    seen: dict[str, int] = dict(zip(HANDS, hands.present.sum(0).tolist(), strict=True))
    generated = str(provenance.get("appearance", {}).get("side"))
    most = max(seen, key=lambda name: seen[name])
    side: str = asked or (generated if seen.get(generated, 0) >= MIN_FRAMES else most)
    if seen[side] < MIN_FRAMES:
        whose = f"the {asked} hand" if asked else "a hand"
        raise NoHandError(f"{whose} is seen in {seen[side]} of {len(hands.present)} frames; a path needs {MIN_FRAMES}")
    if not asked and min(seen.values()) >= MIN_FRAMES:
        further = {name: _moved_later(hands.joints_world_m[:, place]) for place, name in enumerate(HANDS)}
        other = next(name for name in HANDS if name != side)
        if further[other] > max(_ACTS_M, 2 * further[side]):
            side = other
    return cast(Side, side)


def _moved_later(joints_world_m: NDArray[np.floating]) -> float:
    """Return how far a hand (t, 21, 3) goes in the later half of the frames in which it is seen, m."""
    middles = joints_world_m[np.isfinite(joints_world_m).all((1, 2))].mean(1)
    return float(np.linalg.norm(np.diff(middles[len(middles) // 2 :], axis=0), axis=1).sum())
