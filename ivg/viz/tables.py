"""Tables in Markdown whose columns line up, so that they read well in a terminal too."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[object]], left: int = 1) -> str:
    """Return a Markdown table.

    Args:
        heads: Of the columns.
        rows: As many cells each; cells are shown by `str`.
        left: How many columns, from the first, are aligned to the left; the others are aligned to the right.
    """
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    rule = [("-" * width if index < left else "-" * (width - 1) + ":") for index, width in enumerate(widths)]
    lines = [
        [
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in cells
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])
