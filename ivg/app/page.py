"""The page: controls on the left, panels that fill as a run goes on at the right (loads gradio)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from ..envs.kitchen.tasks import TASKS
from ..errors import InputError
from ..policy.sampling import SAMPLES
from ..workflows.demo import SKIN_TONES, ContextFrame
from .inputs import MAX_FILE_MB, MAX_SEED, checked_seed, checked_task, frame_from_upload
from .panels import messages_html, panel_html, progress_html
from .run import DEFAULT_STEPS, AppRun, AppWorker
from .view import STAGES, AppView, new_stages, plain

MAX_STEPS, MAX_WAITING = 50, 16  # denoising steps, and runs that may wait
CACHE_S = (300, 1500)
"""Interval at which dropped images are checked, and the age at which they are deleted, in seconds."""

HEAD = """<div class="ivg-head"><h1>From one frame and a sentence to a robot that does it</h1>
<p>A short clip of a human hand doing the task is generated in the scene of the image: first where the hand will move,
then how. Its joints are read off the clip, in metres, and a robot follows them in the same scene.</p></div>"""
FOOT = (
    "<div class='ivg-foot'>The kitchen is a simulation, whose own predicate says whether a task is done. The same seed "
    "gives the same scene, hand and clip. Images go no further than to the machine that serves this page, which "
    f"deletes them within {sum(CACHE_S) // 60} minutes.</div>"
)
STRANGE_IMAGE = (
    "The packaged weights were trained on rendered kitchens at 128 px only: of an image of another place they seldom "
    "make a good clip."
)
NO_ROBOT = "An image has no robot, and its camera is not known: no trajectory in metres, and nothing to follow it."
BUSY = "Another visitor's run is on; yours begins when it is over."

QUIET: dict[str, Any] = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}  # takes no time


class Page:
    """The page's components and events; `packaged`: the packaged weights generate, trained on the kitchen only."""

    def __init__(self, worker: AppWorker, packaged: bool) -> None:
        self.worker, self.strange = worker, (STRANGE_IMAGE,) if packaged else ()
        with gr.Blocks(title="ivg", analytics_enabled=False, delete_cache=CACHE_S, fill_width=True) as self.blocks:
            gr.HTML(HEAD)
            with gr.Row():
                with gr.Column(scale=1, min_width=330):
                    self._controls()
                with gr.Column(scale=3, min_width=560):
                    self._panels()
            gr.HTML(FOOT)
            self._events()
        self.blocks.queue(default_concurrency_limit=1, max_size=MAX_WAITING, api_open=False)

    def _controls(self) -> None:
        options = [("Kitchen", "kitchen"), ("My image", "image")]
        self.source = gr.Radio(options, value="kitchen", label="Scene", elem_id="ivg-source")
        label = f"Image, up to {MAX_FILE_MB} MB"
        upload: dict[str, Any] = {"sources": ["upload"], "buttons": [], "visible": False}
        self.image = gr.Image(label=label, height=230, elem_id="ivg-image", **upload)
        with gr.Row(elem_id="ivg-seeds"):
            self.seed = gr.Number(0, label="Seed", precision=0, elem_id="ivg-seed", scale=2, min_width=120)
            self.next_seed = gr.Button("Next seed", elem_id="ivg-next", scale=1, min_width=110)
        tasks = [[task.sentence] for task in TASKS.values()]
        info = "in your own words, or one that the kitchen scores:"
        self.text = gr.Textbox(tasks[0][0], label="Task", info=info, lines=1, elem_id="ivg-task")
        self.tasks = gr.Dataset(components=[self.text], samples=tasks, show_label=False, elem_id="ivg-tasks")
        self.robot = gr.Checkbox(True, label="Let the robot follow the hand", elem_id="ivg-follow")
        with gr.Accordion("Advanced", open=False, elem_id="ivg-advanced"):
            self.steps = gr.Slider(1, MAX_STEPS, DEFAULT_STEPS, step=1, label="Denoising steps", elem_id="ivg-steps")
            info = "another is made until one has a good contact; the best is followed"
            self.samples = gr.Slider(1, SAMPLES, 1, step=1, label="Clips at most", info=info)
            by_seed: dict[str, Any] = {"value": "drawn", "info": "drawn: by the seed"}
            self.side = gr.Radio(["drawn", "left", "right"], label="Acting hand", **by_seed)
            self.skin = gr.Radio(["drawn", *SKIN_TONES], label="Skin tone", **by_seed)
        with gr.Row():
            self.go = gr.Button("Generate", variant="primary", elem_id="ivg-go", scale=2)
            self.stop = gr.Button("Stop", interactive=False, elem_id="ivg-stop", scale=1, min_width=90)

    def _panels(self) -> None:
        """Lay the right column out, with what it shows before any run."""
        self.panels: dict[str, gr.HTML] = {}
        for names in (("progress",), ("messages",), STAGES[:4], STAGES[4:]):
            with gr.Row(elem_classes="ivg-row"):
                for name in names:
                    self.panels[name] = gr.HTML(_html(name, AppView()), elem_id=f"ivg-{name}", min_width=200)

    def _events(self) -> None:
        self.frame, self.request = gr.State(None), gr.State(None)
        fields = [self.source, self.seed, self.text, self.robot, self.steps, self.samples, self.side, self.skin]
        shown = [self.go, self.stop, *self.panels.values()]
        asked = [self.go.click, self.text.submit]
        begun = gr.on(asked, self.begin, [self.frame, *fields], [self.request, *shown], **QUIET)
        waiting = {**QUIET, "queue": True, "concurrency_limit": 1}
        run = begun.then(self.run, self.request, shown, **waiting)
        self.stop.click(self.stop_run, None, shown, cancels=[run], **QUIET)
        # Gradio would decode any file before our checks; without preprocessing, it only hands the path on.
        scene = [self.image, self.frame, self.panels["messages"], self.panels["scene"]]
        self.image.upload(self.dropped, self.image, scene, preprocess=False, **QUIET)
        self.image.clear(lambda: None, None, self.frame, **QUIET)
        switched = [self.image, self.next_seed, self.robot, self.samples, *self.panels.values()]
        self.source.change(self.switched, self.source, switched, **QUIET)
        self.tasks.click(lambda chosen: chosen[0], self.tasks, self.text, **QUIET)
        self.next_seed.click(lambda seed: (int(seed or 0) + 1) % (MAX_SEED + 1), self.seed, self.seed, **QUIET)
        self.blocks.unload(self.leave)

    def begin(self, visitor: gr.Request, frame: ContextFrame | None, source: str, *values: Any) -> dict[Any, Any]:
        """Check what is asked for, and empty the page for it; gradio has checked sliders and radios."""
        view, request = AppView(), None
        seed, text, robot, steps, samples, side, skin = values
        try:
            if source != "kitchen" and frame is None:
                raise InputError("no image yet: drop one, or choose the kitchen")
            request = {"task": checked_task(text), "seed": checked_seed(seed), "steps": int(steps)}
            request |= {"side": None if side == "drawn" else side, "skin": None if skin == "drawn" else skin}
            in_kitchen = {"execute": robot, "trajectory": True, "samples": int(samples)}
            request |= in_kitchen if source == "kitchen" else {"image": frame}
            view.notices = (BUSY,) if self.worker.busy(str(visitor.session_hash)) else ()
        except InputError as error:
            view.message = plain(error)
        return {self.request: request, **self._shown(view, self.panels, running=request is not None)}

    def run(self, request: dict[str, Any] | None, visitor: gr.Request) -> Iterator[Any]:
        """Do a run that was accepted, and change the page as it goes on."""
        if request is None:
            return
        run = AppRun(request, (*self.strange, NO_ROBOT) if "image" in request else ())
        self.worker.start(str(visitor.session_hash), run)
        try:
            for changed in run.changes():
                yield self._shown(run.view, changed, running=not (run.over or run.stopping.is_set()))
        finally:
            self.worker.forget(str(visitor.session_hash), run)

    def stop_run(self, visitor: gr.Request) -> dict[Any, Any]:
        """Stop the visitor's run; one that waits is taken out of the queue by gradio."""
        run = self.worker.run_of(str(visitor.session_hash))
        view = AppView(stopped=True) if run is None else run.stop()
        return self._shown(view, ("progress", "messages"), running=False)

    def leave(self, visitor: gr.Request) -> None:
        """Stop the run of a visitor who has left."""
        self.worker.forget(str(visitor.session_hash))

    def dropped(self, file: dict[str, Any] | None) -> dict[Any, Any]:
        """Read an image as soon as it is there, and refuse what is none."""
        view, frame = AppView(), None
        try:
            path = str((file or {}).get("path"))
            name = str((file or {}).get("orig_name") or Path(path).name)
            frame = frame_from_upload(Path(path), name.replace("\\", "/").rsplit("/", 1)[-1][-60:])
            view.notices, view.parts = self.strange, {"scene": frame}
        except InputError as error:
            view.message = plain(error)
        html = {self.panels[name]: _html(name, view) for name in ("messages", "scene")}
        return {self.image: gr.skip() if frame else None, self.frame: frame, **html}

    def switched(self, source: str) -> dict[Any, Any]:
        """Show what belongs to a source: the image, or what only the kitchen has."""
        kitchen = source == "kitchen"
        view = AppView(stages=new_stages(kitchen, kitchen), notices=() if kitchen else self.strange)
        updates: dict[Any, Any] = {self.panels[name]: _html(name, view) for name in ("progress", "messages")}
        for component in (self.next_seed, self.robot, self.samples, self.panels["trajectory"], self.panels["robot"]):
            updates[component] = gr.update(visible=kitchen)
        return {**updates, self.image: gr.update(visible=not kitchen)}

    def _shown(self, view: AppView, names: Iterable[str], *, running: bool) -> dict[Any, Any]:
        """Return the updates of Generate, Stop and the panels of these names."""
        html = {self.panels[name]: _html(name, view) for name in names}
        return {self.go: gr.update(interactive=not running), self.stop: gr.update(interactive=running), **html}


def _html(name: str, view: AppView) -> str:
    special = {"progress": progress_html, "messages": messages_html}
    return special[name](view) if name in special else panel_html(name, view)
