"""``--table FILE``: a command's table in Markdown, on a page or as a file of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...io.page_table import CLOSES, opens


def add_table_option(parser: argparse.ArgumentParser, name: str) -> None:
    """Add ``--table`` to a command.

    Args:
        parser: The command's.
        name: Of its table.
    """
    help_text = (
        f"write the table, in Markdown: between the lines '{opens(name)}' and '{CLOSES}' of FILE if it has these, "
        "else as the whole of FILE"
    )
    parser.add_argument("--table", type=Path, metavar="FILE", help=help_text)
