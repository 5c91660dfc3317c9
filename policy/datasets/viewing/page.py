"""A dataset as a web page of one file, which needs no network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivg.errors import InputError
from ivg.hands import BONES
from ivg.io.staging import staged_output

from .dataset import ViewedDataset
from .records import episode_record, index_row

TEMPLATE = Path(__file__).parent / "template"
"""Where the page's HTML, CSS and JavaScript stand."""

SCRIPTS = ("data.js", "pictures.js", "space.js", "timeline.js", "player.js", "list.js", "summary.js", "main.js")
"""In the order in which they are put together."""


@dataclass(frozen=True)
class PageSettings:
    """How much goes into a page.

    Attributes:
        pictures: Of the robot, of an episode at most.
        size: Height and width of a picture at most, px.
        quality: Of packed pictures, 1 to 100.

    Raises:
        InputError: If a value is impossible.
    """

    pictures: int = 24
    size: int = 256
    quality: int = 70

    def __post_init__(self) -> None:
        """Validate the ranges."""
        for name in ("pictures", "size"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be positive, got {getattr(self, name)}")
        if not 1 <= self.quality <= 100:
            raise InputError(f"quality must lie in [1, 100], got {self.quality}")


@dataclass(frozen=True)
class Attempts:
    """What became of the attempts behind a dataset; empty where that is not known.

    Attributes:
        tasks: For each task, and for "total", JSON values: "attempts", "kept", "acceptance" (a share), "interval" (two
            shares), "reasons" (counts).
        refused: One row an attempt that gave no episode: "index", "task", "seed", "reason", "detail".
        meanings: What each reason means, in words.
        settings: What the attempts were made with.
    """

    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refused: Sequence[Mapping[str, Any]] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def write_page(
    path: str | Path,
    dataset: ViewedDataset,
    places: Sequence[int],
    *,
    attempts: Attempts | None = None,
    settings: PageSettings | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a page; it is there whole or not at all.

    Args:
        path: Where it is to stand, `*.html`.
        dataset: What is looked at.
        places: Which episodes are shown.
        attempts: What became of the attempts behind them.
        settings: How much goes into the page.
        overwrite: Replace what stands there.

    Returns:
        The path.

    Raises:
        InputError: If the path exists (and is not to be overwritten), or no episode is to be shown.
    """
    if not places:
        raise InputError("there is no episode to show")
    with staged_output(path, overwrite=overwrite) as stage, stage.open("w", encoding="utf-8") as file:
        file.writelines(_parts(dataset, places, attempts or Attempts(), settings or PageSettings()))
    return Path(path)


def _parts(dataset: ViewedDataset, places: Sequence[int], attempts: Attempts, settings: PageSettings) -> Iterator[str]:
    """Yield the page, episode by episode, so that no more than one of them is held in memory."""
    before, after = _read("page.html").split("{{data}}")
    fills = _fills(dataset.path.name)
    yield _filled(before, fills)
    rows = []
    for place in places:
        episode = dataset[place]
        rows.append(index_row(place, episode))
        record = episode_record(episode, pictures=settings.pictures, size=settings.size, quality=settings.quality)
        yield _data_block(f"episode-{place}", record)
    yield _data_block("dataset", {**_head(dataset, attempts), "shown": rows})
    yield _filled(after, fills)


def _fills(name: str) -> dict[str, str]:
    """Return what takes the places in the template; no other script or style than these can act in the page."""
    script = f'"use strict";\n(() => {{\n{"".join(map(_read, SCRIPTS))}}})();\n'
    style = _read("page.css")
    return {
        "title": html.escape(name),
        "script": script,
        "script_hash": _hash(script),
        "style": style,
        "style_hash": _hash(style),
    }


def _read(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8")


def _filled(template: str, fills: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda place: fills[place[1]], template)


def _hash(text: str) -> str:
    """Return what a content security policy calls a text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _head(dataset: ViewedDataset, attempts: Attempts) -> dict[str, Any]:
    return {
        **dataset.contents(),
        "tasks": {task: dataset.tasks.count(task) for task in sorted(set(dataset.tasks))},
        "bones": BONES,
        "attempts": dict(attempts.tasks),
        "refused": list(attempts.refused),
        "meanings": dict(attempts.meanings),
        "settings": dict(attempts.settings),
    }


def _data_block(name: str, value: object) -> str:
    """Return values as a block of JSON that no text in them can end: `<`, `>` and `&` are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="{name}">{text}</script>\n'
