"""World landmarks: they go with the hands that they were found with."""

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.hands import MediaPipeHands
from ivg.hands.sides import Detection, MetricHands, metric_hands
from ivg.io.video import read_video
from ivg.types import HandTracks


def hand(x, p_right, mark):
    joints = np.random.default_rng(0).random((21, 2)).astype(np.float32) * 0.1 + np.float32([x, 0.5])
    return Detection(joints, p_right, 0.9, np.full((21, 3), mark, np.float32))


def test_landmarks_go_to_the_slot_of_their_hand():
    clip = [[hand(0.7, 0.9, 1.0), hand(0.2, 0.1, 2.0)], [], [hand(0.2, 0.1, 3.0)]]
    found = metric_hands(clip)
    assert len(found) == 3
    assert found.tracks.present.tolist() == [[True, True], [False, False], [True, False]]
    assert found.world_landmarks_m[:, :, 0, 0].tolist()[0] == [2.0, 1.0]
    assert found.world_landmarks_m[2, 0, 0, 0] == 3.0
    assert np.isnan(found.world_landmarks_m[~found.tracks.present]).all()


def test_detections_without_landmarks_are_refused():
    bare = hand(0.2, 0.1, 1.0)
    with pytest.raises(InputError, match="no world landmarks"):
        metric_hands([[Detection(bare.joints, bare.p_right, bare.score)]])


def test_shapes_are_validated():
    nobody = HandTracks(np.full((2, 2, 21, 2), np.nan, np.float32), np.zeros((2, 2), bool), np.zeros((2, 2), "f4"))
    with pytest.raises(InputError, match="must be float32"):
        MetricHands(nobody, np.zeros((2, 2, 21, 2), np.float32))
    somebody = HandTracks(np.zeros((2, 2, 21, 2), np.float32), np.ones((2, 2), bool), np.ones((2, 2), "f4"))
    with pytest.raises(InputError, match="must be finite"):
        MetricHands(somebody, np.full((2, 2, 21, 3), np.nan, np.float32))


def test_real_hands_have_the_size_of_hands(loaf_video):
    frames = read_video(loaf_video, frames=3).frames
    with MediaPipeHands() as detector:
        found, plain = detector.metric(frames), detector(frames)
    np.testing.assert_array_equal(found.tracks.keypoints, plain.keypoints)
    shapes = found.world_landmarks_m[found.tracks.present]
    palms = np.linalg.norm(shapes[:, 9] - shapes[:, 0], axis=-1)
    assert ((palms > 0.05) & (palms < 0.15)).all()
