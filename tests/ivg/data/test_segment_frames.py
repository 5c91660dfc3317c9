"""Frames of segments: evenly spaced, reduced without distortion, and a reason wherever there are none."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from ivg.data.readers import Segment
from ivg.data.segment_frames import SegmentError, read_segment
from ivg.io.video import write_video


def numbered(count: int, height: int = 48, width: int = 64) -> np.ndarray:
    """Frames whose grey value says which one they are."""
    levels = np.arange(count, dtype=np.uint8) * 4 + 20
    return np.broadcast_to(levels[:, None, None, None], (count, height, width, 3)).copy()


def indices(frames: np.ndarray) -> list[int]:
    return ((frames.mean((1, 2, 3)) - 20) / 4).round().astype(int).tolist()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 frames at 5 a second."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_video(path, numbered(50), 5)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures 1 to 50, named as EPIC-KITCHENS names them."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, frame in enumerate(numbered(50), 1):
        cv2.imwrite(str(folder / f"frame_{number:010d}.jpg"), frame)
    return folder


def segment(video: Path, start: float = 0.0, end: float | None = None, **more: object) -> Segment:
    return Segment("s", "cut", "cut", video, start, end, **more)  # type: ignore[arg-type]


def test_frames_of_a_file_are_evenly_spaced(film: Path) -> None:
    sample = read_segment(segment(film, 2.0, 5.0), frames=16, longest_side=64)
    assert indices(sample.frames) == list(range(10, 26))
    np.testing.assert_allclose(sample.times_s, np.linspace(2, 5, 16), atol=1e-6)
    assert sample.fps == pytest.approx(5)


def test_the_whole_file_is_taken_without_times(film: Path) -> None:
    assert indices(read_segment(segment(film), frames=4, longest_side=64).frames) == [0, 16, 33, 49]


def test_pictures_are_taken_by_number_or_by_time(pictures: Path) -> None:
    by_number = segment(pictures, 0.1, 0.9, frames=(11, 41), image_rate=50.0)
    sample = read_segment(by_number, frames=4, longest_side=64)
    assert indices(sample.frames) == [10, 20, 30, 40]
    np.testing.assert_allclose(sample.times_s, [0.2, 0.4, 0.6, 0.8])
    assert sample.fps == pytest.approx(5)
    by_time = segment(pictures, 0.2, 0.8, image_rate=50.0)
    assert indices(read_segment(by_time, frames=2, longest_side=64).frames) == [9, 39]


def test_a_short_part_repeats_frames(film: Path) -> None:
    frames = indices(read_segment(segment(film, 1.0, 1.6), frames=16, longest_side=64).frames)
    assert sorted(set(frames)) == [5, 6, 7, 8]
    assert frames == sorted(frames)


def test_large_frames_are_reduced_and_keep_their_aspect(film: Path, pictures: Path) -> None:
    for video in (segment(film), segment(pictures, frames=(1, 9))):
        assert read_segment(video, frames=2, longest_side=32).frames.shape == (2, 24, 32, 3)
        assert read_segment(video, frames=2, longest_side=640).frames.shape == (2, 48, 64, 3)


@pytest.mark.parametrize(
    ("where", "times", "reason"),
    [
        ("film", (20.0, 25.0), "beyond the end"),
        ("film", (8.0, 12.0), "beyond the end"),
        ("film", (60.0, None), "beyond the end"),
        ("text", (0.0, None), "unreadable"),
        ("empty", (0.0, 1.0), "unreadable"),
    ],
)
def test_there_is_a_reason(tmp_path: Path, film: Path, where: str, times: tuple[float, float], reason: str) -> None:
    (tmp_path / "text").write_text("no video")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SegmentError) as caught:
        read_segment(segment(film if where == "film" else tmp_path / where, *times), frames=4, longest_side=64)
    assert caught.value.reason == reason
    assert caught.value.detail


def test_an_end_a_little_late_is_forgiven(film: Path) -> None:
    assert indices(read_segment(segment(film, 9.0, 10.3), frames=2, longest_side=64).frames) == [45, 49]


def test_missing_pictures(pictures: Path) -> None:
    with pytest.raises(SegmentError) as caught:
        read_segment(segment(pictures, frames=(40, 90)), frames=16, longest_side=64)
    assert caught.value.reason == "beyond the end"
    (pictures / "frame_0000000030.jpg").write_text("no picture")
    with pytest.raises(SegmentError) as caught:
        read_segment(segment(pictures, frames=(30, 40)), frames=3, longest_side=64)
    assert caught.value.reason == "unreadable"
    (pictures / "frame_0000000030.jpg").unlink()
    with pytest.raises(SegmentError) as caught:
        read_segment(segment(pictures, frames=(30, 40)), frames=3, longest_side=64)
    assert caught.value.reason == "unreadable"
    assert "frame_0000000030.jpg is missing" in caught.value.detail


def test_a_file_that_ends_early_gives_what_it_has(tmp_path: Path, film: Path) -> None:
    whole = film.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 3 // 4])
    assert indices(read_segment(segment(tmp_path / "cut.mp4", 0.0, 1.0), frames=2, longest_side=64).frames) == [0, 5]
    with pytest.raises(SegmentError) as caught:
        read_segment(segment(tmp_path / "cut.mp4", 9.0, 9.8), frames=2, longest_side=64)
    assert caught.value.reason == "unreadable"
