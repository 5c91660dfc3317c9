"""The controls of ``ivg-app``'s page (loads gradio)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from ..envs.kitchen.tasks import TASKS
from ..policy.sampling import SAMPLES
from .gate import resolved
from .picture import LARGEST_FILE_MB
from .request import DEFAULT_STEPS, DRAWN, LARGEST_SEED, MOST_STEPS, PICTURE, SCENE, SIDES, SKINS

FIELDS = ("source", "seed", "picture", "text", "robot", "steps", "samples", "side", "skin")
"""Attributes of `Controls` that a run is asked for with, named as `checked_request` names them."""

QUIET: dict[str, Any] = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}
"""Of events that take no time."""


@dataclass(frozen=True, eq=False)
class Controls:
    """What a visitor sets; attributes are gradio's components."""

    source: gr.Radio
    seed: gr.Number
    next_seed: gr.Button
    picture: gr.Image
    text: gr.Textbox
    known: gr.Dataset
    robot: gr.Checkbox
    steps: gr.Slider
    samples: gr.Slider
    side: gr.Radio
    skin: gr.Radio
    go: gr.Button
    stop: gr.Button

    @property
    def fields(self) -> list[Any]:
        """The components of `FIELDS`."""
        return [getattr(self, name) for name in FIELDS]


def new_controls() -> Controls:
    """Lay the controls out, one below the other, and let those that belong together act on each other."""
    controls = Controls(**_scene(), **_task(), **_advanced(), **_buttons())
    controls.known.click(lambda chosen: chosen[0], controls.known, controls.text, **QUIET)
    controls.next_seed.click(_next, controls.seed, controls.seed, **QUIET)
    kitchens = [controls.seed, controls.next_seed, controls.robot, controls.samples]
    controls.source.change(_switched, controls.source, [controls.picture, *kitchens], **QUIET)
    return controls


def _scene() -> dict[str, Any]:
    source = gr.Radio([("Kitchen", SCENE), ("My picture", PICTURE)], value=SCENE, label="Scene", elem_id="ivg-source")
    picture = gr.Image(
        label=f"Picture, up to {LARGEST_FILE_MB} MB",
        sources=["upload"],
        height=230,
        visible=False,
        elem_id="ivg-picture",
        buttons=[],
    )
    with gr.Row(elem_id="ivg-seeds"):
        seed = gr.Number(0, label="Seed", precision=0, elem_id="ivg-seed", scale=2, min_width=120)
        following = gr.Button("Next seed", elem_id="ivg-next", scale=1, min_width=110)
    return {"source": source, "picture": picture, "seed": seed, "next_seed": following}


def _task() -> dict[str, Any]:
    sentences = [task.sentence for task in TASKS.values()]
    text = gr.Textbox(
        sentences[0],
        label="Task",
        info="in your own words, or one that the kitchen scores:",
        lines=1,
        elem_id="ivg-task",
    )
    known = gr.Dataset(
        components=[text], samples=[[words] for words in sentences], show_label=False, elem_id="ivg-known"
    )
    robot = gr.Checkbox(True, label="Let the robot follow the hand", elem_id="ivg-follow")
    return {"text": text, "known": known, "robot": robot}


def _advanced() -> dict[str, Any]:
    with gr.Accordion("Advanced", open=False, elem_id="ivg-advanced"):
        steps = gr.Slider(1, MOST_STEPS, DEFAULT_STEPS, step=1, label="Denoising steps", elem_id="ivg-steps")
        samples = gr.Slider(
            1,
            SAMPLES,
            1,
            step=1,
            label="Clips at most",
            info="another is made until one has a good contact; the best is followed",
        )
        side = gr.Radio(list(SIDES), value=DRAWN, label="Acting hand", info="drawn: by the seed")
        skin = gr.Radio(list(SKINS), value=DRAWN, label="Skin tone", info="drawn: by the seed")
    return {"steps": steps, "samples": samples, "side": side, "skin": skin}


def _buttons() -> dict[str, Any]:
    with gr.Row():
        go = gr.Button("Generate", variant="primary", elem_id="ivg-go", scale=2)
        stop = gr.Button("Stop", interactive=False, elem_id="ivg-stop", scale=1, min_width=90)
    return {"go": go, "stop": stop}


def dropped_file(payload: Any, folder: str) -> tuple[str | None, str]:
    """Return path and name of what was dropped, as the browser tells it; the file is not looked into.

    Args:
        payload: What the browser sent: `path` and `orig_name`, or None.
        folder: Where uploaded files lie; no other is taken.

    Returns:
        Path, or None if there is none; and what the visitor calls the file.
    """
    if not isinstance(payload, dict) or not isinstance(payload.get("path"), str):
        return None, ""
    path = resolved(payload["path"])
    if path is None or Path(folder).resolve() not in path.parents:
        return None, ""
    name = str(payload.get("orig_name") or path.name)
    return str(path), name.replace("\\", "/").rsplit("/", 1)[-1][-60:]


def _next(seed: float | None) -> int:
    return (int(seed or 0) + 1) % (LARGEST_SEED + 1)


def _switched(source: str) -> list[Any]:
    """Show what belongs to a source: the picture, or what only the kitchen has; the seed belongs to both."""
    kitchen = source == SCENE
    return [gr.update(visible=not kitchen), gr.update(), *[gr.update(visible=kitchen)] * 3]
