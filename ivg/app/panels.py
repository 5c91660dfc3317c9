"""The panels of the page as HTML that holds its images and videos itself; every text is escaped."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..io.video import write_video
from ..policy import Demonstration, ExtractedDemonstration
from ..policy.sampling import GOOD_CONTACT
from ..types import FPS
from ..viz.canvas import fit_size, resize_image, resize_mask
from ..viz.execution_video import draw_execution
from ..viz.hands import draw_hands, tint_region
from ..viz.plots import draw_trajectory
from .view import STAGES, AppView, Stage

TITLES = {
    "scene": ("Scene", "Scene", "what the camera sees"),
    "region": ("Region of motion", "Region of motion", "where the hand will move"),
    "clip": ("Clip", "Generated clip", "a hand doing the task"),
    "hands": ("Hand tracks", "Hand tracks", "its joints, found in the clip"),
    "trajectory": ("Trajectory", "Trajectory in 3D", "the hand in metres, moved onto what it touches"),
    "robot": ("Robot", "Robot", "a gripper follows the hand in the same scene"),
}
"""Of each stage: its name in the progress, the title of its panel, and the panel's note while it is empty."""

INTERACTION_TYPES = {
    "grasp": "grasps: from above, closing where the hand closed",
    "drag": "drags: closes across the trajectory and takes it along",
    "push": "pushes: closed fingers, the trajectory of the finger tips",
}
SIZE = 640  # px, longer side of images that something is drawn on


def progress_html(view: AppView) -> str:
    """Return the stages in a row, each with its duration."""
    items = "".join(
        f'<li class="{stage.phase}" data-stage="{key}"><b>{TITLES[key][0]}</b><small>{_stage_note(stage)}</small></li>'
        for key, stage in view.stages.items()
    )
    seconds = sum(stage.seconds for stage in view.stages.values())
    total = f"{seconds:.1f} s in all" if seconds else ""
    if view.samples > 1 and "hands" in view.parts:
        total += f", clip {view.sample} of at most {view.samples}"
    return f'<ol class="ivg-progress">{items}</ol><div class="ivg-total">{total}</div>'


def _stage_note(stage: Stage) -> str:
    steps = f"{stage.done} of {stage.total}" if stage.total else f"step {stage.done}"
    duration = f"{stage.seconds:.1f} s"
    notes = {"waiting": "", "running": steps if stage.done else "…", "stopped": f"{duration}, stopped"}
    return notes.get(stage.phase, duration)


def messages_html(view: AppView) -> str:
    """Return why nothing more comes, and the limits of these clips."""
    no_message = f"No trajectory can be read off the clip: {view.no_trajectory}" if view.no_trajectory else ""
    lines = [("error", view.message), ("note", "Stopped." if view.stopped else "")]
    lines += [*(("note", notice) for notice in view.notices), ("error", no_message)]
    return "".join(
        f'<div class="ivg-message {kind}" role="status">{escape(_sentence(words))}</div>'
        for kind, words in lines
        if words
    )


def panel_html(key: str, view: AppView) -> str:
    """Return the panel of a stage, with its result or with what will be there."""
    _, title, empty = TITLES[key]
    kind, note, body = "ivg-card empty", empty, '<div class="ivg-void"></div>'
    if key in view.parts:
        kind, (note, body) = "ivg-card", _DRAW[key](view)
    return f'<section class="{kind}" data-panel="{key}"><h3>{title}</h3><p>{escape(note)}</p>{body}</section>'


def _scene(view: AppView) -> tuple[str, str]:
    context = view.parts["scene"]
    return context.name, _image(resize_image(context.frame, *fit_size(context.frame, SIZE)), "the scene")


def _region(view: AppView) -> tuple[str, str]:
    frame, region = view.parts["scene"].frame, view.parts["region"]
    size = fit_size(frame, SIZE)
    tinted = tint_region(resize_image(frame, *size), resize_mask(region, *size))
    return f"{region.mean():.0%} of the image", _image(tinted, "region of motion")


def _clip(view: AppView) -> tuple[str, str]:
    clip = view.parts["clip"]
    return f"{len(clip)} frames, {len(clip) / FPS:.1f} s", _video(clip, FPS, "generated clip")


def _hands(view: AppView) -> tuple[str, str]:
    made: Demonstration = view.parts["hands"]
    found = int(made.present[1:].any(axis=1).sum())
    size, frames = fit_size(made.clip[0], SIZE), []
    for t, frame in enumerate(made.clip):
        region = resize_mask(made.region_per_frame[t], *size)
        tinted = tint_region(resize_image(frame, *size), region, strength=0.25)
        frames.append(draw_hands(tinted, made.keypoints[t], made.present[t]))
    note = f"a hand in {found} of {len(made) - 1} frames"
    return note, _video(np.stack(frames), made.fps, "hand tracks over the clip")


def _trajectory(view: AppView) -> tuple[str, str]:
    extracted: ExtractedDemonstration = view.parts["trajectory"]
    plot = draw_trajectory(extracted, view.parts["scene"].frame, view.parts["scene"].depth)
    figures = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in trajectory_figures(extracted))
    body = f'{_image(plot, "trajectory of the hand in the scene", "ivg-plot")}<dl class="ivg-figures">{figures}</dl>'
    return f"the {extracted.hand} hand, colour is time", body


def trajectory_figures(extracted: ExtractedDemonstration) -> list[tuple[str, str]]:
    """Return names and values of what is known of a trajectory."""
    points = extracted.trajectory.poses[extracted.trajectory.present, :3]
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    figures = [
        ("Length", f"{100 * length:.0f} cm"),
        ("Seen in", f"{int(extracted.trajectory.present.sum())} of {len(extracted.trajectory)} frames, gaps filled"),
    ]
    contact = extracted.contact
    if contact is None:
        return figures
    moved, rotated = float(np.linalg.norm(contact.offset_m)), abs(float(np.degrees(contact.turn_rad)))
    quality = "good" if contact.cost < GOOD_CONTACT else "poor" if contact.found else "touches nothing"
    return [
        ("Interaction", INTERACTION_TYPES[contact.interaction_type]),
        ("Contact", f"cost {contact.cost:.1f}: {quality} (good is below {GOOD_CONTACT:.0f})"),
        ("Moved onto it", f"by {100 * moved:.1f} cm, turned by {rotated:.0f}°" if moved or rotated else "not moved"),
        *figures,
    ]


def _robot(view: AppView) -> tuple[str, str]:
    run = view.parts["robot"]
    kind = "unknown" if run.success is None else "success" if run.success else "failure"
    reason = f"<span>{escape(_sentence(run.reason))}</span>" if run.reason else ""
    verdict = f'<div class="ivg-verdict {kind}"><b>{escape(_sentence(run.verdict))}</b>{reason}</div>'
    if not run.moved:
        return run.mark, verdict
    video = draw_execution(view.parts["trajectory"].demonstration, run, view.text)
    return run.mark, verdict + _video(video, run.fps, "robot following the hand", loop=False)


_DRAW: dict[str, Callable[[AppView], tuple[str, str]]] = dict(
    zip(STAGES, (_scene, _region, _clip, _hands, _trajectory, _robot), strict=True)
)
"""Returns note and body of a panel."""


def _image(pixels: NDArray[np.uint8], words: str, kind: str = "") -> str:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img class="{kind}" src="data:image/png;base64,{data}" alt="{escape(words)}">'


def _video(frames: NDArray[np.uint8], fps: float, words: str, loop: bool = True) -> str:
    with tempfile.TemporaryDirectory(prefix="ivg-app-") as folder:
        path = Path(folder) / "video.mp4"
        write_video(path, frames, fps)
        data = base64.b64encode(path.read_bytes()).decode()
    options = "autoplay muted playsinline controls" + (" loop" if loop else "")
    return f'<video {options} src="data:video/mp4;base64,{data}" aria-label="{escape(words)}"></video>'


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
