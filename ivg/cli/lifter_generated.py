"""``ivg-policy evaluate-lifter --generated N``: where the hands of generated clips touch, in held-out kitchens."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import WeightsError
from ..types import HANDS, Camera, HandTracks
from .context_depth import ContextDepth

if TYPE_CHECKING:
    from ..data.clip_store import ClipRecord, ClipStore
    from ..policy.lifting import HandLifter
    from ..policy.lifting.first_contact import FirstContact, TrueContact

BAR_MM = 12.0
"""What the median of "touch_to_grasp_mm" of generated clips, moved onto what they touch, has to stay below."""

FIRST_OBJECT = 3
"""Lowest label of a moved object in a store's `labels`."""

ROWS = {
    "truth": "the true hand",
    "true_clip": "the true clip, lifted",
    "generated": "the generated clip, lifted",
    "moved": "... moved onto what it touches",
}
"""Whose first contacts are measured; that of the last one is the plan's (`ivg.policy.execution`)."""

_COLUMNS = {
    "pinch_to_grasp_mm": "pinch to grasp",
    "touch_to_grasp_mm": "touch to grasp",
    "touch_to_object_mm": "touch to object",
    "touch_in_time_mm": "touch in time",
    "nearest_mm": "nearest pass",
}


def evaluate_generated(
    lifter: HandLifter,
    clips: int,
    *,
    weights: str,
    cache: Path,
    workers: int,
    seed_offset: int,
    steps: int,
    device: str = "cpu",
) -> dict[str, Any]:
    """Generates clips in held-out kitchens, as ``ivg-eval`` does, and measures where their hands first touch.

    Args:
        lifter: Lifts the tracks.
        clips: How many, one a scene.
        weights: Name or folder of the generator's.
        cache: Folder for rendered clips, shared with ``ivg-eval``.
        workers: Processes.
        seed_offset: First seed of the scenes.
        steps: Denoising steps.
        device: Where torch computes.

    Returns:
        By row of `ROWS`, what `summarise_contacts` returns; "tasks": the same of the moved hands, by task;
        "clips": what was measured in each of them.

    Raises:
        IvgError: If the weights cannot be used, or a process died.
    """
    from ..pipeline import find_weights
    from ..policy.lifting.first_contact import summarise_contacts
    from .eval import SIZE
    from .render_pool import envs_fingerprint, render_store

    find_weights(weights)  # a wrong name is told before minutes go into rendering
    folder = cache / envs_fingerprint() / f"scenes-{clips}-from-{seed_offset}"
    store = render_store(folder, clips=clips, size=SIZE, workers=workers, seed_offset=seed_offset)
    generated = _generate(store, weights, steps, device, workers)
    truths = true_contacts(store)
    rows: dict[str, list[FirstContact | None]] = {name: [] for name in ROWS}
    with ContextDepth(store.size) as contexts:
        for index, truth in enumerate(truths):
            record = store.read(index)
            depth = contexts(record.info, record.frames[0])
            for name, contact in _contacts(lifter, generated[index], record, truth, depth, store.fps).items():
                rows[name].append(contact)
    tasks = [store.info(index)["task"] for index in range(clips)]
    return {
        **{name: summarise_contacts(contacts) for name, contacts in rows.items()},
        "tasks": {
            task: summarise_contacts([c for c, own in zip(rows["moved"], tasks, strict=True) if own == task])
            for task in sorted(set(tasks))
        },
        "clips": [
            {"seed": store.info(index)["seed"], "task": task, "touching": truths[index].touching}
            | (asdict(contact) if contact else {})
            for index, (task, contact) in enumerate(zip(tasks, rows["moved"], strict=True))
        ],
    }


def true_contacts(store: ClipStore) -> list[TrueContact]:
    """Returns where and when the hands of rendered clips touch, and the objects' visible points."""
    from ..policy.lifting.first_contact import TrueContact, visible_points

    truths = []
    with ContextDepth(store.size) as contexts:
        for index in store.indices_done:
            record = store.read(index)
            assert record.joints_world_m is not None
            assert record.contact is not None
            assert record.grasp_point is not None
            assert record.labels is not None
            depth = contexts(record.info, record.frames[0])
            points = visible_points(depth, record.labels[0] >= FIRST_OBJECT, _camera(record))
            joints = record.joints_world_m[:, HANDS.index(record.info["side"])]
            truths.append(TrueContact.of(joints, record.contact, record.grasp_point, points))
    return truths


def generated_lines(figures: dict[str, Any]) -> list[str]:
    """Returns the lines of the table that people read."""
    heads = [text for head in _COLUMNS.values() for text in (head, "90 %")]
    lines = [f"  {'median, mm':<30}" + "".join(f"{head:>16}" for head in heads) + f"{'no contact':>14}"]
    lines += [_line(words, figures[name]) for name, words in ROWS.items()]
    lines += [_line(f"  {task}", part) for task, part in figures["tasks"].items()]
    value = figures["moved"]["touch_to_grasp_mm"]["median"]
    verdict = "met" if value <= BAR_MM else "missed"
    late = figures["moved"]["frames_late"]["median"]
    return [
        *lines,
        f"  generated clips, moved onto what they touch, touch to grasp: median {value:.1f} mm, bar {BAR_MM:.0f} mm: "
        f"{verdict}; their first contact is {late:.0f} frames (median) off the true performance's",
    ]


def _line(words: str, part: dict[str, Any]) -> str:
    cells = "".join(f"{part[name][q]:>16.1f}" for name in _COLUMNS for q in ("median", "p90"))
    return f"  {words:<30}{cells}{part['none']:>8} of {part['n']}"


def _generate(store: ClipStore, weights: str, steps: int, device: str, workers: int) -> list[HandTracks]:
    """Returns the hands found in clips that are generated in the scenes of a store, in its order."""
    from .eval_worker import EvalSettings, Prompt, follow_prompt, start
    from .processes import CRASHED, run_jobs

    settings = EvalSettings(weights, store.path, steps, 1, device)
    infos = [store.info(int(index)) for index in store.indices_done]
    prompts = [Prompt(index, info["task"], info["text"]) for index, info in enumerate(infos)]
    tracks: list[HandTracks | None] = [None] * len(prompts)
    results = run_jobs(follow_prompt, prompts, workers=workers, start=start, arguments=(settings,))
    for place, result in tqdm(results, total=len(prompts), desc="generated", unit="clip"):
        tracks[place] = None if result is CRASHED else result
    done = [found for found in tracks if found is not None]
    if len(done) < len(tracks):
        raise WeightsError("a generating process died (its trace stands above)")
    return done


def _contacts(
    lifter: HandLifter,
    generated: HandTracks,
    record: ClipRecord,
    truth: TrueContact,
    depth: NDArray[np.float32],
    fps: float,
) -> dict[str, FirstContact | None]:
    """Returns the first contacts of a scene, by row of `ROWS`; None without a hand or a contact."""
    from ..policy.execution.planning import touch_of
    from ..policy.refinement import refine_contact

    assert record.joints_world_m is not None
    side = HANDS.index(record.info["side"])
    contacts: dict[str, FirstContact | None] = dict.fromkeys(ROWS)
    contacts["truth"] = truth.at(record.joints_world_m[:, side], truth.frame)
    found = HandTracks(record.keypoints, record.present, record.score)
    contacts["true_clip"] = _first(_lifted(lifter, found, record, side, fps), truth)
    hand = _lifted(lifter, generated, record, side, fps)
    contacts["generated"] = _first(hand, truth)
    if hand is not None:
        moved = refine_contact(hand, depth, _camera(record)).joints_world_m
        contacts["moved"] = truth.at(moved, touch_of(moved)[0].first)
    return contacts


def _lifted(
    lifter: HandLifter, tracks: HandTracks, record: ClipRecord, side: int, fps: float
) -> NDArray[np.float32] | None:
    """Returns the joints (t, 21, 3) of the acting hand; of the other one, if only that is seen; None without a hand."""
    from ..policy.tracking import clean_tracks

    hands = lifter(clean_tracks(tracks, fps), _camera(record))
    seen = hands.present.sum(0)
    return hands.joints_world_m[:, side if seen[side] else 1 - side] if seen.any() else None


def _first(joints: NDArray[np.float32] | None, truth: TrueContact) -> FirstContact | None:
    from ..policy.retarget import gripper_path

    return None if joints is None else truth.of_path(joints, gripper_path(joints))


def _camera(record: ClipRecord) -> Camera:
    assert record.K is not None
    assert record.T_world_camera is not None
    size = record.frames.shape[1]
    return Camera(np.asarray(record.K), np.asarray(record.T_world_camera), size, size)
