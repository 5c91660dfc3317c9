"""Hands over images, tables in Markdown, and plots."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ivg.viz.grids import evenly, video_grid
from ivg.viz.hands import HAND_COLOURS, draw_hands
from ivg.viz.plots import draw_chunks, draw_points, markdown_table, new_figure, save_plot


def keypoints() -> np.ndarray:
    found = np.full((2, 21, 2), np.nan)
    found[1] = np.random.default_rng(0).uniform(0.2, 0.8, (21, 2))
    return found


def test_only_hands_that_are_there_are_drawn() -> None:
    image = np.zeros((128, 128, 3), np.uint8)
    drawn = draw_hands(image, keypoints())
    assert not image.any()
    assert (drawn == HAND_COLOURS[1]).all(-1).any()
    assert not (drawn == HAND_COLOURS[0]).all(-1).any()
    assert not draw_hands(image, keypoints(), np.zeros(2, bool)).any()


def test_a_long_video_takes_two_rows_and_one_with_regions_one() -> None:
    frames, hands = np.zeros((20, 48, 64, 3), np.uint8), np.stack([keypoints()] * 20)
    times = np.arange(20) / 8
    one = video_grid(frames, hands, times, title="a video", regions=np.ones((20, 48, 64), bool))
    two = video_grid(frames, hands, times, title="a video")
    assert two.shape[0] > one.shape[0] + 150
    assert one.shape[1] == two.shape[1]
    assert evenly(3) == [0, 1, 2]
    assert evenly(20)[-1] == 19


def test_columns_of_a_table_line_up() -> None:
    table = markdown_table(["task", "rate"], [["cut", "0.5"], ["open_drawer", "12.5"]])
    assert table.splitlines() == [
        "| task        | rate |",
        "| ----------- | ---: |",
        "| cut         |  0.5 |",
        "| open_drawer | 12.5 |",
    ]


def test_plots_are_drawn(tmp_path: Path) -> None:
    figure, (axis,) = new_figure(3, 2)
    draw_points(axis, [[1.0, 2.0], []], ["red", "blue"], ["one", "none"])
    save_plot(figure, tmp_path / "new" / "plot.png")
    assert (tmp_path / "new" / "plot.png").stat().st_size > 2000
    assert draw_chunks(np.zeros((2, 8, 3)), np.ones((2, 8, 3))).shape[2] == 3
