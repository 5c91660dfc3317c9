"""``ivg-app``'s page: controls on the left, panels that fill as a run goes on at the right (loads gradio)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from ..errors import InputError
from . import panels
from .controls import FIELDS, QUIET, Controls, dropped_file, new_controls
from .picture import frame_from_upload
from .request import PICTURE, checked_request
from .run import STRANGE_PICTURE
from .session import AppSession, plain
from .view import WITHOUT_SCENE, AppView, new_stages

WAITING_RUNS = 16
"""Runs that may wait; more are refused."""

CACHE_S = (300, 1500)
"""How often dropped pictures are looked through, and how old they may get, in seconds."""

HEAD = """<div class="ivg-head"><h1>From one frame and a sentence to a robot that does it</h1>
<p>A short clip of a human hand doing the task is generated in the scene of the picture: first where the hand will move,
then how. Its joints are read off the clip, in metres, and a robot follows them in the same scene.</p></div>"""

FOOT = (
    "<div class='ivg-foot'>The kitchen is a simulation, whose own predicate says whether a task is done. The same seed "
    "gives the same scene, hand and clip. Pictures go no further than to the machine that serves this page, which "
    f"deletes them within {sum(CACHE_S) // 60} minutes.</div>"
)

PARTS: tuple[tuple[str, Callable[[AppView], str], Callable[[AppView], tuple[Any, ...]]], ...] = (
    ("progress", panels.progress_html, lambda view: (view,)),
    ("messages", panels.messages_html, lambda view: (view.message, view.stopped, view.notices, view.no_path)),
    ("scene", panels.scene_html, lambda view: (view.context,)),
    ("region", panels.region_html, lambda view: (view.region, view.context)),
    ("clip", panels.clip_html, lambda view: (view.clip,)),
    ("hands", panels.hands_html, lambda view: (view.demonstration,)),
    ("path", panels.path_html, lambda view: (view.extracted,)),
    ("robot", panels.robot_html, lambda view: (view.run,)),
)
"""The page's parts: name, what draws it, and what of a view it depends on."""


class Updates:
    """Turns views into what the page's parts are changed to; one for each run."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[Any, ...]] = {}

    def __call__(self, view: AppView) -> list[Any]:
        """Return the new HTML of each of `PARTS`, or `gr.skip()` for those that stay as they are."""
        return [self._part(name, draw, needs(view), view) for name, draw, needs in PARTS]

    def _part(self, name: str, draw: Callable[[AppView], str], needed: tuple[Any, ...], view: AppView) -> Any:
        before, self._shown[name] = self._shown.get(name), needed
        if before is not None and all(map(_same, before, needed)):
            return gr.skip()
        return draw(view)


def _same(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, str | bool) and a == b)


def new_page(session: AppSession, *, packaged: bool) -> gr.Blocks:
    """Make the page.

    Args:
        session: Does the work.
        packaged: Whether the packaged weights generate, which know no other place than the kitchen.
    """
    with gr.Blocks(title="ivg", analytics_enabled=False, delete_cache=CACHE_S, fill_width=True) as page:
        gr.HTML(HEAD)
        with gr.Row():
            with gr.Column(scale=1, min_width=330):
                controls = new_controls()
            with gr.Column(scale=3, min_width=560):
                parts = _new_parts()
        gr.HTML(FOOT)
        _Events(session, controls, parts, packaged).wire(page)
    page.queue(default_concurrency_limit=1, max_size=WAITING_RUNS, api_open=False)
    return page


def _new_parts() -> dict[str, gr.HTML]:
    """Lay the right column out, with what it shows before any run."""
    empty = AppView()
    first = {name: draw(empty) for name, draw, _ in PARTS}
    made = {}
    for names in (("progress",), ("messages",), ("scene", "region", "clip", "hands"), ("path", "robot")):
        with gr.Row(elem_classes="ivg-row"):
            for name in names:
                made[name] = gr.HTML(first[name], elem_id=f"ivg-{name}", min_width=200)
    return {name: made[name] for name, *_ in PARTS}


class _Events:
    """What the page's buttons do."""

    def __init__(self, session: AppSession, controls: Controls, parts: dict[str, gr.HTML], packaged: bool) -> None:
        self.session, self.controls, self.parts, self.packaged = session, controls, parts, packaged
        self._accepted: set[str] = set()  # visitors whose run was asked for and has not begun
        self._tickets = itertools.count(1)  # a new one begins a run

    def wire(self, page: gr.Blocks) -> None:
        """Connect them."""
        controls = self.controls
        buttons, parts = [controls.go, controls.stop], list(self.parts.values())
        raw = {**QUIET, "preprocess": False}  # gradio would decode any picture; `checked_request` checks everything
        ticket = gr.Number(0, visible="hidden")
        asked = [controls.go.click, controls.text.submit]
        gr.on(asked, self.begin, controls.fields, [ticket, *buttons, *parts], **raw)
        waiting = {**raw, "queue": True, "concurrency_limit": 1}
        run = ticket.change(self.run, controls.fields, [*buttons, *parts], **waiting)
        controls.stop.click(self.stop, None, [*buttons, *parts], cancels=[run], **QUIET)
        dropped = [controls.picture, self.parts["messages"], self.parts["scene"]]
        controls.picture.upload(self.dropped, controls.picture, dropped, **raw)
        shown = [self.parts[name] for name in ("progress", "messages", *WITHOUT_SCENE)]
        controls.source.change(self.switched, controls.source, shown, **QUIET)
        page.unload(self.leave)

    def begin(self, request: gr.Request, *values: Any) -> list[Any]:
        """Accept a run and empty the page for it; tell at once what is wrong, not when its turn has come."""
        visitor = str(request.session_hash)
        if visitor in self._accepted or self.session.is_running(visitor):
            return [gr.skip()] * (3 + len(PARTS))
        view = AppView()
        try:
            checked_request(self._fields(values))
            self._accepted.add(visitor)
            if self.session.others_running(visitor):
                view = view.changed(notices=("Another visitor's run is on; yours begins when it is over.",))
        except InputError as error:
            view = view.changed(message=plain(error))
        accepted = visitor in self._accepted
        ticket = next(self._tickets) if accepted else gr.skip()
        return [ticket, *_buttons(running=accepted), *Updates()(view)]

    def run(self, request: gr.Request, *values: Any) -> Iterator[list[Any]]:
        """Do a run that was accepted, and change the page as it goes on."""
        visitor = str(request.session_hash)
        if visitor not in self._accepted:
            return
        self._accepted.discard(visitor)
        updates = Updates()
        with closing(self.session.run(visitor, self._fields(values))) as views:
            for view in views:
                yield [*_buttons(running=not view.ended), *updates(view)]

    def stop(self, request: gr.Request) -> list[Any]:
        """Stop the run of the visitor; one that waits for its turn is taken out of the queue."""
        visitor = str(request.session_hash)
        self._accepted.discard(visitor)
        view = self.session.stop(visitor) or AppView(stopped=True)
        told = [panels.progress_html(view), panels.messages_html(view)]
        return [*_buttons(running=False), *told, *[gr.skip()] * (len(PARTS) - len(told))]

    def _fields(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return what the controls hold by name, the picture as path and name."""
        fields = dict(zip(FIELDS, values, strict=True))
        path, name = dropped_file(fields["picture"], self.controls.picture.GRADIO_CACHE)
        return {**fields, "picture": path, "name": name}

    def dropped(self, picture: Any) -> list[Any]:
        """Look at a picture as soon as it is there, and refuse what is none."""
        path, name = dropped_file(picture, self.controls.picture.GRADIO_CACHE)
        try:
            context = frame_from_upload(Path(path or ""), name or "the file")
        except InputError as error:
            return [None, panels.messages_html(AppView(message=plain(error))), panels.scene_html(AppView())]
        notices = (STRANGE_PICTURE,) if self.packaged else ()
        view = AppView(context=context, notices=notices)
        return [gr.skip(), panels.messages_html(view), panels.scene_html(view)]

    def switched(self, source: str) -> list[Any]:
        """Say at once what is to be expected of a picture, and leave out what it cannot have."""
        picture = source == PICTURE
        notices = (STRANGE_PICTURE,) if picture and self.packaged else ()
        view = AppView(stages=new_stages(scene=not picture), notices=notices)
        said = [panels.progress_html(view), panels.messages_html(view)]
        return [*said, *[gr.update(visible=not picture)] * len(WITHOUT_SCENE)]

    def leave(self, request: gr.Request) -> None:
        """Stop the run of a visitor who has left."""
        self._accepted.discard(str(request.session_hash))
        self.session.forget(str(request.session_hash))


def _buttons(*, running: bool) -> list[Any]:
    """Return what becomes of Generate and Stop."""
    return [gr.update(interactive=not running), gr.update(interactive=running)]
