"""A dataset as a web page of one file, which needs no network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivg.errors import InputError
from ivg.hands import BONES
from ivg.io.checks import check_positive
from ivg.io.staging import staged_output

from .dataset import ViewedDataset
from .records import episode_record, index_row

TEMPLATE = Path(__file__).parent / "template"  # folder of the page's HTML, CSS and JavaScript

# in the order in which they are concatenated
SCRIPTS = ("data.js", "images.js", "space.js", "timeline.js", "player.js", "list.js", "summary.js", "main.js")
NO_ATTEMPTS: dict[str, Any] = {"attempts": {}, "refused": [], "meanings": {}, "settings": {}}


@dataclass(frozen=True)
class PageSettings:
    """How much goes into a page.

    Raises:
        InputError: If a value is impossible.
    """

    images: int = 24  # maximum number of the robot's images per episode
    size: int = 256  # maximum height and width of an image, px
    quality: int = 70  # of packed images, 1 to 100

    def __post_init__(self) -> None:
        check_positive(images=self.images, size=self.size)
        if not 1 <= self.quality <= 100:
            raise InputError(f"quality must lie in [1, 100], got {self.quality}")


def write_page(
    path: str | Path,
    dataset: ViewedDataset,
    episodes: Sequence[int],
    *,
    attempts: Mapping[str, Any] | None = None,
    settings: PageSettings | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a page of the episodes with these indices; it is there whole or not at all.

    `attempts` are those behind the dataset, JSON values: `attempts` by task and in "total" (see `acceptance`),
    `refused` (one row per attempt without an episode: index, task, seed, reason, detail), `meanings` of the reasons,
    `settings`.

    Raises:
        InputError: If the path exists (and is not to be overwritten), or no episode is to be shown.
    """
    if not episodes:
        raise InputError("there is no episode to show")
    with staged_output(path, overwrite=overwrite) as stage, stage.open("w", encoding="utf-8") as file:
        file.writelines(_parts(dataset, episodes, attempts or {}, settings or PageSettings()))
    return Path(path)


def _parts(
    dataset: ViewedDataset, episodes: Sequence[int], attempts: Mapping[str, Any], settings: PageSettings
) -> Iterator[str]:
    # episode by episode, so that no more than one of them is held in memory
    before, after = _read("page.html").split("{{data}}")
    fills = _fills(dataset.path.name)
    yield _filled(before, fills)
    rows = []
    for index in episodes:
        episode = dataset[index]
        rows.append(index_row(index, episode))
        record = episode_record(episode, images=settings.images, size=settings.size, quality=settings.quality)
        yield _data_block(f"episode-{index}", record)
    tasks = {task: dataset.tasks.count(task) for task in sorted(set(dataset.tasks))}
    head = {**dataset.contents(), "tasks": tasks, "bones": BONES, **NO_ATTEMPTS, **attempts}
    yield _data_block("dataset", {**head, "shown": rows})
    yield _filled(after, fills)


def _fills(name: str) -> dict[str, str]:
    """Return what is filled into the template; the page runs no other script or style than these."""
    script = f'"use strict";\n(() => {{\n{"".join(map(_read, SCRIPTS))}}})();\n'
    style = _read("page.css")
    fills = {"title": html.escape(name), "script": script, "style": style}
    return {**fills, "script_hash": _hash(script), "style_hash": _hash(style)}


def _read(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8")


def _filled(template: str, fills: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: fills[found[1]], template)


def _hash(text: str) -> str:
    """Return the hash of a text for a content security policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _data_block(name: str, value: object) -> str:
    """Return values as a block of JSON that no text in them can end: `<`, `>` and `&` are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="{name}">{text}</script>\n'
