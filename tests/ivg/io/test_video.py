"""Video files: what is written is read back, in order, in time, upright."""

import av
import numpy as np
import pytest

from ivg.errors import InputError
from ivg.io.video import read_video, video_length_s, write_video


def film(count=8, height=32, width=48):
    y, x = np.mgrid[:height, :width]
    frames = np.stack([(x * 3 + y + 10 * t) % 200 for t in range(count)])
    return np.repeat(frames[..., None], 3, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("fps", [8, 12.5, 29.97])
def test_frames_rate_and_times_come_back(tmp_path, fps):
    frames = film()
    write_video(tmp_path / "a.mp4", frames, fps)
    back = read_video(tmp_path / "a.mp4")
    assert back.frames.shape == frames.shape
    assert back.fps == pytest.approx(fps, rel=1e-3)
    np.testing.assert_allclose(back.times_s, np.arange(8) / fps, atol=2e-3)
    assert np.abs(back.frames.astype(int) - frames).mean() < 4


def test_odd_sizes_are_padded(tmp_path):
    write_video(tmp_path / "a.mp4", film(2, 31, 47), 8)
    assert read_video(tmp_path / "a.mp4").frames.shape == (2, 32, 48, 3)


def test_it_is_h264_that_browsers_play(tmp_path):
    write_video(tmp_path / "a.mp4", film(), 8)
    with av.open(str(tmp_path / "a.mp4")) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")


def test_one_frame_is_a_video(tmp_path):
    write_video(tmp_path / "a.mp4", film(1), 8)
    back = read_video(tmp_path / "a.mp4", frames=3)
    assert len(back.frames) == 3
    assert back.fps > 0


def test_fewer_frames_than_asked_for_are_repeated_in_order(tmp_path):
    write_video(tmp_path / "a.mp4", film(4), 8)
    back = read_video(tmp_path / "a.mp4", frames=9)
    assert len(back.frames) == 9
    assert (np.diff(back.times_s) >= 0).all()
    assert (back.times_s[0], back.times_s[-1]) == (0, pytest.approx(3 / 8))


def levels(count):
    """Plain frames whose grey value says which one they are."""
    return np.broadcast_to((np.arange(count) * 4 + 20)[:, None, None, None], (count, 32, 48, 3)).astype(np.uint8)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize("between_keys", [1, 7, 50])
def test_a_part_is_the_same_frames_wherever_key_frames_are(tmp_path, ending, between_keys):
    path = tmp_path / f"a.{ending}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "4", "bf": "2", "g": str(between_keys)})
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for frame in levels(50):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    part = read_video(path, frames=5, start_s=2.0, end_s=4.0)
    seen = ((part.frames.mean((1, 2, 3)) - 20) / 4).round().astype(int).tolist()
    assert seen == [20, 25, 30, 35, 40]
    np.testing.assert_allclose(part.times_s, [2, 2.5, 3, 3.5, 4], atol=0.01)
    assert video_length_s(path) == pytest.approx(5, abs=0.11)


def test_frames_are_reduced_to_a_longest_side(tmp_path):
    write_video(tmp_path / "a.mp4", film(2), 8)
    assert read_video(tmp_path / "a.mp4", longest_side=24).frames.shape == (2, 16, 24, 3)
    assert read_video(tmp_path / "a.mp4", longest_side=100).frames.shape == (2, 32, 48, 3)


@pytest.mark.parametrize(
    ("frames", "fps"),
    [(np.zeros((2, 8, 8), np.uint8), 8), (np.zeros((2, 8, 8, 3)), 8), (np.zeros((2, 8, 8, 3), np.uint8), 0)],
)
def test_what_is_no_clip_is_refused(tmp_path, frames, fps):
    with pytest.raises(InputError, match="must be"):
        write_video(tmp_path / "a.mp4", frames, fps)
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize("options", [{"frames": 0}, {"start_s": -1}, {"start_s": 2, "end_s": 1}, {"start_s": 60}])
def test_impossible_parts_are_refused(tmp_path, options):
    write_video(tmp_path / "a.mp4", film(), 8)
    with pytest.raises(InputError):
        read_video(tmp_path / "a.mp4", **options)


def test_a_sound_file_has_no_picture(tmp_path):
    with av.open(str(tmp_path / "a.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    with pytest.raises(InputError, match="no image"):
        read_video(tmp_path / "a.wav")
