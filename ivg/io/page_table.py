"""A table in Markdown, put into its position on a page or written as a file of its own."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from .staging import write_text_whole

CLOSES = "<!-- end -->"  # the line of a page that ends a table


def opens(name: str) -> str:
    """Return the line of a page that begins a table."""
    return f"<!-- {name} -->"


def insert_table(table: str, target: Path, name: str) -> None:
    """Write a Markdown table between its two lines of a page, or, where there is none, as a file of its own.

    Raises:
        InputError: If the page has the line that begins the table, and none after it that ends it.
    """
    page = target.read_text() if target.exists() else ""
    before, opened, rest = page.partition(f"{opens(name)}\n")
    if not opened:
        write_text_whole(target, f"{table}\n")
        return
    _, closed, after = rest.partition(CLOSES)
    if not closed:
        raise InputError(f"{target} has the line '{opens(name)}', but no line '{CLOSES}' after it")
    write_text_whole(target, f"{before}{opened}{table}\n{CLOSES}{after}")
