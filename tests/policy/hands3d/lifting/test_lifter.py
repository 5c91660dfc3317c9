"""Lifting: geometry that is exact, a network that has learned the kitchen, and what is refused."""

import numpy as np
import pytest
import torch

from ivg.errors import InputError, WeightsError
from ivg.policy.hands3d.lifting import CanonicalCamera, HandLifter, LiftedHands
from ivg.policy.hands3d.lifting.network import LifterNetwork, between
from ivg.types import Camera, HandTracks


@pytest.fixture(scope="module")
def lifter():
    return HandLifter.from_pretrained("kitchen")


@pytest.fixture(scope="module")
def true_tracks(human_clip):
    """The true joints of a clip where the hand is to be seen."""
    present = np.isfinite(human_clip.keypoints).all((2, 3)) & (human_clip.visible > 0.2)
    keypoints = np.where(present[..., None, None], human_clip.keypoints, np.float32(np.nan))
    return HandTracks(keypoints, present, present.astype(np.float32))


def pinch_errors_m(hands, clip):
    truth = clip.joints_world_m[:, :, [4, 8]].mean(2)
    return np.linalg.norm(hands.pinch_pos_world_m - truth, axis=-1)


@pytest.mark.parametrize("mirrored", [False, True])
def test_rays_are_those_of_the_points(lifter, human_clip, camera, mirrored):
    hand = 0 if human_clip.side == "left" else 1
    points = lifter.canonical_camera.from_world(human_clip.joints_world_m[1:, hand], camera, mirrored=mirrored)
    rays = lifter.canonical_camera.rays(human_clip.keypoints[1:, hand], camera, mirrored=mirrored)
    np.testing.assert_allclose(rays, points[..., :2] / points[..., 2:], atol=1e-5)
    back = lifter.canonical_camera.to_world(points, camera, mirrored=mirrored)
    np.testing.assert_allclose(back, human_clip.joints_world_m[1:, hand], atol=1e-6)


def test_the_level_camera_is_the_mean_of_cameras(camera):
    poses = np.stack([camera.T_world_camera] * 2)
    poses[1, :3, 3] += 0.02
    level = CanonicalCamera.mean_of(poses)
    np.testing.assert_allclose(level.rotation, camera.T_world_camera[:3, :3], atol=1e-9)
    np.testing.assert_allclose(level.position_m, camera.T_world_camera[:3, 3] + 0.01)


def test_the_packaged_lifter_knows_the_kitchen(lifter, human_clip, camera, true_tracks):
    hands = lifter(true_tracks, camera)
    errors = pinch_errors_m(hands, human_clip)[true_tracks.present]
    assert np.median(errors) < 0.008
    assert hands.method == "network"
    assert hands.provenance["weights"] == "kitchen"
    assert len(hands.provenance["sha256"]) == 64


def test_frames_that_lack_in_the_tracks_lack_in_the_result(lifter, human_clip, camera, true_tracks):
    present = true_tracks.present.copy()
    present[[6, 7, 8, 9]] = False
    keypoints = np.where(present[..., None, None], true_tracks.keypoints, np.float32(np.nan))
    hands = lifter(HandTracks(keypoints, present, present.astype(np.float32)), camera)
    np.testing.assert_array_equal(hands.present, present)
    np.testing.assert_array_equal(np.isfinite(hands.joints_world_m).all((2, 3)), present)
    assert np.median(pinch_errors_m(hands, human_clip)[present]) < 0.015


def test_a_clip_without_hands_gives_none(lifter, camera):
    empty = HandTracks(np.full((16, 2, 21, 2), np.nan, np.float32), np.zeros((16, 2), bool), np.zeros((16, 2), "f4"))
    assert not lifter(empty, camera).present.any()


def test_longer_clips_are_lifted_in_windows(lifter, human_clip, camera, true_tracks):
    twice = HandTracks(*(np.concatenate([value, value]) for value in vars(true_tracks).values()))
    hands = lifter(twice, camera)
    assert len(hands) == 32
    np.testing.assert_array_equal(hands.present, twice.present)
    errors = np.linalg.norm(
        hands.pinch_pos_world_m - np.tile(human_clip.joints_world_m[:, :, [4, 8]].mean(2), (2, 1, 1)), axis=-1
    )
    assert np.median(errors[twice.present]) < 0.02


def test_another_camera_is_refused(lifter, camera, true_tracks):
    moved = camera.T_world_camera.copy()
    moved[0, 3] += 0.5
    with pytest.raises(InputError, match=r"and 0\.\d\d m away"):
        lifter(true_tracks, Camera(camera.K, moved, camera.width, camera.height))


def test_weights_come_back_as_they_were_saved(tmp_path, camera, true_tracks, lifter):
    folder = lifter.save(tmp_path / "copy", notes={"training": {"steps": 1}})
    again = HandLifter.from_pretrained(folder)
    np.testing.assert_array_equal(again(true_tracks, camera).joints_world_m, lifter(true_tracks, camera).joints_world_m)
    assert again.provenance["sha256"] == lifter.provenance["sha256"]
    with pytest.raises(InputError, match="exists already"):
        lifter.save(folder)


def test_unknown_and_damaged_weights_are_named(tmp_path, lifter):
    with pytest.raises(InputError, match="did you mean 'kitchen'"):
        HandLifter.from_pretrained("kitchn")
    with pytest.raises(InputError, match="no folder"):
        HandLifter.from_pretrained(tmp_path / "nothing")
    folder = lifter.save(tmp_path / "damaged")
    (folder / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="damaged"):
        HandLifter.from_pretrained(folder)


def test_absent_frames_take_the_rays_in_between():
    rng = np.random.default_rng(0)
    rays, present = rng.normal(size=(3, 10, 21, 2)), rng.random((3, 10)) < 0.4
    present[:, 4] = True
    filled = between(torch.from_numpy(rays), torch.from_numpy(present)).numpy()
    for clip in range(3):
        known = np.flatnonzero(present[clip])
        expected = np.interp(np.arange(10), known, rays[clip, known, 7, 1])
        np.testing.assert_allclose(filled[clip, :, 7, 1], expected, atol=1e-5)


def test_an_untrained_network_puts_the_hand_on_its_rays_at_the_mean_depth():
    network = LifterNetwork(width=16, layers=1, heads=2, mean_depth_m=0.6).eval()
    rays = torch.randn(2, 16, 21, 2) * 0.1
    everywhere = torch.ones(2, 16, dtype=torch.bool)
    joints = network(rays, everywhere, torch.ones(2, 16), torch.zeros(2, 3), torch.tensor([True, False]))
    torch.testing.assert_close(joints[..., 2], torch.full((2, 16, 21), 0.6), atol=0.01, rtol=0)
    torch.testing.assert_close(joints[..., :2] / joints[..., 2:], rays, atol=0.01, rtol=0)


def test_lifted_hands_are_validated():
    joints, present = np.full((4, 2, 21, 3), np.nan, np.float32), np.zeros((4, 2), bool)
    assert np.isnan(LiftedHands(joints, present, "network").pinch_pos_world_m).all()
    with pytest.raises(InputError, match="must be finite"):
        LiftedHands(joints, ~present, "network")
    with pytest.raises(InputError, match="joints_world_m must be float32"):
        LiftedHands(joints[:, 0], present, "network")
    with pytest.raises(InputError, match="present must be bool"):
        LiftedHands(joints, present[:2], "network")
