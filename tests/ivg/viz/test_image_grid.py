"""The grid of pictures that people look at."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ivg.errors import InputError
from ivg.viz.image_grid import GAP, GridRow, image_grid, save_image


def test_every_frame_stands_where_it_belongs() -> None:
    frames = np.stack([np.full((20, 30, 3), value, np.uint8) for value in (10, 20, 30)])
    sheet = image_grid([GridRow(frames, "one"), GridRow(frames + 100, "two")], label_width=50)
    columns = [50 + 15 + i * (30 + GAP) for i in range(3)]
    rows = np.flatnonzero((sheet[:, columns[0]] == 10).all(-1))
    assert len(rows) == 20
    assert sheet[rows[5], columns, 0].tolist() == [10, 20, 30]
    assert sheet[rows[5] + 20 + GAP, columns, 0].tolist() == [110, 120, 130]


def test_rows_of_different_shapes_are_refused() -> None:
    rows = [GridRow(np.zeros((n, 8, 8, 3), np.uint8), "") for n in (2, 3)]
    with pytest.raises(InputError, match="one shape"):
        image_grid(rows)
    with pytest.raises(InputError, match="no row"):
        image_grid([])


def test_saving_makes_the_folder_and_refuses_other_formats(tmp_path: Path) -> None:
    sheet = np.zeros((4, 4, 3), np.uint8)
    save_image(sheet, tmp_path / "new" / "sheet.png")
    with Image.open(tmp_path / "new" / "sheet.png") as picture:
        assert picture.size == (4, 4)
    with pytest.raises(InputError, match="png or .jpg"):
        save_image(sheet, tmp_path / "sheet.gif")
