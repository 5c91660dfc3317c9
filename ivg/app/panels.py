"""The parts of ``ivg-app``'s page as HTML: progress, pictures, figures, verdict. Every text is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..policy.sampling import GOOD_CONTACT
from ..types import FPS
from ..viz.execution_video import draw_execution
from .media import film_uri, fine, image_uri, region_image, track_film
from .path import draw_path
from .view import STAGES, AppView, Stage, new_stages

if TYPE_CHECKING:
    from ..policy.extraction import ExtractedDemonstration

PANELS = {
    "scene": ("Scene", "what the camera sees"),
    "region": ("Region of motion", "where the hand will move"),
    "clip": ("Generated clip", "a hand doing the task"),
    "hands": ("Hand tracks", "its joints, found in the clip"),
    "path": ("Path in 3D", "the hand in metres, moved onto what it touches"),
    "robot": ("Robot", "a gripper follows the hand in the same scene"),
}
"""Of each panel: its title, and what will be there."""

INTERACTION_TYPES = {
    "grasp": "grasps: from above, closing where the hand closed",
    "drag": "drags: closes across the way and takes it along",
    "push": "pushes: closed fingers, the way of the finger tips",
}


def progress_html(view: AppView) -> str:
    """Return the stages in a row, each with its time."""
    stages = view.stages or new_stages()
    items = "".join(
        f'<li class="{stage.phase}" data-stage="{key}"><b>{STAGES[key]}</b><small>{_stage_note(stage)}</small></li>'
        for key, stage in stages.items()
    )
    total = f"{view.seconds:.1f} s in all" if view.seconds else ""
    if view.samples > 1 and view.demonstration is not None:
        total += f", clip {view.sample} of at most {view.samples}"
    return f'<ol class="ivg-progress">{items}</ol><div class="ivg-total">{total}</div>'


def _stage_note(stage: Stage) -> str:
    if stage.phase == "waiting":
        return ""
    if stage.phase == "running" and stage.done:
        return f"{stage.done} of {stage.total}" if stage.total else f"step {stage.done}"
    if stage.phase == "running":
        return "…"
    return f"{stage.seconds:.1f} s" + (", stopped" if stage.phase == "stopped" else "")


def messages_html(view: AppView) -> str:
    """Return what has to be said: why nothing more comes, and what these clips are not."""
    lines = [("error", view.message)] if view.message else []
    lines += [("note", "Stopped.")] if view.stopped else []
    lines += [("note", notice) for notice in view.notices]
    lines += [("error", f"No path can be read off the clip: {view.no_path}")] if view.no_path else []
    return "".join(_message(kind, words) for kind, words in lines)


def _message(kind: str, words: str) -> str:
    return f'<div class="ivg-message {kind}" role="status">{escape(_sentence(words))}</div>'


def scene_html(view: AppView) -> str:
    """Return the scene's panel."""
    if view.context is None:
        return _empty("scene")
    return _card("scene", view.context.name, _image(image_uri(fine(view.context.frame)), "the scene"))


def region_html(view: AppView) -> str:
    """Return the panel of the region of motion."""
    if view.region is None or view.context is None:
        return _empty("region")
    picture = region_image(view.context.frame, view.region)
    return _card("region", f"{view.region.mean():.0%} of the picture", _image(image_uri(picture), "region of motion"))


def clip_html(view: AppView) -> str:
    """Return the clip's panel."""
    if view.clip is None:
        return _empty("clip")
    fps = view.demonstration.fps if view.demonstration else FPS
    note = f"{len(view.clip)} frames, {len(view.clip) / fps:.1f} s"
    return _card("clip", note, _film(film_uri(view.clip, fps), "generated clip"))


def hands_html(view: AppView) -> str:
    """Return the panel of the hand tracks."""
    made = view.demonstration
    if made is None:
        return _empty("hands")
    found = int(made.present[1:].any(axis=1).sum())
    note = f"a hand in {found} of {len(made) - 1} frames"
    return _card("hands", note, _film(film_uri(track_film(made), made.fps), "hand tracks over the clip"))


def path_html(view: AppView) -> str:
    """Return the panel of the path, with its figures."""
    if view.extracted is None or view.context is None or view.depth is None:
        return _empty("path")
    picture = draw_path(view.extracted, view.context.frame, view.depth)
    figures = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in path_figures(view.extracted))
    plot = _image(image_uri(picture), "path of the hand in the scene", "ivg-plot")
    note = f"the {view.extracted.hand} hand, colour is time"
    return _card("path", note, f'{plot}<dl class="ivg-figures">{figures}</dl>')


def path_figures(extracted: ExtractedDemonstration) -> list[tuple[str, str]]:
    """Return names and values of what is known of a path."""
    points = extracted.trajectory.poses[extracted.trajectory.present, :3]
    way = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    figures = [
        ("Way of the hand", f"{100 * way:.0f} cm"),
        ("Seen in", f"{int(extracted.trajectory.present.sum())} of {len(extracted.trajectory)} frames, gaps filled"),
    ]
    contact = extracted.contact
    if contact is None:
        return figures
    moved, turned = float(np.linalg.norm(contact.offset_m)), abs(float(np.degrees(contact.turn_rad)))
    quality = "good" if contact.cost < GOOD_CONTACT else "poor" if contact.found else "touches nothing"
    return [
        ("Interaction", INTERACTION_TYPES[contact.interaction_type]),
        ("Contact", f"cost {contact.cost:.1f}: {quality} (good is below {GOOD_CONTACT:.0f})"),
        ("Moved onto it", f"by {100 * moved:.1f} cm, turned by {turned:.0f}°" if moved or turned else "not moved"),
        *figures,
    ]


def robot_html(view: AppView) -> str:
    """Return the robot's panel, with the verdict."""
    run = view.run
    if run is None:
        return _empty("robot")
    kind = "unknown" if run.success is None else "success" if run.success else "failure"
    reason = f"<span>{escape(_sentence(run.reason))}</span>" if run.reason else ""
    verdict = f'<div class="ivg-verdict {kind}"><b>{escape(_sentence(run.verdict))}</b>{reason}</div>'
    if not run.moved or view.extracted is None:
        return _card("robot", run.mark, verdict)
    film = draw_execution(view.extracted.demonstration, run, view.text)
    return _card("robot", run.mark, verdict + _film(film_uri(film, run.fps), "robot following the hand", loop=False))


def _card(key: str, note: str, body: str) -> str:
    title = PANELS[key][0]
    return f'<section class="ivg-card" data-panel="{key}"><h3>{title}</h3><p>{escape(note)}</p>{body}</section>'


def _empty(key: str) -> str:
    title, note = PANELS[key]
    return (
        f'<section class="ivg-card empty" data-panel="{key}"><h3>{title}</h3><p>{note}</p>'
        '<div class="ivg-void"></div></section>'
    )


def _image(uri: str, words: str, kind: str = "") -> str:
    return f'<img class="{kind}" src="{uri}" alt="{escape(words)}">'


def _film(uri: str, words: str, loop: bool = True) -> str:
    how = "autoplay muted playsinline controls" + (" loop" if loop else "")
    return f'<video {how} src="{uri}" aria-label="{escape(words)}"></video>'


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
