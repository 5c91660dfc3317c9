"""The detector in torch finds what MediaPipe's own pipeline finds."""

import numpy as np
import pytest
import torch

from ivg.errors import InputError
from ivg.hands import MediaPipeHands
from ivg.hands.batched_detector import BatchedHands


@pytest.fixture(scope="module", params=["litert", "torch"])
def batched(request):
    return BatchedHands(batch_size=5, engine=request.param)


@pytest.mark.parametrize("complexity", [0, 1])
def test_it_agrees_with_mediapipe_on_rendered_clips(batched, hand_clips, complexity):
    errors, disagreements, hands = [], 0, 0
    detector = batched if complexity == 1 else BatchedHands(engine=batched.engine, model_complexity=0)
    with MediaPipeHands(model_complexity=complexity) as mediapipe:
        for frames in hand_clips:
            ours, theirs = detector(frames), mediapipe(frames)
            disagreements += np.count_nonzero(ours.present != theirs.present)
            hands += np.count_nonzero(theirs.present)
            both = ours.present & theirs.present
            difference = np.linalg.norm(ours.keypoints[both] - theirs.keypoints[both], axis=-1).mean(-1)
            length = np.linalg.norm(theirs.keypoints[both][:, 12] - theirs.keypoints[both][:, 0], axis=-1)
            errors += (difference / length).tolist()
    assert hands > 30
    assert disagreements <= 0.05 * hands
    assert np.median(errors) < 0.02


def test_a_frame_that_comes_again_is_looked_at_once(batched, hand_clips, monkeypatch):
    frames, counts = hand_clips[0], []
    detect = batched._detect
    monkeypatch.setattr(batched, "_detect", lambda batch, box: counts.append(len(batch)) or detect(batch, box))
    order = [3, 3, 8, 3, 3, 3, 8, 9]
    tracks = batched(frames[order])
    assert counts == [2, 1]
    for index, frame in enumerate(order):
        np.testing.assert_array_equal(tracks.keypoints[index], tracks.keypoints[order.index(frame)])


def test_pictures_without_hands_have_none(batched):
    tracks = batched(np.full((7, 90, 160, 3), 120, np.uint8))
    assert tracks.keypoints.shape == (7, 2, 21, 2)
    assert not tracks.present.any()


def test_progress_counts_frames(batched):
    calls = []
    batched(np.zeros((7, 16, 16, 3), np.uint8), lambda done, total: calls.append((done, total)))
    assert calls == [(5, 7), (7, 7)]


def test_other_arrays_are_refused(batched):
    with pytest.raises(InputError, match="frames must be uint8"):
        batched(np.zeros((1, 8, 8, 3), np.float32))


def test_the_engine_is_chosen_by_what_is_asked_for():
    assert BatchedHands().engine == "litert"
    assert BatchedHands(dtype=torch.bfloat16).engine == "torch"
    with pytest.raises(InputError, match=r"litert is for the cpu in float32, got cpu and torch.bfloat16"):
        BatchedHands(dtype=torch.bfloat16, engine="litert")
    with pytest.raises(InputError, match=r"engine 'lite'.*did you mean 'litert'"):
        BatchedHands(engine="lite")


@pytest.mark.parametrize(
    "option",
    [{"min_confidence": 0.0}, {"max_hands": 3}, {"upsample_to": 0}, {"batch_size": 0}, {"model_complexity": 2}],
)
def test_options_out_of_range_are_refused(option):
    with pytest.raises(InputError, match=next(iter(option))):
        BatchedHands(**option)
