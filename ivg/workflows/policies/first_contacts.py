"""First contacts of hands in rendered scenes: of the truth, of lifted tracks, of another person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...data.clip_record import ClipRecord
from ...data.clip_store import ClipStore
from ...types import HANDS, Camera, HandTracks, Side
from ..clips.context_depth import ContextDepth

if TYPE_CHECKING:
    from ...policy.hands3d.lifting import HandLifter
    from ...policy.hands3d.training.first_contact import FirstContact, TrueContact

ANOTHER = 50_000_000  # added to a scene's seed: the person whose performance is compared with the scene's own
FIRST_OBJECT = 3  # lowest label of a moved object in a store's `labels`


@dataclass(frozen=True, eq=False)
class Scene:
    """A held-out scene: its true clip, where that touches, and the depth of the context."""

    index: int
    record: ClipRecord
    truth: TrueContact
    depth: NDArray[np.float32]
    fps: float

    @property
    def camera(self) -> Camera:
        """The camera of the clip."""
        return _camera_of(self.record)


@dataclass(frozen=True)
class Touch:
    """Where a hand that was moved onto what it touches does so, and how well."""

    contact: FirstContact
    cost: float


def read_scenes(store: ClipStore) -> list[Scene]:
    """Return the scenes of all clips of a store."""
    with ContextDepth(store.size) as contexts:
        scenes = []
        for index in store.indices_done:
            record = store.read(int(index))
            depth = contexts(record.info, record.frames[0])
            scenes.append(Scene(int(index), record, _true_contact(record, depth), depth, store.fps))
    return scenes


def _true_contact(record: ClipRecord, depth: NDArray[np.float32]) -> TrueContact:
    """Return where and when the hand of a rendered clip touches, and the object's visible points."""
    from ...policy.hands3d.training.first_contact import TrueContact, visible_points

    assert record.joints_world_m is not None
    assert record.contact is not None
    assert record.grasp_point is not None
    assert record.labels is not None
    points = visible_points(depth, record.labels[0] >= FIRST_OBJECT, _camera_of(record))
    joints = record.joints_world_m[:, HANDS.index(record.info["side"])]
    return TrueContact.of(joints, record.contact, record.grasp_point, points)


def _camera_of(record: ClipRecord) -> Camera:
    assert record.K is not None
    assert record.T_world_camera is not None
    size = record.frames.shape[1]
    return Camera(np.asarray(record.K), np.asarray(record.T_world_camera), size, size)


def others_contacts(scenes: list[Scene]) -> list[FirstContact | None]:
    """Return where another person who does the same in the same scene first touches: how much people differ."""
    from ...envs.human.demonstrator import HumanDemonstrator
    from ...envs.kitchen.scene.scene import sample_scene

    demonstrator = HumanDemonstrator(size=32)
    contacts: list[FirstContact | None] = []
    for scene in scenes:
        task, seed = scene.record.info["scene"]
        clip = demonstrator.render(scene.record.task, int(seed) + ANOTHER, sample_scene(task, int(seed)))
        joints = clip.joints_world_m[:, HANDS.index(clip.side)]
        contacts.append(scene.truth.at(joints, int(clip.contact.argmax())))
    demonstrator.close()
    return contacts


def contacts_of(lifter: HandLifter, generated: HandTracks, scene: Scene) -> dict[str, FirstContact | None]:
    """Return the first contacts of a scene of the truth and of the hands as lifted, by row of `ROWS`."""
    record, truth = scene.record, scene.truth
    assert record.joints_world_m is not None
    true_clip = HandTracks(record.keypoints, record.present, record.score)
    return {
        "truth": truth.at(record.joints_world_m[:, HANDS.index(record.info["side"])], truth.frame),
        "true_clip": _first(_lifted(lifter, true_clip, scene), truth),
        "generated": _first(_lifted(lifter, generated, scene), truth),
    }


def touch_of(lifter: HandLifter, tracks: HandTracks, scene: Scene, side: Side | None = None) -> Touch | None:
    """Return where a clip's hand touches when it is moved onto what is there; None without a hand."""
    from ...policy.control.planning import interaction_of
    from ...policy.retargeting.refinement import refine_contact

    hand = _lifted(lifter, tracks, scene, side)
    if hand is None:
        return None
    moved = refine_contact(hand, scene.depth, scene.camera)
    joints = moved.joints_world_m
    return Touch(scene.truth.at(joints, interaction_of(joints)[0].first), moved.cost)


def _lifted(
    lifter: HandLifter, tracks: HandTracks, scene: Scene, side: Side | None = None
) -> NDArray[np.float32] | None:
    """Return the joints (t, 21, 3) of the acting hand; of the other one, if only that is seen; None without a hand."""
    from ...policy.hands3d.tracking import clean_tracks

    hands = lifter(clean_tracks(tracks, scene.fps), scene.camera)
    acting, seen = HANDS.index(side or scene.record.info["side"]), hands.present.sum(0)
    return hands.joints_world_m[:, acting if seen[acting] else 1 - acting] if seen.any() else None


def _first(joints: NDArray[np.float32] | None, truth: TrueContact) -> FirstContact | None:
    from ...policy.retargeting import gripper_trajectory

    return None if joints is None else truth.of_trajectory(joints, gripper_trajectory(joints))
