"""Tables in Markdown whose columns line up, so that they read well in a terminal too."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[object]], left: int = 1) -> str:
    """Return a Markdown table; the first `left` columns are aligned to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    rule = ["-" * width if index < left else "-" * (width - 1) + ":" for index, width in enumerate(widths)]
    forms = [f"{{:{'<' if index < left else '>'}{width}}}" for index, width in enumerate(widths)]
    line = f"| {' | '.join(forms)} |"
    return "\n".join(line.format(*row) for row in [cells[0], rule, *cells[1:]])
