"""Lifting by PnP: exact on exact landmarks, right in depth where the scene tells it."""

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.errors import InputError
from ivg.hands.sides import MetricHands
from ivg.policy.hands3d.lifting import DepthCorrection, PnPLifter, depth_correction
from ivg.policy.hands3d.lifting.depth_correction import surface_depths
from ivg.policy.hands3d.lifting.pnp import landmarks_of
from ivg.policy.hands3d.tracking import clean_tracks
from ivg.policy.hands3d.training.evaluation import PNP_INPUTS, evaluate_lifting, lifted_by_pnp
from ivg.policy.hands3d.training.samples import StoreHands
from ivg.types import Camera, HandTracks


@pytest.fixture(scope="module")
def tracks(human_clip):
    """The true joints of a clip where the hand is to be seen."""
    present = np.isfinite(human_clip.keypoints).all((2, 3)) & (human_clip.visible > 0.2)
    keypoints = np.where(present[..., None, None], human_clip.keypoints, np.float32(np.nan))
    return HandTracks(keypoints, present, present.astype(np.float32))


def metric(tracks, clip, size=1.0):
    """What a perfect network would say of the hands' shapes: each turned and moved as it likes, `size` (t,) off."""
    joints = clip.joints_world_m - clip.joints_world_m.mean(2, keepdims=True)
    turns = Rotation.random(len(joints), random_state=0).as_matrix()
    shapes = np.einsum("tij,thkj->thki", turns, joints) * np.reshape(size, (-1, 1, 1, 1))
    shapes = np.where(tracks.present[..., None, None], shapes, np.nan)
    return MetricHands(tracks, shapes.astype(np.float32))


def pinch_errors_m(hands, clip):
    truth = clip.joints_world_m[:, :, [4, 8]].mean(2)
    return np.linalg.norm(hands.pinch_pos_world_m - truth, axis=-1)[hands.present]


def test_true_shapes_give_true_joints(tracks, human_clip, camera):
    hands = PnPLifter(metric(tracks, human_clip), hand_scale=None)(tracks, camera)
    np.testing.assert_array_equal(hands.present, tracks.present)
    np.testing.assert_allclose(hands.joints_world_m[hands.present], human_clip.joints_world_m[hands.present], atol=2e-3)
    assert hands.method == "pnp"
    assert json.loads(json.dumps(hands.provenance))["depth_correction"] is None


def test_any_camera_will_do(tracks, human_clip, camera):
    turn = Rotation.from_euler("xyz", [1.0, 2.0, -0.5]).as_matrix()
    elsewhere = np.eye(4)
    elsewhere[:3, :3], elsewhere[:3, 3] = turn @ camera.T_world_camera[:3, :3], turn @ camera.T_world_camera[:3, 3] + 2
    hands = PnPLifter(metric(tracks, human_clip), hand_scale=None)(
        tracks, Camera(camera.K, elsewhere, camera.width, camera.height)
    )
    truth = human_clip.joints_world_m[hands.present] @ turn.T + 2
    np.testing.assert_allclose(hands.joints_world_m[hands.present], truth, atol=2e-3)


def test_the_size_of_landmarks_does_not_matter_if_the_hands_is_known(tracks, human_clip, camera):
    size = np.random.default_rng(0).uniform(0.7, 1.3, 16)
    found = metric(tracks, human_clip, size)
    known = PnPLifter(found, hand_scale=human_clip.hand_scale)(tracks, camera)
    taken = PnPLifter(found, hand_scale=None)(tracks, camera)
    assert np.median(pinch_errors_m(known, human_clip)) < 0.03
    assert np.median(pinch_errors_m(taken, human_clip)) > 0.06


def test_a_scene_that_is_touched_corrects_the_depth(tracks, human_clip, camera):
    """A wall as far away as the pinch point is in the middle of the clip; the hand moves along it."""
    pose = camera.T_world_camera
    local = (human_clip.joints_world_m - pose[:3, 3]) @ pose[:3, :3]
    hand = int(tracks.present.sum(0).argmax())
    frame = int(np.flatnonzero(tracks.present[:, hand])[3])
    wall = float(local[frame, hand, [4, 8], 2].mean())
    still = np.where(tracks.present[:, [hand]], tracks.present, False)
    still[:, 1 - hand] = False
    keypoints = np.where(still[..., None, None], tracks.keypoints[frame], np.float32(np.nan)).astype(np.float32)
    rest = HandTracks(keypoints, still, still.astype(np.float32))
    shape = (human_clip.joints_world_m[frame, hand] - human_clip.joints_world_m[frame, hand].mean(0)) * 0.8
    found = MetricHands(rest, np.where(still[..., None, None], shape, np.nan).astype(np.float32))
    depth = np.full((64, 64), wall, np.float32)
    away = [
        abs(float(PnPLifter(found, image, hand_scale=None)(rest, camera).pinch_pos_world_m[frame, hand] @ pose[:3, 2])
            - float(human_clip.joints_world_m[frame, hand, [4, 8]].mean(0) @ pose[:3, 2]))
        for image in (None, depth)
    ]  # fmt: skip
    assert away[0] > 0.08
    assert away[1] < 0.03


def test_corrected_hands_keep_their_place_in_the_image(tracks, human_clip, camera):
    found = metric(tracks, human_clip, 0.8)
    hands = PnPLifter(found, np.full((128, 128), 0.75, np.float32), hand_scale=None)(tracks, camera)
    local = (hands.joints_world_m - camera.T_world_camera[:3, 3]) @ camera.T_world_camera[:3, :3]
    pixels = local[..., :2] / local[..., 2:] * camera.K[[0, 1], [0, 1]] + camera.K[:2, 2]
    np.testing.assert_allclose(
        pixels[hands.present] / camera.width, tracks.keypoints[hands.present].astype(float), atol=5e-3
    )
    assert hands.provenance["depth_correction"]["behind_m"] == DepthCorrection().behind_m


def test_depths_stay_where_nothing_is_known_of_the_scene():
    depth = np.linspace(0.5, 0.8, 6)
    unknown = np.full(6, np.nan)
    np.testing.assert_allclose(DepthCorrection()(depth, unknown, np.zeros(6), np.arange(6)), depth, atol=1e-6)


def test_no_depth_is_far_behind_the_scene_and_resting_hands_are_drawn_to_it():
    depth, surface = np.full(8, 0.9), np.full(8, 0.7)
    behind = DepthCorrection()(depth, surface, np.zeros(8), np.arange(8))
    assert (behind < 0.72).all()
    slow = DepthCorrection()(np.full(8, 0.5), surface, np.zeros(8), np.arange(8))
    fast = DepthCorrection()(np.full(8, 0.5), surface, np.full(8, 3.0), np.arange(8))
    assert (slow > fast).all()
    assert (slow < 0.71).all()


def test_one_frame_can_be_corrected():
    (depth,) = DepthCorrection()(np.array([0.5]), np.array([0.6]), np.zeros(1), np.array([4]))
    assert 0.5 < depth < 0.6


def test_derivatives_are_those_of_the_residuals(monkeypatch):
    terms = []
    solve = depth_correction.least_squares
    monkeypatch.setattr(
        depth_correction, "least_squares", lambda f, x, jac: terms.append((f, jac)) or solve(f, x, jac=jac)
    )
    rng = np.random.default_rng(0)
    surface = rng.uniform(0.5, 0.8, 7)
    surface[2] = np.nan
    DepthCorrection()(rng.uniform(0.5, 0.8, 7), surface, rng.uniform(0, 1, 7), np.arange(7) * 2)
    ((residuals, jacobian),) = terms
    values = rng.normal(0, 0.05, 8)
    steps = np.eye(8) * 1e-6
    numeric = np.stack([(residuals(values + d) - residuals(values - d)) / 2e-6 for d in steps], 1)
    np.testing.assert_allclose(jacobian(values), numeric, atol=1e-5)


def test_the_near_part_of_the_scene_counts_and_holes_do_not():
    depth = np.full((40, 40), 1.0)
    depth[10:13, 10:13] = 0.6
    depth[30, 30] = 0.0
    depth[:5, :5] = np.nan
    points = np.array([[0.275, 0.275], [0.5, 0.5], [0.76, 0.76], [0.05, 0.05], [1.2, 0.5]])
    found = surface_depths(depth, points, 60.0, DepthCorrection(window_m=0.02))
    np.testing.assert_allclose(found, [0.6, 1.0, 1.0, np.nan, np.nan])


def test_landmarks_follow_hands_that_change_slots_and_fill_gaps():
    rng = np.random.default_rng(0)
    keypoints = rng.random((6, 2, 21, 2)).astype(np.float32)
    present = np.ones((6, 2), bool)
    present[3, 1] = False
    keypoints[3, 1] = np.nan
    shapes = np.where(present[..., None, None], rng.random((6, 2, 21, 3)), np.nan).astype(np.float32)
    found = MetricHands(HandTracks(keypoints, present, present.astype(np.float32)), shapes)
    swapped = keypoints.copy()
    swapped[2] = keypoints[2, ::-1]
    swapped[3, 1] = keypoints[2, 1]
    every = np.ones((6, 2), bool)
    landmarks = landmarks_of(HandTracks(swapped, every, every.astype(np.float32)), found)
    np.testing.assert_array_equal(landmarks[2], shapes[2, ::-1])
    np.testing.assert_array_equal(landmarks[3, 0], shapes[3, 0])
    np.testing.assert_allclose(landmarks[3, 1], 0.5 * (shapes[2, 0] + shapes[4, 1]), atol=1e-6)


def test_tracks_of_another_clip_are_refused(tracks, human_clip, camera):
    shorter = HandTracks(*(value[:9] for value in vars(tracks).values()))
    with pytest.raises(InputError, match="9 frames"):
        PnPLifter(metric(tracks, human_clip))(shorter, camera)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"depth_m": np.ones((4, 4), int)}, "float array"),
        ({"depth_m": np.zeros((4, 4))}, "positive somewhere"),
        ({"fps": 0}, "fps"),
        ({"hand_scale": 3.0}, "hand_scale"),
    ],
)
def test_what_cannot_be_used_is_refused(tracks, human_clip, options, complaint):
    with pytest.raises(InputError, match=complaint):
        PnPLifter(metric(tracks, human_clip), **options)


def test_a_depth_image_of_another_shape_is_refused(tracks, human_clip, camera):
    with pytest.raises(InputError, match="same proportion"):
        PnPLifter(metric(tracks, human_clip), np.ones((20, 30)))(tracks, camera)


@pytest.mark.parametrize("options", [{"rest_m": 0}, {"lead_s": -1}, {"nearness": 2}])
def test_impossible_corrections_are_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        DepthCorrection(**options)


def test_ways_of_pnp_are_compared_with_the_truth(store, human_clip, camera):
    hands = StoreHands.read(store, np.arange(2))
    found = [metric(hands.found(clip), human_clip, 0.8) for clip in range(2)]
    depths = [np.full((128, 128), 0.8, np.float32)] * 2
    figures = evaluate_lifting(lifted_by_pnp(found, depths, hands, fps=8), PNP_INPUTS, hands)
    assert set(figures) == set(PNP_INPUTS)
    assert figures["sized"]["all"]["pinch_mm"]["median"] < figures["plain"]["all"]["pinch_mm"]["median"]
    assert figures["depth"]["all"]["n"] == clean_tracks(hands.found(0), 8).present[:, hands.acting[0]].sum() * 2
    assert figures["plain"]["contact_frames"]["opening"]["first_within_1"] >= 0
