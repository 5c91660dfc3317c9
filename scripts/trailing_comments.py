"""Griffe extension of ``make docs``: a comment beside a field or a constant is its description in the API reference."""

from __future__ import annotations

import ast
from typing import Any

import griffe


class TrailingComments(griffe.Extension):
    """Takes ``name: type = value  # what it is``, or the comment lines above, where there is no docstring."""

    def on_attribute_instance(self, *, node: ast.AST | griffe.ObjectNode, attr: griffe.Attribute, **_: Any) -> None:
        """Look behind the attribute's last and first line, then above it."""
        if attr.docstring is not None or not isinstance(node, ast.Assign | ast.AnnAssign):
            return
        lines = attr.lines_collection[attr.filepath]
        comments = [
            line.rpartition("  # ")[2]
            for line in (lines[node.end_lineno - 1], lines[node.lineno - 1])
            if "  # " in line
        ]
        comments = [comment for comment in comments if not comment.startswith(("type:", "noqa"))][:1]
        above = node.lineno - 2
        while not comments and lines[above].lstrip().startswith("# "):
            above -= 1
        comments = comments or [line.strip().removeprefix("# ") for line in lines[above + 1 : node.lineno - 1]]
        if comments:
            attr.docstring = griffe.Docstring(" ".join(comments), lineno=attr.lineno, parent=attr)
