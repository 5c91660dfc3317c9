"""Dexterous hands: a hand that the robot's fits is found again, with the package that does it."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.errors import InputError
from ivg.policy.retargeting.dexterous import dexterous_trajectory

pytestmark = pytest.mark.interop

LINKS = {"palm": "wrist", "thumb": "thumb_tip", "index": "index_tip", "middle": "middle_tip", "knuckle_2": "middle_pip"}
JOINT = {"palm": 0, "thumb": 4, "index": 8, "middle": 12, "knuckle_2": 10}
ROOTS = {"thumb": (0.02, 0.04, 0.0), "index": (0.08, 0.02, 0.0), "middle": (0.08, -0.02, 0.0)}
LINK = '<link name="{}"><inertial><mass value="0.01"/><inertia ixx="1e-5" ixy="0" ixz="0" iyy="1e-5" iyz="0" izz="1e-5"/></inertial></link>'  # noqa: E501
HINGE = (
    '<joint name="{name}" type="revolute"><parent link="{parent}"/><child link="{child}"/><origin xyz="{xyz}"/>'
    '<axis xyz="0 1 0"/><limit lower="{low}" upper="{high}" effort="1" velocity="1"/></joint>'
)
FIXED = (
    '<joint name="{name}" type="fixed"><parent link="{parent}"/><child link="{child}"/><origin xyz="0.04 0 0"/></joint>'
)


@pytest.fixture(scope="module")
def retargeting():
    return pytest.importorskip("dex_retargeting", reason="needs ivg[dexterous]")


@pytest.fixture(scope="module")
def urdf(tmp_path_factory):
    """Three fingers of two hinges each."""
    parts = [LINK.format("palm")]
    for number, (finger, root) in enumerate(ROOTS.items()):
        base, knuckle = f"base_{number}", f"knuckle_{number}"
        parts += [LINK.format(name) for name in (base, knuckle, finger)]
        xyz = " ".join(str(value) for value in root)
        parts.append(HINGE.format(name=f"{finger}_a", parent="palm", child=base, xyz=xyz, low=-0.2, high=1.5))
        parts.append(HINGE.format(name=f"{finger}_b", parent=base, child=knuckle, xyz="0.05 0 0", low=0, high=1.5))
        parts.append(FIXED.format(name=f"{finger}_tip", parent=knuckle, child=finger))
    path = tmp_path_factory.mktemp("urdf") / "hand.urdf"
    path.write_text(f'<robot name="hand">{"".join(parts)}</robot>')
    return path


def places(angles):
    """Where the links are in the palm's frame, for angles of three fingers (3, 2): written out by hand."""
    found = {"palm": np.zeros(3)}
    for number, (finger, root) in enumerate(ROOTS.items()):
        first, both = (Rotation.from_rotvec([0, a, 0]) for a in (angles[number, 0], angles[number].sum()))
        knuckle = np.array(root) + first.apply([0.05, 0, 0])
        found[f"knuckle_{number}"], found[finger] = knuckle, knuckle + both.apply([0.04, 0, 0])
    return found


@pytest.fixture(scope="module")
def motion():
    """A hand that the robot's can copy exactly: joints (6, 21, 3), angles (6, 3, 2), its pose."""
    angles = np.linspace(0.3, 1.1, 6)[:, None, None] * np.array([[0.6, 0.8], [1.0, 0.9], [0.8, 1.0]])
    turn, place = Rotation.from_euler("xyz", [2.6, -0.4, 1.9]), np.array([0.3, -0.1, 0.2])
    joints = np.repeat(place[None, None], 6, 0).repeat(21, 1)
    for frame in range(6):
        for link, where in places(angles[frame]).items():
            if link in JOINT:
                joints[frame, JOINT[link]] = turn.apply(where) + place
    return joints, angles, turn, place


def test_a_hand_like_the_robots_is_copied(retargeting, urdf, motion):
    joints, angles, turn, place = motion
    path = dexterous_trajectory(joints, urdf, LINKS)
    assert path.joint_names == tuple(f"{finger}_{part}" for finger in ("index", "middle", "thumb") for part in "ab")
    assert (path.error_m < 0.001).all()
    order = [path.joint_names.index(f"{finger}_{part}") for finger in ROOTS for part in "ab"]
    np.testing.assert_allclose(path.joint_rad[:, order], angles.reshape(6, 6), atol=0.1)
    np.testing.assert_allclose(path.base_pose[:, :3], np.tile(place, (6, 1)), atol=0.002)
    found = Rotation.from_quat(path.base_pose[:, [4, 5, 6, 3]])
    assert (found * turn.inv()).magnitude().max() < 0.02


def test_the_base_moves_with_the_hand_and_the_fingers_do_not(retargeting, urdf, motion):
    joints = motion[0]
    moved = joints + np.array([0.1, 0.2, -0.05])
    one, other = (dexterous_trajectory(hand, urdf, LINKS) for hand in (joints, moved))
    np.testing.assert_allclose(other.joint_rad, one.joint_rad, atol=0.05)
    np.testing.assert_allclose(
        other.base_pose[:, :3] - one.base_pose[:, :3], np.tile([0.1, 0.2, -0.05], (6, 1)), atol=4e-3
    )


def test_joints_keep_to_their_limits_and_absent_frames_stay_absent(retargeting, urdf, human_clip):
    hand = human_clip.joints_world_m[:, 0 if human_clip.side == "left" else 1].copy()
    hand[7] = np.nan
    path = dexterous_trajectory(hand, urdf, LINKS, scale=0.9)
    assert path.present.tolist() == [False, *[True] * 6, False, *[True] * 8]
    for values in (path.joint_rad, path.base_pose, path.error_m):
        np.testing.assert_array_equal(np.isfinite(values.reshape(16, -1)).all(1), path.present)
    assert (path.joint_rad[path.present] >= -0.21).all()
    assert (path.joint_rad[path.present] <= 1.51).all()
    assert np.median(path.error_m[path.present]) < 0.03


@pytest.mark.parametrize(
    ("links", "complaint"),
    [
        ({"palm": "wrist"}, "3 or more"),
        ({**LINKS, "palm": "wirst"}, "did you mean 'wrist'"),
        ({**LINKS, "indx": "index_tip"}, "did you mean 'index'"),
    ],
)
def test_links_and_joints_that_there_are_not_are_refused(retargeting, urdf, motion, links, complaint):
    with pytest.raises(InputError, match=complaint):
        dexterous_trajectory(motion[0], urdf, links)


def test_what_is_no_robot_is_refused(retargeting, tmp_path, motion):
    with pytest.raises(InputError, match="no URDF"):
        dexterous_trajectory(motion[0], tmp_path / "hand.urdf", LINKS)
    (tmp_path / "hand.urdf").write_text("nonsense")
    with pytest.raises(InputError, match="cannot be read as a URDF"):
        dexterous_trajectory(motion[0], tmp_path / "hand.urdf", LINKS)


@pytest.mark.parametrize("shape", [(21, 3), (4, 21, 2)])
def test_other_shapes_are_refused(urdf, shape):
    with pytest.raises(InputError, match="joints_world_m must have shape"):
        dexterous_trajectory(np.zeros(shape), urdf, LINKS)


def test_a_clip_without_a_hand_has_no_path(urdf):
    with pytest.raises(InputError, match="no frame has a hand"):
        dexterous_trajectory(np.full((4, 21, 3), np.nan), urdf, LINKS)
