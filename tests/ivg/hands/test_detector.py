"""The detector: on empty pictures, on real ones, and what it says on the terminal (nothing)."""

import subprocess
import sys

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.hands import MediaPipeHands
from ivg.io.video import read_video


@pytest.fixture(scope="module")
def detector():
    with MediaPipeHands() as made:
        yield made


@pytest.mark.parametrize("size", [(32, 32), (90, 160), (301, 200)])
def test_pictures_without_hands_have_none(detector, size):
    frames = np.full((2, *size, 3), 120, np.uint8)
    tracks = detector(frames)
    assert tracks.keypoints.shape == (2, 2, 21, 2)
    assert not tracks.present.any()


@pytest.mark.parametrize(
    "frames",
    [np.zeros((4, 8, 8), np.uint8), np.zeros((1, 8, 8, 3), np.float32), np.zeros((0, 8, 8, 3), np.uint8)],
)
def test_other_arrays_are_refused(detector, frames):
    with pytest.raises(InputError, match="frames must be uint8"):
        detector(frames)


@pytest.mark.parametrize("option", [{"min_confidence": 0.0}, {"max_hands": 3}, {"upsample_to": 0}])
def test_options_out_of_range_are_refused(option):
    with pytest.raises(InputError, match=next(iter(option))):
        MediaPipeHands(**option)


def test_progress_counts_frames(detector):
    calls = []
    detector(np.zeros((3, 16, 16, 3), np.uint8), lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_a_closed_detector_starts_again():
    made = MediaPipeHands()
    frame = np.zeros((1, 16, 16, 3), np.uint8)
    made(frame)
    made.close()
    made.close()
    assert not made(frame).present.any()
    made.close()


def test_real_hands_have_their_owners_side(detector, loaf_video):
    tracks = detector(read_video(loaf_video, frames=8).frames)
    assert tracks.present[:, 0].all()
    assert tracks.present[:, 1].sum() >= 6
    # The person faces the camera: the right hand is at the left.
    assert np.nanmean(tracks.keypoints[:, 1, :, 0]) < np.nanmean(tracks.keypoints[:, 0, :, 0])
    assert (tracks.score[tracks.present] > 0.3).all()


def test_joints_do_not_depend_on_the_bars_of_the_letterbox(detector, loaf_video):
    frame = read_video(loaf_video, frames=1).frames
    cropped = frame[:, :, 64:256]
    whole, part = detector(frame), detector(cropped)
    both = whole.present[0] & part.present[0]
    assert both.any()
    there = part.keypoints[0, both] * (192 / 320, 1) + (64 / 320, 0)
    np.testing.assert_allclose(there, whole.keypoints[0, both], atol=0.03)


def test_tracking_finds_at_least_as_many(detector, loaf_video):
    frames = read_video(loaf_video).frames[:24]
    with MediaPipeHands(tracking=True) as tracking:
        assert tracking(frames).present.sum() >= detector(frames).present.sum()


def test_importing_loads_no_mediapipe():
    code = "import sys, ivg.hands; sys.exit(any(m.startswith('mediapipe') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_is_said_on_the_terminal(tmp_path, request):
    np.save(tmp_path / "frames.npy", _some_frames(request))
    code = (
        "import numpy as np, sys; from ivg.hands import MediaPipeHands\n"
        f"with MediaPipeHands() as d: d(np.load({str(tmp_path / 'frames.npy')!r}))\n"
        "print('done', file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == ""
    assert ended.stderr == "done\n"


def _some_frames(request):
    """Real frames where they are at hand (the first hand found makes MediaPipe talk), else empty ones."""
    try:
        return read_video(request.getfixturevalue("loaf_video"), frames=2).frames
    except pytest.skip.Exception:
        return np.zeros((2, 64, 64, 3), np.uint8)
