"""Many frames in a labelled grid, and images written to disk."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..errors import InputError
from ..io.staging import staged_output
from .canvas import FAINT, INK, PAPER

GAP = 2
MARGIN = 14


@dataclass(frozen=True, eq=False)
class GridRow:
    """One row of a grid."""

    frames: NDArray[np.uint8]  # (n, h, w, 3), RGB, one image for each column
    label: str  # line breaks are kept
    note: str = ""  # a second, fainter line
    new_group: bool = False  # leaves some room above the row


def image_grid(
    rows: Sequence[GridRow], *, title: str = "", columns: Sequence[str] = (), label_width: int = 170
) -> NDArray[np.uint8]:
    """Lay frames out in a grid with a title, heads of the columns and labels of the rows (`label_width` px wide).

    Raises:
        InputError: There is no row, or rows differ in their frames' shape.
    """
    shapes = {row.frames.shape for row in rows}
    if len(shapes) != 1:
        raise InputError(f"the rows of an image grid must have frames of one shape, got {sorted(shapes) or 'no row'}")
    count, height, width, _ = rows[0].frames.shape
    head = MARGIN + (30 if title else 0) + (20 if columns else 0)
    gaps = np.cumsum([8 if row.new_group and index else 0 for index, row in enumerate(rows)]).tolist()
    tops = [head + index * (height + GAP) + gap for index, gap in enumerate(gaps)]
    size = (label_width + count * (width + GAP) + MARGIN, tops[-1] + height + MARGIN)

    grid = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(grid)
    if title:
        draw.text((MARGIN, MARGIN), title, INK, ImageFont.load_default(17))
    for column, text in enumerate(columns):
        draw.text((label_width + column * (width + GAP), head - 17), text, FAINT, ImageFont.load_default(12))
    for row, top in zip(rows, tops, strict=True):
        draw.multiline_text((MARGIN, top + 4), row.label, INK, ImageFont.load_default(13))
        below = top + 8 + 17 * (row.label.count("\n") + 1)
        draw.multiline_text((MARGIN, below), row.note, FAINT, ImageFont.load_default(11))
        for column, frame in enumerate(row.frames):
            grid.paste(Image.fromarray(np.ascontiguousarray(frame)), (label_width + column * (width + GAP), top))
    return np.asarray(grid)


def save_image(image: NDArray[np.uint8], path: Path) -> None:
    """Writes an image (h, w, 3) as PNG or JPEG, by the path's ending, whole or not at all; makes the folder.

    Raises:
        InputError: The ending is another.
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise InputError(f"an image is written as .png or .jpg, got {path.name!r}")
    packed = io.BytesIO()  # Pillow itself takes no notice of a JPEG that does not fit on the disk
    Image.fromarray(image).save(packed, "PNG" if path.suffix.lower() == ".png" else "JPEG")
    with staged_output(path, overwrite=True) as stage:
        stage.write_bytes(packed.getvalue())
