"""From a demonstration to a gripper's path: which hand, which frames, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.policy import Demonstration, extraction
from ivg.policy.extraction import MIN_FRAMES, NoHandError, demonstration_of_clip, extract
from ivg.policy.hands3d.lifting import LiftedHands
from ivg.region import region_from_tracks
from ivg.types import HANDS, Camera, HandTracks

CAMERA = Camera(np.eye(3), np.eye(4), 32, 24)
SHAPE_M = np.random.default_rng(0).normal(0, 0.03, (21, 3)).astype(np.float32)


def tracks_of(left=range(0), right=range(0), frames=16):
    """Hands that are seen in given frames; each goes its way on its side of the image."""
    present = np.zeros((frames, 2), bool)
    present[list(left), 0] = present[list(right), 1] = True
    shape = np.random.default_rng(1).normal(0, 0.02, (21, 2))
    middles = np.stack([np.full((frames, 2), [0.25, 0.6]), np.full((frames, 2), [0.75, 0.6])], axis=1)
    middles[..., 1] -= 0.01 * np.arange(frames)[:, None]
    keypoints = (middles[:, :, None] + shape).astype(np.float32)
    keypoints[~present] = np.nan
    return HandTracks(keypoints, present, present.astype(np.float32) * 0.9)


def demonstration_of(provenance=None, **hands):
    tracks = tracks_of(**hands)
    clip = np.zeros((len(tracks), 24, 32, 3), np.uint8)
    region = np.zeros((24, 32), bool)
    return Demonstration(clip, region, tracks.keypoints, tracks.present, 8.0, provenance or {}, score=tracks.score)


class Lifter:
    """Puts the left hand at x = -1 m, the right one at x = 1 m; keeps what it was given."""

    def __call__(self, tracks, camera):
        self.tracks, self.camera = tracks, camera
        joints = np.full((len(tracks), 2, 21, 3), np.nan, np.float32)
        for hand, x in enumerate((-1.0, 1.0)):
            seen = tracks.present[:, hand]
            joints[seen, hand] = SHAPE_M + np.array([x, 0, 0], np.float32)
        return LiftedHands(joints, tracks.present, "made up")


def test_frame_0_is_the_scene_and_shows_no_hand():
    lifter, shown = Lifter(), demonstration_of(right=range(16))
    kept = shown.keypoints.copy()
    made = extract(shown, CAMERA, lifter)
    assert not lifter.tracks.present[0].any()
    assert np.isnan(lifter.tracks.keypoints[0]).all()
    assert (lifter.tracks.score[0] == 0).all()
    assert made.trajectory.present.tolist() == [False] + [True] * 15
    assert np.isnan(made.trajectory.poses[0]).all()
    assert shown.present[0, 1]  # the demonstration itself stays as it is
    np.testing.assert_array_equal(shown.keypoints, kept)


def test_all_on_the_way_is_returned():
    lifter, shown = Lifter(), demonstration_of(left=range(1, 16))
    made = extract(shown, CAMERA, lifter)
    assert made.demonstration is shown
    assert made.camera is CAMERA
    assert lifter.camera is CAMERA
    assert made.tracks is lifter.tracks
    assert (made.hand, len(made.trajectory)) == ("left", 16)
    pinch = made.hands.pinch_pos_world_m[1:, 0]
    np.testing.assert_allclose(made.trajectory.poses[1:, :3], pinch, atol=1e-6)


@pytest.mark.parametrize(
    ("left", "right", "generated", "asked", "chosen"),
    [
        (6, 12, None, None, "right"),
        (12, 6, None, None, "left"),
        (6, 12, "left", None, "left"),
        (12, 6, "right", None, "right"),
        (MIN_FRAMES - 2, 12, "left", None, "right"),
        (0, 12, "left", None, "right"),
        (6, 12, "right", "left", "left"),
    ],
)
def test_the_hand_is_the_one_asked_for_then_the_generated_one_then_the_one_seen_most(
    left, right, generated, asked, chosen
):
    provenance = {"appearance": {"side": generated}} if generated else {}
    shown = demonstration_of(provenance, left=range(2, 2 + left), right=range(2, 2 + right))
    made = extract(shown, CAMERA, Lifter(), asked)
    assert made.hand == chosen
    assert np.sign(made.trajectory.poses[made.trajectory.present, 0].mean()) == (1 if chosen == "right" else -1)


@pytest.mark.parametrize(
    ("left_m", "right_m", "asked", "chosen"),
    [
        (0.1, 0.01, None, "left"),  # generated with the right one, which only steadies
        (0.1, 0.01, "right", "right"),
        (0.1, 0.08, None, "right"),  # both move
        (0.02, 0.0, None, "right"),  # a tremble
    ],
)
def test_the_hand_that_acts_is_the_one_that_goes_on_moving(left_m, right_m, asked, chosen):
    class Moving(Lifter):
        def __call__(self, tracks, camera):
            lifted = super().__call__(tracks, camera)
            for hand, way_m in enumerate((left_m, right_m)):
                lifted.joints_world_m[8:, hand, :, 1] += np.linspace(0, way_m, 8)[:, None]
            return lifted

    shown = demonstration_of({"appearance": {"side": "right"}}, left=range(1, 16), right=range(1, 16))
    assert extract(shown, CAMERA, Moving(), asked).hand == chosen


def test_a_clip_without_a_hand_gives_no_trajectory():
    with pytest.raises(NoHandError, match=f"a hand is seen in 0 of 16 frames; a trajectory needs {MIN_FRAMES}"):
        extract(demonstration_of(), CAMERA, Lifter())


def test_a_detection_in_frame_0_does_not_help():
    count = MIN_FRAMES - 1
    with pytest.raises(NoHandError, match=f"seen in {count} of 16"):
        extract(demonstration_of(right=range(count + 1)), CAMERA, Lifter())
    assert extract(demonstration_of(right=range(count + 2)), CAMERA, Lifter()).hand == "right"


def test_another_hand_does_not_stand_in_for_the_one_asked_for():
    with pytest.raises(NoHandError, match="the left hand is seen in 0 of 16 frames"):
        extract(demonstration_of(right=range(1, 16)), CAMERA, Lifter(), "left")


def test_an_unknown_hand_is_refused():
    with pytest.raises(InputError, match="'rigth'.*right"):
        extract(demonstration_of(right=range(1, 16)), CAMERA, Lifter(), "rigth")


def test_with_a_depth_image_the_hand_is_moved_onto_what_it_touches(monkeypatch):
    depth, offset, asked = np.ones((24, 32)), np.array([0.02, -0.01, 0.0], np.float32), []

    def refine(joints, seen, camera):
        asked.append((seen, camera))
        return SimpleNamespace(joints_world_m=joints + offset, found=True)

    monkeypatch.setattr(extraction, "refine_contact", refine)
    shown = demonstration_of(left=range(1, 16), right=range(1, 16))
    plain = extract(shown, CAMERA, Lifter(), "left")
    moved = extract(shown, CAMERA, Lifter(), "left", depth=depth)
    assert len(asked) == 1
    assert asked[0][0] is depth
    assert asked[0][1] is CAMERA
    assert plain.contact is None
    assert moved.contact.found
    np.testing.assert_allclose(moved.joints_world_m, plain.joints_world_m + offset, atol=1e-6)
    np.testing.assert_array_equal(moved.joints_world_m, moved.hands.joints_world_m[:, 0])
    np.testing.assert_array_equal(moved.hands.joints_world_m[:, 1], plain.hands.joints_world_m[:, 1])
    np.testing.assert_allclose(moved.trajectory.poses[1:, :3], plain.trajectory.poses[1:, :3] + offset, atol=1e-6)


def test_a_clip_becomes_a_demonstration():
    frames = np.random.default_rng(0).integers(0, 256, (16, 24, 32, 3), np.uint8)
    tracks = tracks_of(right=range(1, 16))
    provenance = {"seed": 3}
    made = demonstration_of_clip(frames, 12.0, lambda clip: tracks, provenance)
    assert made.clip is frames
    assert made.fps == 12
    assert made.provenance == provenance
    assert made.provenance is not provenance
    np.testing.assert_array_equal(made.keypoints, tracks.keypoints)
    np.testing.assert_array_equal(made.present, tracks.present)
    np.testing.assert_array_equal(made.score, tracks.score)
    region = region_from_tracks(tracks, 24, 32)
    assert region.union.any()
    np.testing.assert_array_equal(made.region, region.union)
    np.testing.assert_array_equal(made.region_per_frame, region.per_frame)


def test_the_packaged_lifter_finds_a_person_s_path(human_clip):
    hand = HANDS.index(human_clip.side)
    present = np.isfinite(human_clip.keypoints).all((2, 3))
    tracks = HandTracks(human_clip.keypoints, present, present.astype(np.float32))
    shown = demonstration_of_clip(human_clip.frames, human_clip.fps, lambda clip: tracks)
    height, width = human_clip.frames.shape[1:3]
    made = extract(shown, Camera(human_clip.camera_K, human_clip.T_world_camera, width, height))
    assert made.hand == human_clip.side
    true = 0.5 * (human_clip.joints_world_m[1:, hand, 4] + human_clip.joints_world_m[1:, hand, 8])
    far = np.linalg.norm(made.trajectory.poses[1:, :3] - true, axis=-1)
    assert np.nanmedian(far) < 0.06
