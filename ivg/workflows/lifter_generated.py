"""``ivg-policy evaluate-lifter --generated N``: where the hands of generated clips touch, in held-out kitchens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import WeightsError
from ..types import HANDS, Appearance, Camera, HandTracks, Side
from .context_depth import ContextDepth

if TYPE_CHECKING:
    from ..data.clip_store import ClipRecord, ClipStore
    from ..evaluation.worker import EvalSettings, Prompt
    from ..policy.hands3d.lifting import HandLifter
    from ..policy.hands3d.training.first_contact import FirstContact, TrueContact

BAR_MM = 12.0
"""What the median of "touch_to_grasp_mm" of the generated clips that a robot follows has to stay below."""

ANOTHER = 50_000_000
"""Added to a scene's seed: whose performance is compared with the scene's own."""

FIRST_OBJECT = 3
"""Lowest label of a moved object in a store's `labels`."""

ROWS = {
    "truth": "the true hand",
    "another": "another person's true hand",
    "true_clip": "the true clip, lifted",
    "generated": "the generated clip, lifted",
    "moved": "... moved onto what it touches",
    "chosen": "... the best of several clips",
}
"""Whose first contacts are measured; those of the last two are the plan's (`ivg.policy.control`)."""

_COLUMNS = {
    "pinch_to_grasp_mm": "pinch to grasp",
    "touch_to_grasp_mm": "touch to grasp",
    "touch_from_above_mm": "... from above",
    "touch_to_object_mm": "touch to object",
    "touch_in_time_mm": "touch in time",
    "nearest_mm": "nearest pass",
}


@dataclass(frozen=True, eq=False)
class _Scene:
    """A held-out scene: its true clip, where that touches, and the depth of the context."""

    index: int
    record: ClipRecord
    truth: TrueContact
    depth: NDArray[np.float32]
    fps: float

    @property
    def camera(self) -> Camera:
        return _camera(self.record)


@dataclass(frozen=True)
class _Touch:
    """Where a hand that was moved onto what it touches does so, and how well."""

    contact: FirstContact
    cost: float


def evaluate_generated(
    lifter: HandLifter,
    clips: int,
    *,
    weights: str,
    cache: Path,
    workers: int,
    seed_offset: int,
    steps: int | None = None,
    samples: int = 1,
    device: str = "cpu",
) -> dict[str, Any]:
    """Generates clips in held-out kitchens, as ``ivg-eval`` does, and measures where their hands first touch.

    Args:
        lifter: Lifts the tracks.
        clips: How many scenes.
        weights: Name or folder of the generator's.
        cache: Folder for rendered clips, shared with ``ivg-eval``.
        workers: Processes.
        seed_offset: First seed of the scenes.
        steps: Denoising steps; None takes the weights'.
        samples: How many clips of a scene at most, of which that of best contact is chosen (`ivg.policy.sampling`).
        device: Where torch computes.

    Returns:
        By row of `ROWS`, what `summarise_contacts` returns; "tasks": the same of the chosen hands, by task;
        "clips": what was measured in each of them.

    Raises:
        IvgError: If the weights cannot be used, or a process died.
    """
    from ..cli.eval import SIZE
    from ..evaluation.worker import EvalSettings
    from ..pipeline import sample_steps
    from ..policy.hands3d.training.first_contact import summarise_contacts
    from .render_pool import envs_fingerprint, render_store

    own_steps, region_steps = sample_steps(weights)  # a wrong name is told before minutes go into rendering
    folder = cache / envs_fingerprint() / f"scenes-{clips}-from-{seed_offset}"
    store = render_store(folder, clips=clips, size=SIZE, workers=workers, seed_offset=seed_offset)
    scenes = _scenes(store)
    settings = EvalSettings(weights, store.path, steps or own_steps, region_steps, device=device)
    generated = _generate([_prompt(scene) for scene in scenes], settings, workers)
    rows: dict[str, list[FirstContact | None]] = {name: [] for name in ROWS}
    touches = []
    for scene, tracks in zip(scenes, generated, strict=True):
        touches.append(_touch(lifter, tracks, scene))
        for name, contact in _contacts(lifter, tracks, scene).items():
            rows[name].append(contact)
    rows["another"] = _others(scenes)
    best = _best(lifter, scenes, touches, samples, settings, workers)
    rows["moved"] = [touch.contact if touch else None for touch in touches]
    rows["chosen"] = [touch.contact if touch else None for touch in best]
    tasks = [scene.record.task for scene in scenes]
    return {
        **{name: summarise_contacts(contacts) for name, contacts in rows.items()},
        "samples": samples,
        "tasks": {
            task: summarise_contacts([c for c, own in zip(rows["chosen"], tasks, strict=True) if own == task])
            for task in sorted(set(tasks))
        },
        "clips": [
            {"seed": scene.record.info["seed"], "task": scene.record.task, "touching": scene.truth.touching}
            | (asdict(contact) if contact else {})
            for scene, contact in zip(scenes, rows["chosen"], strict=True)
        ],
    }


def _scenes(store: ClipStore) -> list[_Scene]:
    scenes = []
    with ContextDepth(store.size) as contexts:
        for index, truth in zip(store.indices_done, true_contacts(store), strict=True):
            record = store.read(int(index))
            scenes.append(_Scene(int(index), record, truth, contexts(record.info, record.frames[0]), store.fps))
    return scenes


def true_contacts(store: ClipStore) -> list[TrueContact]:
    """Returns where and when the hands of rendered clips touch, and the objects' visible points."""
    from ..policy.hands3d.training.first_contact import TrueContact, visible_points

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
    value = figures["chosen"]["touch_to_grasp_mm"]["median"]
    verdict = "met" if value <= BAR_MM else "missed"
    late = figures["chosen"]["frames_late"]["median"]
    return [
        *lines,
        f"  generated clips, the best of up to {figures['samples']}, touch to grasp: median {value:.1f} mm, "
        f"bar {BAR_MM:.0f} mm: {verdict}; their first contact is {late:.0f} frames (median) off the true performance's",
    ]


def _line(words: str, part: dict[str, Any]) -> str:
    cells = "".join(f"{part[name][q]:>16.1f}" for name in _COLUMNS for q in ("median", "p90"))
    return f"  {words:<30}{cells}{part['none']:>8} of {part['n']}"


def _others(scenes: list[_Scene]) -> list[FirstContact | None]:
    """Returns where another person who does the same in the same scene first touches: how much people differ."""
    from ..envs.human.demonstrator import HumanDemonstrator
    from ..envs.kitchen.scene.scene import sample_scene

    demonstrator = HumanDemonstrator(size=32)
    contacts: list[FirstContact | None] = []
    for scene in scenes:
        task, seed = scene.record.info["scene"]
        clip = demonstrator.render(scene.record.task, int(seed) + ANOTHER, sample_scene(task, int(seed)))
        joints = clip.joints_world_m[:, HANDS.index(clip.side)]
        contacts.append(scene.truth.at(joints, int(clip.contact.argmax())))
    demonstrator.close()
    return contacts


def _prompt(scene: _Scene, seed: int | None = None, appearance: Appearance | None = None) -> Prompt:
    from ..evaluation.worker import Prompt

    return Prompt(scene.index, scene.record.task, scene.record.text, seed, appearance)


def _generate(prompts: list[Prompt], settings: EvalSettings, workers: int) -> list[HandTracks]:
    """Returns the hands found in clips that are generated by prompts, in their order."""
    from ..evaluation.worker import follow_prompt, start
    from ..jobs.processes import CRASHED, run_jobs

    tracks: list[HandTracks | None] = [None] * len(prompts)
    results = run_jobs(follow_prompt, prompts, workers=workers, start=start, arguments=(settings,))
    for place, result in tqdm(results, total=len(prompts), desc="generated", unit="clip"):
        tracks[place] = None if result is CRASHED else result
    done = [found for found in tracks if found is not None]
    if len(done) < len(tracks):
        raise WeightsError("a generating process died (its trace stands above)")
    return done


def _best(
    lifter: HandLifter,
    scenes: list[_Scene],
    touches: list[_Touch | None],
    samples: int,
    settings: EvalSettings,
    workers: int,
) -> list[_Touch | None]:
    """Returns the touches of best contact: scenes without a good one are given other people's clips (`watch`)."""
    from ..policy.sampling import GOOD_CONTACT, demonstrators

    best = list(touches)
    others = [list(demonstrators(int(scene.record.info["seed"]), samples)) for scene in scenes]
    for sample in range(1, samples):
        todo = [i for i, touch in enumerate(best) if touch is None or touch.cost >= GOOD_CONTACT]
        if not todo:
            break
        prompts = [_prompt(scenes[i], *others[i][sample]) for i in todo]
        for i, prompt, tracks in zip(todo, prompts, _generate(prompts, settings, workers), strict=True):
            assert prompt.appearance is not None
            touch, own = _touch(lifter, tracks, scenes[i], prompt.appearance.side), best[i]
            if touch is not None and (own is None or touch.cost < own.cost):
                best[i] = touch
    return best


def _contacts(lifter: HandLifter, generated: HandTracks, scene: _Scene) -> dict[str, FirstContact | None]:
    """Returns the first contacts of a scene of the truth and of the hands as lifted, by row of `ROWS`."""
    record, truth = scene.record, scene.truth
    assert record.joints_world_m is not None
    true_clip = HandTracks(record.keypoints, record.present, record.score)
    return {
        "truth": truth.at(record.joints_world_m[:, HANDS.index(record.info["side"])], truth.frame),
        "true_clip": _first(_lifted(lifter, true_clip, scene), truth),
        "generated": _first(_lifted(lifter, generated, scene), truth),
    }


def _touch(lifter: HandLifter, tracks: HandTracks, scene: _Scene, side: Side | None = None) -> _Touch | None:
    """Returns where a clip's hand touches when it is moved onto what is there; None without a hand."""
    from ..policy.retargeting import interaction_of
    from ..policy.retargeting.refinement import refine_contact

    hand = _lifted(lifter, tracks, scene, side)
    if hand is None:
        return None
    moved = refine_contact(hand, scene.depth, scene.camera)
    joints = moved.joints_world_m
    return _Touch(scene.truth.at(joints, interaction_of(joints)[0].first), moved.cost)


def _lifted(
    lifter: HandLifter, tracks: HandTracks, scene: _Scene, side: Side | None = None
) -> NDArray[np.float32] | None:
    """Returns the joints (t, 21, 3) of the acting hand; of the other one, if only that is seen; None without a hand."""
    from ..policy.hands3d.tracking import clean_tracks

    hands = lifter(clean_tracks(tracks, scene.fps), scene.camera)
    acting, seen = HANDS.index(side or scene.record.info["side"]), hands.present.sum(0)
    return hands.joints_world_m[:, acting if seen[acting] else 1 - acting] if seen.any() else None


def _first(joints: NDArray[np.float32] | None, truth: TrueContact) -> FirstContact | None:
    from ..policy.retargeting import gripper_trajectory

    return None if joints is None else truth.of_path(joints, gripper_trajectory(joints))


def _camera(record: ClipRecord) -> Camera:
    assert record.K is not None
    assert record.T_world_camera is not None
    size = record.frames.shape[1]
    return Camera(np.asarray(record.K), np.asarray(record.T_world_camera), size, size)
