"""What holds for all inputs: geometry, turns, tracks, paths, plans, times. Stores and parsers have their own files.

Few examples, always the same ones: the point is that somebody who changes a formula hears of it.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ivg.types import JOINTS, Appearance, Camera, HandTracks

from .small import few

Array = NDArray[np.float64]


SEEDS = st.integers(0, 2**32 - 1)
ANGLES = st.floats(-math.pi, math.pi)
TURNS = st.tuples(*[st.floats(-3, 3)] * 3).map(lambda vector: Rotation.from_rotvec(vector).as_matrix())
PLACES = st.tuples(*[st.floats(-5, 5)] * 3).map(np.array)


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    """Draw any pinhole camera with a picture of its own."""
    width, height = draw(st.integers(8, 2000)), draw(st.integers(8, 2000))
    focal = max(width, height) * draw(st.floats(0.4, 4))
    K = np.array([[focal, 0, draw(st.floats(0, 1)) * width], [0, focal, draw(st.floats(0, 1)) * height], [0, 0, 1]])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = draw(TURNS), draw(PLACES)
    return Camera(K, pose, width, height)


def in_front(camera: Camera, seed: int, count: int = 21) -> Array:
    """World points (n, 3) that a camera sees, 0.2 to 3 m away."""
    rng = np.random.default_rng(seed)
    depth = rng.uniform(0.2, 3, (count, 1))
    pixels = np.concatenate([rng.random((count, 2)) * (camera.width, camera.height), np.ones((count, 1))], 1)
    local = depth * (pixels @ np.linalg.inv(camera.K).T)
    return np.asarray(local @ camera.T_world_camera[:3, :3].T + camera.T_world_camera[:3, 3])


def seen_by(camera: Camera, points: Array) -> Array:
    """Normalised picture points, as the environments project them."""
    from ivg.envs.camera import project

    return np.asarray(project(vars(camera), points))


# Cameras


@few(60)
@given(camera=cameras(), seed=SEEDS)
def test_points_in_the_picture_are_projected_into_the_picture(camera: Camera, seed: int) -> None:
    seen = seen_by(camera, in_front(camera, seed))
    assert ((seen > -1e-6) & (seen < 1 + 1e-6)).all()


@few(60)
@given(camera=cameras(), away=st.tuples(*[st.floats(-0.15, 0.15)] * 3), seed=SEEDS, mirrored=st.booleans())
def test_a_ray_through_a_projected_point_goes_through_the_point(
    camera: Camera, away: tuple[float, ...], seed: int, mirrored: bool
) -> None:
    from ivg.policy.hands3d.lifting.network import CanonicalCamera

    pose = camera.T_world_camera
    level = CanonicalCamera(pose[:3, :3] @ Rotation.from_rotvec(away).as_matrix(), pose[:3, 3] + 0.1)
    points = in_front(camera, seed)
    local = level.from_world(points, camera, mirrored=mirrored)
    assume((local[:, 2] > 0.11 * np.linalg.norm(local, axis=1)).all())
    rays = level.rays(seen_by(camera, points), camera, mirrored=mirrored)
    np.testing.assert_allclose(rays * local[:, 2:], local[:, :2], atol=1e-6)
    np.testing.assert_allclose(level.to_world(local, camera, mirrored=mirrored), points, atol=1e-9)


@few(40)
@given(camera=cameras(), seed=SEEDS)
def test_a_posed_hand_is_found_again_from_its_picture(camera: Camera, seed: int) -> None:
    from ivg.policy.hands3d.lifting.pnp import pose_landmarks

    rng = np.random.default_rng(seed)
    shape = rng.normal(0, 0.04, (JOINTS, 3))
    turn = Rotation.random(random_state=rng).as_matrix()
    local = shape @ turn.T + [rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), rng.uniform(0.4, 1.5)]
    world = local @ camera.T_world_camera[:3, :3].T + camera.T_world_camera[:3, 3]
    found = pose_landmarks(shape, seen_by(camera, world), camera)
    np.testing.assert_allclose(found, local, atol=1e-4)


@few(30)
@given(fovy=st.floats(5, 150), width=st.integers(1, 3000), height=st.integers(1, 3000), turn=TURNS, place=PLACES)
def test_a_pinhole_s_edges_lie_where_its_field_of_view_ends(
    fovy: float, width: int, height: int, turn: Array, place: Array
) -> None:
    from ivg.envs.camera import pinhole, project

    camera = pinhole(place, turn, fovy, width, height)
    Camera(**camera)  # is one
    half = np.tan(np.radians(fovy) / 2)
    points = np.array([[0, -half, 1], [0, 0, 1], [0, half, 1], [half * width / height, 0, 1]]) @ turn.T + place
    np.testing.assert_allclose(project(camera, points), [[0.5, 0], [0.5, 0.5], [0.5, 1], [1, 0.5]], atol=1e-6)


@few(12)
@given(height=st.floats(0.3, 1.2), ground=st.floats(-0.5, 0.5), tilt=st.floats(-0.5, 0.5), pan=ANGLES)
def test_a_level_ground_has_its_height_wherever_it_is_seen(
    height: float, ground: float, tilt: float, pan: float
) -> None:
    from ivg.policy.retargeting.refinement.height_map import height_map

    down = Rotation.from_euler("zx", [pan, tilt]).as_matrix() @ np.diag([1.0, -1.0, -1.0])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = down, (0.2, -0.1, ground + height)
    camera = Camera(np.array([[60.0, 0, 24], [0, 60, 24], [0, 0, 1]]), pose, 48, 48)
    v, u = np.mgrid[:48, :48] + 0.5
    rays = np.stack([(u - 24) / 60, (v - 24) / 60, np.ones_like(u)], -1) @ down.T
    depth = -height / rays[..., 2]  # of the ground, along the optical axis
    middle = pose[:3, 3] - height / down[2, 2] * down[:, 2]
    heights = height_map(depth, camera, middle).height_m
    assert np.isfinite(heights).mean() > 0.2
    spread = height * 0.03 + 0.003  # a pixel's part of a slanted view has the depth of its middle
    assert np.abs(heights[np.isfinite(heights)] - ground).max() < spread


# Turns


@few(60)
@given(first=TURNS, second=TURNS, share=st.floats(0, 1))
def test_quaternions_and_matrices_are_two_ways_to_say_one_thing(first: Array, second: Array, share: float) -> None:
    from ivg.envs.human import rotations as r

    quaternion = r.to_quaternion(first)
    assert np.linalg.norm(quaternion) == pytest.approx(1)
    assert quaternion[0] >= 0
    np.testing.assert_allclose(r.from_quaternion(quaternion), first, atol=1e-9)
    np.testing.assert_allclose(r.from_quaternion(-quaternion), first, atol=1e-9)
    apart = Rotation.from_matrix(first.T @ second).magnitude()
    assume(apart < math.pi - 1e-3)  # half a turn has two shortest ways
    mixed = r.blend(first, second, share)
    np.testing.assert_allclose(mixed, r.blend(second, first, 1 - share), atol=1e-5)
    assert Rotation.from_matrix(first.T @ mixed).magnitude() == pytest.approx(share * apart, abs=1e-5)


@few(60)
@given(yaw=ANGLES, pitch=ANGLES, roll=ANGLES, axis=PLACES, hint=PLACES)
def test_what_is_called_a_rotation_is_one(yaw: float, pitch: float, roll: float, axis: Array, hint: Array) -> None:
    from ivg.envs.human import rotations as r

    assume(np.linalg.norm(np.cross(axis, hint)) > 1e-3)
    for matrix in (r.yaw_pitch_roll(yaw, pitch, roll), r.frame_from(axis, hint)):
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(matrix) == pytest.approx(1)
    np.testing.assert_allclose(r.yaw_pitch_roll(yaw, 0, 0), r.about_z(yaw), atol=1e-12)
    np.testing.assert_allclose(r.about_x(roll) @ r.about_x(-roll), np.eye(3), atol=1e-12)


@few(40)
@given(vector=st.tuples(*[st.floats(-3, 3)] * 3), length=st.floats(1e-3, 100), noise=PLACES)
def test_turns_as_tensors_agree_with_scipy_s_and_come_back(
    vector: tuple[float, ...], length: float, noise: Array
) -> None:
    import torch

    from ivg.policy.learning.networks import rotations as r

    turn = Rotation.from_rotvec(vector)
    matrix = r.rotation_vector_to_matrix(torch.tensor(vector, dtype=torch.float64))
    np.testing.assert_allclose(matrix.numpy(), turn.as_matrix(), atol=1e-9)
    quaternion = torch.tensor(length * turn.as_quat()[[3, 0, 1, 2]])
    np.testing.assert_allclose(r.quaternion_to_matrix(quaternion).numpy(), turn.as_matrix(), atol=1e-6)
    np.testing.assert_allclose(r.six_to_matrix(r.matrix_to_six(matrix)).numpy(), matrix.numpy(), atol=1e-9)
    six = r.matrix_to_six(matrix) * length + torch.tensor(0.05 * length * np.concatenate([noise, -noise[::-1]]) / 5)
    made = r.six_to_matrix(six).numpy()
    np.testing.assert_allclose(made @ made.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(made) == pytest.approx(1)


@few(40)
@given(seed=SEEDS, turn=TURNS, now=TURNS)
def test_what_a_policy_predicts_becomes_the_command_that_it_was_made_of(seed: int, turn: Array, now: Array) -> None:
    import torch

    from ivg.policy.learning.actions import Commands, Targets

    rng = np.random.default_rng(seed)
    action = rng.uniform(-1, 1, 7).astype(np.float32)
    places = [rng.uniform(-1, 1, 16).astype(np.float32) for _ in range(2)]
    for place, matrix in zip(places, (turn, now), strict=True):
        place[3:7] = Rotation.from_matrix(matrix).as_quat()[[3, 0, 1, 2]]
    there, here = (torch.from_numpy(place) for place in places)
    for coding in (Targets(), Commands()):
        predicted = coding.encode(torch.from_numpy(action)[None, None], there[None, None], here[None])
        assert predicted.shape == (1, 1, coding.size)
        command = coding.command(coding.hold(predicted[0], here)[0], places[0])
        np.testing.assert_allclose(command, action, atol=2e-4)


@few(40)
@given(seed=SEEDS, width=st.floats(0, 1e3), middle=st.floats(-1e3, 1e3))
def test_scaling_is_undone_by_its_inverse_and_keeps_to_its_range(seed: int, width: float, middle: float) -> None:
    import torch

    from ivg.policy.learning.networks.normalizer import RangeNormalizer

    values = torch.from_numpy(middle + width * np.random.default_rng(seed).uniform(-1, 1, (20, 3))).double()
    scale = RangeNormalizer(3).double()
    scale.fit(values.amin(0), values.amax(0))
    assert scale(values).abs().max() <= 1 + 1e-9
    torch.testing.assert_close(scale.inverse(scale(values)), values, atol=1e-9, rtol=1e-9)


# Framing


SIDES = st.integers(1, 200)


@few(80)
@given(height=SIDES, width=SIDES, size=st.integers(1, 160), colour=st.integers(0, 255))
def test_a_frame_keeps_its_colour_and_its_shape_in_the_square_and_back(
    height: int, width: int, size: int, colour: int
) -> None:
    from ivg.framing import Framing

    framing = Framing(height, width, size)
    square = framing.fit(np.full((height, width, 3), colour, np.uint8))
    assert square.shape == (size, size, 3)
    assert (square == colour).all()
    whole = framing.fit_mask(np.ones((height, width), bool))
    rows, columns = framing.window
    assert whole[rows, columns].all()
    assert whole.sum() == (rows.stop - rows.start) * (columns.stop - columns.start)
    assert framing.back_mask(whole).shape == (height, width)
    assert framing.back_mask(whole).all()
    assert not framing.back_mask(framing.fit_mask(np.zeros((height, width), bool))).any()
    values = framing.back(np.full((size, size, 2), 0.25, np.float32))
    np.testing.assert_allclose(values, 0.25)
    assert values.shape == (height, width, 2)


@few(80)
@given(height=SIDES, width=SIDES, size=st.integers(1, 160), x=st.floats(0, 1), y=st.floats(0, 1))
def test_the_window_of_a_frame_is_centred_has_its_aspect_and_holds_its_points(
    height: int, width: int, size: int, x: float, y: float
) -> None:
    from ivg.framing import Framing
    from ivg.workflows.clips.annotate_segments import framed_keypoints

    framing = Framing(height, width, size)
    rows, columns = framing.window
    extent = (rows.stop - rows.start, columns.stop - columns.start)
    assert max(extent) == size
    assert min(rows.start, columns.start) == 0
    for window in (rows, columns):
        assert 0 <= (size - window.stop) - window.start <= 1
    for got, side in zip(extent, (height, width), strict=True):
        assert got == max(1, round(side * size / max(height, width)))
    (point,) = framed_keypoints(np.array([[x, y]], np.float32), framing) * size
    for value, window in zip(point, (columns, rows), strict=True):
        assert window.start - 1e-3 <= value <= window.stop + 1e-3


@few(60)
@given(height=st.integers(1, 300), width=st.integers(1, 300), side=st.integers(1, 300))
def test_a_reduced_picture_is_no_longer_than_asked_for_and_reduced_once(height: int, width: int, side: int) -> None:
    from ivg.io.video_frames import shrink

    picture = np.full((height, width, 3), 77, np.uint8)
    small = shrink(picture, side)
    assert max(small.shape[:2]) == min(side, max(height, width))
    assert (small == 77).all()
    assert shrink(small, side) is small
    if max(height, width) <= side:
        assert small is picture
    for new, old in zip(small.shape[:2], picture.shape[:2], strict=True):
        assert abs(new - old * max(small.shape[:2]) / max(height, width)) <= 1


# Tracks and hands


HAND = np.random.default_rng(0).normal(0, 0.003, (JOINTS, 3)) + np.linspace([0, 0, 0.09], [0.01, 0, 0.02], JOINTS)
HAND[[3, 4, 6, 8]] = [[0, -0.02, 0.03], [0, -0.02, 0], [0, 0.02, 0.03], [0, 0.02, 0]]
PRESENT = st.lists(st.booleans(), min_size=1, max_size=16).map(np.array)


def moving_hand(present: NDArray[np.bool_], seed: int) -> Array:
    """Joints (t, 21, 3) of a hand that goes, turns and opens as a seed says; NaN where it is absent."""
    rng = np.random.default_rng(seed)
    open_by = np.stack([np.ones(len(present)), rng.uniform(0.3, 2.5, len(present)), np.ones(len(present))], 1)
    turns = Rotation.from_rotvec(np.cumsum(rng.normal(0, 0.4, (len(present), 3)), 0)).as_matrix()
    joints = np.einsum("tij,tkj->tki", turns, HAND * open_by[:, None])
    joints = joints + np.cumsum(rng.normal(0, 0.03, (len(present), 1, 3)), 0)
    return np.where(present[:, None, None], joints, np.nan)


def tracks_of(seed: int, frames: int) -> HandTracks:
    """Tracks with gaps; joints within the picture."""
    rng = np.random.default_rng(seed)
    present = rng.random((frames, 2)) < rng.uniform(0.2, 1)
    keypoints = rng.random((frames, 2, JOINTS, 2)).astype(np.float32)
    keypoints[~present] = np.nan
    return HandTracks(keypoints, present, np.where(present, rng.random((frames, 2)), 0).astype(np.float32))


@few(50)
@given(seed=SEEDS, frames=st.integers(1, 20), gap=st.integers(0, 6))
def test_filling_gaps_keeps_what_was_found_and_is_done_once(seed: int, frames: int, gap: int) -> None:
    from ivg.policy.hands3d.tracking import fill_gaps

    tracks = tracks_of(seed, frames)
    filled, new = fill_gaps(tracks, gap)
    was = tracks.present
    np.testing.assert_array_equal(filled.keypoints[was], tracks.keypoints[was])
    np.testing.assert_array_equal(filled.present, was | new)
    assert not (new & was).any()
    for hand in (0, 1):
        seen = np.flatnonzero(was[:, hand])
        for frame in np.flatnonzero(new[:, hand]):
            before, after = seen[seen < frame].max(), seen[seen > frame].min()
            assert after - before - 1 <= gap
            ends = tracks.keypoints[[before, after], hand]
            assert (filled.keypoints[frame, hand] >= ends.min(0) - 1e-6).all()
            assert (filled.keypoints[frame, hand] <= ends.max(0) + 1e-6).all()
    again, none = fill_gaps(filled, gap)
    assert not none.any()
    np.testing.assert_array_equal(again.keypoints, filled.keypoints)


@few(50)
@given(seed=SEEDS, frames=st.integers(1, 20), fps=st.floats(0.5, 240), shift=st.floats(-2, 2), aspect=st.floats(0.2, 5))
@pytest.mark.parametrize("name", ["one-euro", "savitzky-golay"])
def test_smoothing_moves_with_the_hand_and_invents_none(
    name: str, seed: int, frames: int, fps: float, shift: float, aspect: float
) -> None:
    from ivg.policy.hands3d.tracking import SMOOTHERS, smooth_tracks

    tracks, smoother = tracks_of(seed, frames), SMOOTHERS[name]
    assert smoother is not None
    smooth = smooth_tracks(tracks, smoother, fps, aspect)
    np.testing.assert_array_equal(smooth.present, tracks.present)
    np.testing.assert_array_equal(np.isnan(smooth.keypoints), np.isnan(tracks.keypoints))
    moved = HandTracks(tracks.keypoints + np.float32(shift), tracks.present, tracks.score)
    also = smooth_tracks(moved, smoother, fps, aspect)
    np.testing.assert_allclose(also.keypoints, smooth.keypoints + np.float32(shift), atol=1e-5)
    if name == "one-euro" and tracks.present.any():  # each value is a mean of those before it
        assert np.nanmax(smooth.keypoints) <= np.nanmax(tracks.keypoints) + 1e-6
        assert np.nanmin(smooth.keypoints) >= np.nanmin(tracks.keypoints) - 1e-6


@few(50)
@given(present=PRESENT, seed=SEEDS, turn=TURNS, shift=PLACES)
def test_a_gripper_moves_with_its_hand(present: NDArray[np.bool_], seed: int, turn: Array, shift: Array) -> None:
    from ivg.policy.retargeting import gripper_trajectory

    assume(present.any())
    joints = moving_hand(present, seed)
    path, moved = gripper_trajectory(joints), gripper_trajectory(joints @ turn.T + shift)
    np.testing.assert_allclose(moved.poses[present, :3], path.poses[present, :3] @ turn.T + shift, atol=1e-4)
    np.testing.assert_allclose(moved.poses[present, 7], path.poses[present, 7], atol=1e-4)
    assert moved.hand_scale == pytest.approx(path.hand_scale)
    turned = Rotation.from_matrix(turn) * Rotation.from_quat(path.poses[present][:, [4, 5, 6, 3]])
    apart = turned.inv() * Rotation.from_quat(moved.poses[present][:, [4, 5, 6, 3]])
    assert apart.magnitude().max() < 1e-3


@few(50)
@given(present=PRESENT, seed=SEEDS)
def test_a_path_is_held_between_the_frames_that_show_a_hand(present: NDArray[np.bool_], seed: int) -> None:
    from ivg.policy.retargeting import GripperTrajectory, gripper_trajectory

    assume(present.any())
    path = gripper_trajectory(moving_hand(present, seed))
    np.testing.assert_array_equal(np.isfinite(path.poses).all(1), present)
    held = path.held()
    assert held.shape == path.poses.shape
    np.testing.assert_allclose(held[present], path.poses[present], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(held[:, 3:7], axis=1), 1, atol=1e-5)
    assert ((held[:, 7] >= 0) & (held[:, 7] <= 1)).all()
    again = GripperTrajectory(held, np.ones(len(held), bool), path.hand_scale).held()
    np.testing.assert_allclose(again, held, atol=1e-6)
    assert (np.sum(path.poses[present][1:, 3:7] * path.poses[present][:-1, 3:7], axis=1) >= -1e-6).all(), "one sign"


@few(50)
@given(present=PRESENT, seed=SEEDS, reach=st.floats(0.01, 0.3), more=st.floats(0, 0.3), closing=st.floats(0.01, 1))
def test_a_hand_that_is_not_there_touches_nothing_and_a_longer_reach_touches_more(
    present: NDArray[np.bool_], seed: int, reach: float, more: float, closing: float
) -> None:
    from ivg.policy.retargeting import contact_frames, gripper_trajectory

    assume(present.any())
    path = gripper_trajectory(moving_hand(present, seed))
    place = np.random.default_rng(seed).normal(0, 0.1, (len(present), 3))
    near = contact_frames(path, place, reach_m=reach)
    assert (near <= contact_frames(path, place, reach_m=reach + more)).all()
    for frames in (near, contact_frames(path, place[0], reach_m=reach), contact_frames(path, closing=closing)):
        assert frames.dtype == np.bool_
        assert frames.shape == present.shape
        assert not (frames & ~present).any()


@few(40)
@given(seed=SEEDS, count=st.integers(1, 16))
def test_depths_stay_where_the_scene_says_nothing_and_stay_positive_where_it_does(seed: int, count: int) -> None:
    from ivg.policy.hands3d.lifting.depth_correction import DepthCorrection

    rng = np.random.default_rng(seed)
    depth, frames = rng.uniform(0.3, 1.5, count), np.sort(rng.choice(40, count, replace=False))
    speed, unknown = rng.uniform(0, 1, count), np.full(count, np.nan)
    correct = DepthCorrection()
    np.testing.assert_allclose(correct(depth, unknown, speed, frames), depth, rtol=1e-6)
    surface = np.where(rng.random(count) < 0.7, depth * rng.uniform(0.7, 1.4, count), np.nan)
    corrected = correct(depth, surface, speed, frames)
    assert (corrected > 0).all()
    known = np.isfinite(surface)
    before, after = (np.maximum(values - surface, 0)[known].sum() for values in (depth, corrected))
    assert after <= before + 0.05 * known.sum(), "hands do not come to lie deeper in the scene"


# Plans and progress


@st.composite
def plans(draw: st.DrawFn) -> Any:
    """Draw a gripper plan on a table of half a metre."""
    from ivg.policy.control import GripperPlan

    rng, goals = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 12))
    places = rng.uniform([-0.25, -0.25, 0.02], [0.25, 0.25, 0.3], (goals, 3))
    if draw(st.booleans()) and goals > 1:
        places[1] = places[0]  # a goal to close at
    return GripperPlan(
        places,
        np.cumsum(rng.normal(0, 0.3, goals)),
        rng.random(goals) < 0.5,
        rng.uniform(0.05, 0.5, goals),
        np.where(rng.random(goals) < 0.3, 0.2, 0.0),
        np.sort(rng.random(goals)),
        "grasp",
    )


@few(50)
@given(plan=plans())
def test_a_plan_s_way_goes_from_nothing_to_all_of_it(plan: Any) -> None:
    from ivg.policy.conditioning.observation import PLAN_POINTS, plan_observation

    share = plan.fraction_done
    assert share[0] == 0
    goes_on = (np.diff(plan.pos_world_m, axis=0) != 0).any(1) | (np.diff(plan.closed.astype(int)) != 0)
    np.testing.assert_array_equal(np.diff(share) > 0, goes_on)
    assert share[-1] == (pytest.approx(1) if len(plan) > 1 and share.any() else 0)
    poses = plan_observation(plan)
    assert poses.shape == (PLAN_POINTS, 8)
    assert np.isfinite(poses).all()
    np.testing.assert_allclose(np.linalg.norm(poses[:, 3:7], axis=1), 1, atol=1e-6)
    assert ((poses[:, 7] >= 0) & (poses[:, 7] <= 1)).all()
    np.testing.assert_allclose(poses[-1, :3], plan.pos_world_m[-1], atol=1e-6)
    low, high = plan.pos_world_m.min(0) - 1e-6, plan.pos_world_m.max(0) + 1e-6
    assert ((poses[:, :3] >= low) & (poses[:, :3] <= high)).all()


@few(20)
@given(plan=plans(), seed=SEEDS)
def test_a_tracker_asks_for_what_the_robot_can_do_and_comes_to_the_end(plan: Any, seed: int) -> None:
    from ivg.policy.control import TrajectoryTracker

    rng = np.random.default_rng(seed)
    tilted = Rotation.from_rotvec(rng.uniform(-0.6, 0.6, 3))
    tracker, turn = TrajectoryTracker(plan), tilted * Rotation.from_matrix(np.diag([1.0, -1.0, -1.0]))
    place, before = rng.uniform([-0.2, -0.2, 0.1], [0.2, 0.2, 0.4]), (0.0, 0.0)
    for _ in range(3000):
        action = tracker.act(place, turn.as_quat()[[3, 0, 1, 2]])
        assert (np.abs(action) <= 1).all()
        now = (tracker.phase, tracker.fraction_done)
        assert 0 <= now[0] <= 1
        assert before[1] <= now[1] <= 1
        before = now
        if tracker.done:
            break
        place = place + 0.05 * 0.6 * action[:3]  # it lags
        turn = Rotation.from_rotvec(0.5 * 0.6 * action[3:6]) * turn
    assert tracker.done
    np.testing.assert_allclose(place, plan.pos_world_m[-1], atol=0.05)


@few(50)
@given(seed=SEEDS, batch=st.integers(1, 4), points=st.integers(1, 12), lookahead=st.integers(1, 5))
def test_progress_never_falls_and_a_batch_is_its_parts(seed: int, batch: int, points: int, lookahead: int) -> None:
    from ivg.policy.conditioning.tracking_reward import TrajectoryProgress

    rng = np.random.default_rng(seed)
    path, pose = rng.uniform(0, 0.1, (batch, points, 8)), rng.uniform(0, 0.1, (batch, 8))
    index = rng.integers(0, points, batch)
    progress = TrajectoryProgress(reach_m=0.05, lookahead=lookahead)
    after = progress.advance(path, pose, index)
    assert ((after >= index) & (after < points)).all()
    np.testing.assert_array_equal(progress.advance(path, pose, after), after)
    left = progress.distance_left_m(path, pose, after)
    for row in range(batch):
        assert progress.advance(path[row], pose[row], index[row]) == after[row]
        assert progress.distance_left_m(path[row], pose[row], after[row]) == pytest.approx(left[row])
    assert (left >= np.linalg.norm(progress.waypoints(path)[:, -1] - progress.position(pose), axis=-1) - 1e-9).all()
    there = progress.distance_left_m(path, path[:, -1], np.full(batch, points - 1))
    np.testing.assert_allclose(there, 0, atol=1e-12)


@few(40)
@given(potentials=st.lists(st.floats(-3, 1), min_size=2, max_size=20), gamma=st.floats(0.5, 1))
def test_shaping_adds_up_to_what_does_not_depend_on_the_way(potentials: list[float], gamma: float) -> None:
    from ivg.policy.conditioning.tracking_reward import shaping

    for ends in (False, True):
        steps = [
            gamma**t * float(shaping(a, b, gamma, ends and t == len(potentials) - 2))
            for t, (a, b) in enumerate(pairwise(potentials))
        ]
        last = 0.0 if ends else gamma ** (len(potentials) - 1) * potentials[-1]
        assert sum(steps) == pytest.approx(last - potentials[0], abs=1e-9)


# Times, shares, people


@few(60)
@given(a=st.floats(-1, 2), b=st.floats(-1, 2), start=st.floats(0, 15), end=st.floats(0, 15))
def test_a_reach_goes_from_rest_to_rest_and_never_back(a: float, b: float, start: float, end: float) -> None:
    from ivg.envs.human.motion import minimum_jerk, progress

    low, high = sorted((a, b))
    assert 0 <= minimum_jerk(low) <= minimum_jerk(high) + 1e-12 <= 1 + 1e-11
    assert minimum_jerk(a) + minimum_jerk(1 - a) == pytest.approx(1)
    assert progress(start, start, end) == 0
    assert progress(max(start, end) + 1, start, end) == pytest.approx(1)


@few(8)
@given(count=st.integers(1, 24), fps=st.sampled_from([1.0, 8.0, 12.5, 23.976, 29.97, 60.0]), wanted=st.integers(1, 20))
def test_frames_of_a_video_are_taken_evenly_from_its_first_to_its_last(
    tmp_path_factory: pytest.TempPathFactory, count: int, fps: float, wanted: int
) -> None:
    from ivg.io.video import read_video, video_length_s, write_video

    path = tmp_path_factory.getbasetemp() / "even.mp4"
    frames = np.repeat(np.linspace(20, 230, count).astype(np.uint8), 32 * 32 * 3).reshape(count, 32, 32, 3)
    write_video(path, frames, fps)
    whole = read_video(path)
    assert len(whole.frames) == count
    np.testing.assert_allclose(whole.times_s, np.arange(count) / fps, atol=2e-3)
    length = video_length_s(path)
    assert length is not None
    assert length == pytest.approx(count / fps, rel=0.02)
    taken = read_video(path, frames=wanted)
    places = np.linspace(0, count - 1, wanted).round().astype(int)
    np.testing.assert_allclose(taken.times_s, whole.times_s[places], atol=1e-6)
    assert np.abs(taken.frames.mean((1, 2, 3)) - frames[places].mean((1, 2, 3))).max() < 4
    if count > 2:
        part = read_video(path, start_s=1 / fps, end_s=(count - 1) / fps)
        np.testing.assert_allclose(part.times_s, whole.times_s[1:], atol=2e-3)


@few(80)
@given(count=st.integers(0, 2000), part=st.floats(0, 1))
def test_an_interval_holds_its_share_and_is_symmetric(count: int, part: float) -> None:
    from ivg.policy.evaluation import SuccessRate, wilson_interval

    successes = round(part * count)
    low, high = wilson_interval(successes, count)
    assert 0 <= low <= high <= 1
    assert wilson_interval(count - successes, count) == pytest.approx((1 - high, 1 - low))
    if count:
        assert low - 1e-12 <= SuccessRate(successes, count).value <= high + 1e-12
        narrower = wilson_interval(4 * successes, 4 * count)
        assert narrower[1] - narrower[0] < high - low


@few(60)
@given(indices=st.sets(st.integers(0, 500)).map(sorted))
def test_clips_are_trained_on_or_held_out_never_both(indices: list[int]) -> None:
    from ivg.data.split import HELD_OUT_EVERY, split_indices

    train, held_out = split_indices(np.array(indices, np.int64))
    assert sorted([*train.tolist(), *held_out.tolist()]) == indices
    assert train.tolist() == sorted(train)
    assert not any((index % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) for index in train.tolist())
    assert len(held_out) > 0 or len(indices) < 2 or (indices[0] % HELD_OUT_EVERY == HELD_OUT_EVERY - 1)
    if len(indices) > 1:
        assert len(held_out) > 0


@few(60)
@given(
    seed=st.integers(0, 2**63 - 1),
    vector=st.lists(st.floats(-1e6, 1e6, width=32), min_size=5, max_size=5).map(np.array),
)
def test_every_seed_and_every_vector_names_a_person(seed: int, vector: Array) -> None:
    person = Appearance.sample(seed)
    again = Appearance.from_vector(person.vector)
    assert again.side == person.side
    np.testing.assert_allclose(again.vector, person.vector, atol=1e-6)
    anybody = Appearance.from_vector(vector.astype(np.float32))
    assert np.abs(anybody.vector).max() <= 1 + 1e-6
