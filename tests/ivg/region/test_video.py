"""Annotating clips and video files."""

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.io.video import write_video
from ivg.region import annotate_clip, annotate_video
from ivg.types import Clip, HandTracks


def bright_spot(frames):
    """A detector: a right hand of one point, where the picture is brightest."""
    count, height, width, _ = frames.shape
    places = [np.unravel_index(frame.sum(-1).argmax(), (height, width)) for frame in frames]
    keypoints = np.full((count, 2, 21, 2), np.nan, np.float32)
    keypoints[:, 1] = np.array([((x + 0.5) / width, (y + 0.5) / height) for y, x in places])[:, None]
    present = np.tile([False, True], (count, 1))
    return HandTracks(keypoints, present, present.astype(np.float32))


@pytest.fixture
def film(tmp_path):
    """40 frames at 10 a second; a bright square walks 1 px a frame."""
    frames = np.full((40, 48, 64, 3), 30, np.uint8)
    for t, frame in enumerate(frames):
        frame[20:28, 8 + t : 16 + t] = 250
    write_video(tmp_path / "film.mp4", frames, 10)
    return tmp_path / "film.mp4"


def test_a_clip_is_annotated_frame_by_frame():
    frames = np.zeros((3, 20, 30, 3), np.uint8)
    for t in range(3):
        frames[t, 5, 10 * t] = 255
    tracks, region = annotate_clip(Clip(frames), bright_spot)
    assert tracks.present[:, 1].all()
    assert [tuple(np.argwhere(mask)[0]) for mask in region.per_frame] == [(5, 0), (5, 10), (5, 20)]


def test_a_file_gives_sixteen_frames_from_first_to_last(film):
    video = annotate_video(film, detector=bright_spot)
    assert video.clip.frames.shape == (16, 48, 64, 3)
    assert video.times_s[0] == 0
    assert video.times_s[-1] == pytest.approx(3.9)
    assert video.clip.fps == pytest.approx(15 / 3.9)
    assert (np.diff(video.tracks.keypoints[:, 1, 0, 0]) > 0).all()
    assert video.region.per_frame.shape == (16, 48, 64)


def test_a_part_of_a_file_is_what_was_asked_for(film):
    video = annotate_video(film, start_s=1.0, end_s=2.0, frames=6, detector=bright_spot)
    np.testing.assert_allclose(video.times_s, [1.0, 1.2, 1.4, 1.6, 1.8, 2.0])
    assert video.clip.fps == pytest.approx(5)


def test_what_is_no_video_is_refused(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(InputError, match=r"cannot read video .*text\.mp4"):
        annotate_video(tmp_path / "text.mp4", detector=bright_spot)


def test_real_hands_are_annotated(loaf_video):
    video = annotate_video(loaf_video, frames=6)
    assert video.tracks.present.any(axis=1).all()
    assert 0.01 < video.region.union.mean() < 0.3
