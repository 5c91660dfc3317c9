"""The hand by itself: bones, joints, skin, pinches."""

from __future__ import annotations

import numpy as np
import pytest

from ivg.envs.errors import EnvsError
from ivg.envs.human.hand.kinematics import FingerPose, HandShape, pose_hand
from ivg.envs.human.hand.poses import OPEN, PINCH_GAPS_M, curled, opening, pinch, pinch_point
from ivg.envs.human.hand.skin_mesh import REST_POSE, skin_mesh
from ivg.envs.human.rotations import blend, from_quaternion, to_quaternion, yaw_pitch_roll

CLAW = curled(0.55, 0.75, spread=0.10, thumb=(0.15, 0.45, 0.2, 0.25, 0.3))
FLAT = curled(0.10, 0.14, spread=0.10, thumb=(0.15, 0.10, 0.0, 0.15, 0.15))
POSES = (FingerPose(), OPEN, FLAT, CLAW, pinch(0.004), pinch(0.03), pinch(0.08))
PARENTS = [0, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19]


def bone_lengths(joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(joints - joints[..., PARENTS, :], axis=-1)


def test_hand_of_scale_one_has_the_stated_length() -> None:
    joints = pose_hand(FingerPose(), HandShape()).joints
    assert np.linalg.norm(joints[12] - joints[0]) == pytest.approx(0.185, rel=0.01)


@pytest.mark.parametrize("pose", POSES)
def test_bending_changes_no_bone(pose: FingerPose) -> None:
    shape = HandShape(1.1, 1.05, 0.95, 1.02)
    assert bone_lengths(pose_hand(pose, shape).joints) == pytest.approx(
        bone_lengths(pose_hand(FingerPose(), shape).joints), abs=1e-12
    )


def test_scale_scales_every_joint() -> None:
    assert pose_hand(CLAW, HandShape(1.2)).joints == pytest.approx(1.2 * pose_hand(CLAW, HandShape()).joints)


@pytest.mark.parametrize("pose", POSES)
def test_left_is_the_mirror_of_right(pose: FingerPose) -> None:
    right = pose_hand(pose, HandShape())
    left = right.mirrored()
    assert left.joints == pytest.approx(right.joints * [1, -1, 1])
    assert np.linalg.det(left.bone_rotations) == pytest.approx(1.0)
    assert left.mirrored().bone_rotations == pytest.approx(right.bone_rotations)


@pytest.mark.parametrize("gap", PINCH_GAPS_M)
def test_pinch_opens_as_wide_as_asked(gap: float) -> None:
    """Between the joints lies the object and the flesh of both tips."""
    joints = pose_hand(pinch(gap), HandShape()).joints
    assert np.linalg.norm(joints[4] - joints[8]) == pytest.approx(gap, abs=0.012)


def test_opening_grows_with_the_gap_and_the_pinch_point_moves_smoothly() -> None:
    shape = HandShape()
    states = [pose_hand(pinch(gap), shape) for gap in np.linspace(0.004, 0.08, 20)]
    openings = [opening(state, shape) for state in states]
    assert np.all(np.diff(openings) > 0)
    assert 0.0 <= openings[0] < 0.15 < 0.7 < openings[-1] <= 1.0
    assert np.abs(np.diff([pinch_point(state) for state in states], axis=0)).max() < 0.005


def test_skin_is_closed_round_the_joints_and_weights_add_up() -> None:
    mesh = skin_mesh()
    edges = np.sort(np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]]), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert np.all(counts == 2)
    assert mesh.weights.sum(axis=1) == pytest.approx(1.0)
    corners = mesh.vertices[mesh.faces]
    assert np.einsum("ni,ni->n", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() > 0


def test_neighbouring_fingers_share_no_skin() -> None:
    weights = skin_mesh().weights
    fingers = np.stack([weights[:, 5 + 3 * k : 8 + 3 * k].sum(axis=1) for k in range(4)], axis=1)
    assert np.all((fingers > 1e-6).sum(axis=1) <= 1)


def test_reshaping_follows_the_joints() -> None:
    mesh, shape = skin_mesh(), HandShape(1.1, 1.06, 0.94, 1.0)
    vertices, rest = mesh.reshaped(shape)
    assert rest.joints == pytest.approx(pose_hand(REST_POSE, shape).joints)
    tip = np.linalg.norm(mesh.vertices - mesh.rest.joints[12], axis=1).argmin()
    assert np.linalg.norm(vertices[tip] - rest.joints[12]) < 0.01
    assert mesh.reshaped(HandShape())[0] == pytest.approx(mesh.vertices, abs=1e-9)


def test_impossible_proportions_are_refused() -> None:
    with pytest.raises(EnvsError, match=r"HandShape.scale is 2.0; it must lie in \[0.7, 1.3\]"):
        HandShape(scale=2.0)


def test_rotations_round_trip_and_blend() -> None:
    rng = np.random.default_rng(0)
    for angles in rng.uniform(-3, 3, (50, 3)):
        rotation = yaw_pitch_roll(*angles)
        assert from_quaternion(to_quaternion(rotation)) == pytest.approx(rotation)
    start, end = yaw_pitch_roll(0.2, 0.1, 0.0), yaw_pitch_roll(1.2, 0.1, 0.0)
    assert blend(start, end, 0.5) == pytest.approx(yaw_pitch_roll(0.7, 0.1, 0.0))
