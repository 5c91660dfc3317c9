"""Where the hands of generated clips touch, in held-out kitchens, against where they should."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...data.clip_record import ClipRecord
from ...data.clip_store import ClipStore
from ...data.split import HELD_OUT_SEEDS
from ...inputs import check_device
from ...io.checks import check_first_seed, check_positive
from ...jobs import TWO_PROCESSES, Launcher, Progress, all_results
from ...types import HANDS, Appearance, Camera, HandTracks, Side
from ..clips.context_depth import ContextDepth
from ..clips.fingerprint import scenes_fingerprint
from ..clips.render import render_clips

if TYPE_CHECKING:
    from ...policy.hands3d.lifting import HandLifter
    from ...policy.hands3d.training.first_contact import FirstContact, TrueContact

SIZE = 128
"""Height and width of the clips, px."""

TARGET_MM = 12.0
"""What the median of "touch_to_grasp_mm" of the generated clips that a robot follows has to stay below."""

ANOTHER = 50_000_000
"""Added to a scene's seed: the person whose performance is compared with the scene's own."""

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
        return camera_of(self.record)


@dataclass(frozen=True)
class _Touch:
    """Where a hand that was moved onto what it touches does so, and how well."""

    contact: FirstContact
    cost: float


@dataclass(frozen=True)
class GeneratedContacts:
    """First contacts of true and of generated clips.

    Attributes:
        rows: By row of `ROWS`, what `summarise_contacts` returns.
        samples: Clips of a scene at most, of which that of best contact was chosen.
        tasks: The row "chosen", by task.
        clips: What was measured in each chosen clip.
    """

    rows: dict[str, Any]
    samples: int
    tasks: dict[str, Any]
    clips: list[dict[str, Any]]

    @property
    def as_json(self) -> dict[str, Any]:
        """All figures."""
        return {**self.rows, "samples": self.samples, "tasks": self.tasks, "clips": self.clips}

    @property
    def report(self) -> str:
        """The figures as a table."""
        heads = [text for head in _COLUMNS.values() for text in (head, "90 %")]
        lines = [f"  {'median, mm':<30}" + "".join(f"{head:>16}" for head in heads) + f"{'no contact':>14}"]
        lines += [_line(words, self.rows[name]) for name, words in ROWS.items()]
        lines += [_line(f"  {task}", part) for task, part in self.tasks.items()]
        chosen = self.rows["chosen"]
        value, late = chosen["touch_to_grasp_mm"]["median"], chosen["frames_late"]["median"]
        verdict = "met" if value <= TARGET_MM else "missed"
        lines.append(
            f"  generated clips, the best of up to {self.samples}, touch to grasp: median {value:.1f} mm, target "
            f"{TARGET_MM:.0f} mm: {verdict}; their first contact is {late:.0f} frames (median) off the true one"
        )
        return "\n".join(lines)


def _line(words: str, part: dict[str, Any]) -> str:
    cells = "".join(f"{part[name][q]:>16.1f}" for name in _COLUMNS for q in ("median", "p90"))
    return f"  {words:<30}{cells}{part['none']:>8} of {part['n']}"


def evaluate_generated(
    lifter: HandLifter,
    clips: int,
    *,
    weights: str = "nano",
    cache: Path = Path("out/eval"),
    seed_offset: int = HELD_OUT_SEEDS,
    steps: int | None = None,
    samples: int = 4,
    device: str = "cpu",
    launcher: Launcher = TWO_PROCESSES,
    progress: Progress | None = None,
) -> GeneratedContacts:
    """Generate clips in held-out kitchens, as ``ivg-eval`` does, and measure where their hands first touch.

    Args:
        lifter: Lifts the tracks.
        clips: How many scenes.
        weights: Name or folder of the generator's.
        cache: Folder for rendered clips, shared with ``ivg-eval``.
        seed_offset: First seed of the scenes.
        steps: Denoising steps; None takes the weights'.
        samples: How many clips of a scene at most, of which that of best contact is chosen (`ivg.policy.sampling`).
        device: Where torch computes.
        launcher: Where the workers run.
        progress: Progress callback of each round: rendering, then generating.

    Raises:
        IvgError: If a value is impossible, the weights cannot be used, or a process died.
    """
    from ...pipeline import sample_steps
    from ...policy.hands3d.training.first_contact import summarise_contacts

    check_positive(clips=clips, steps=steps, samples=samples)
    check_first_seed(seed_offset=seed_offset)
    check_device(device)
    own_steps, region_steps = sample_steps(weights)  # a wrong name is reported before minutes go into rendering
    folder = cache / scenes_fingerprint() / f"scenes-{clips}-from-{seed_offset}"
    store = render_clips(folder, clips, size=SIZE, seed_offset=seed_offset, launcher=launcher, progress=progress)
    scenes = _scenes(store)
    generate = _Generation(weights, store.path, steps or own_steps, region_steps, device, launcher, progress)
    generated = generate([Prompt(scene.index) for scene in scenes])
    rows: dict[str, list[FirstContact | None]] = {name: [] for name in ROWS}
    touches = []
    for scene, tracks in zip(scenes, generated, strict=True):
        touches.append(_touch(lifter, tracks, scene))
        for name, contact in _contacts(lifter, tracks, scene).items():
            rows[name].append(contact)
    rows["another"] = _others(scenes)
    best = _best(lifter, scenes, touches, samples, generate)
    rows["moved"] = [touch.contact if touch else None for touch in touches]
    rows["chosen"] = [touch.contact if touch else None for touch in best]
    tasks = [scene.record.task for scene in scenes]
    return GeneratedContacts(
        {name: summarise_contacts(contacts) for name, contacts in rows.items()},
        samples,
        {
            task: summarise_contacts([c for c, own in zip(rows["chosen"], tasks, strict=True) if own == task])
            for task in sorted(set(tasks))
        },
        [
            {"seed": scene.record.info["seed"], "task": scene.record.task, "touching": scene.truth.touching}
            | (asdict(contact) if contact else {})
            for scene, contact in zip(scenes, rows["chosen"], strict=True)
        ],
    )


def _scenes(store: ClipStore) -> list[_Scene]:
    with ContextDepth(store.size) as contexts:
        scenes = []
        for index in store.indices_done:
            record = store.read(int(index))
            depth = contexts(record.info, record.frames[0])
            scenes.append(_Scene(int(index), record, true_contact(record, depth), depth, store.fps))
    return scenes


def true_contact(record: ClipRecord, depth: NDArray[np.float32]) -> TrueContact:
    """Return where and when the hand of a rendered clip touches, and the object's visible points."""
    from ...policy.hands3d.training.first_contact import TrueContact, visible_points

    assert record.joints_world_m is not None
    assert record.contact is not None
    assert record.grasp_point is not None
    assert record.labels is not None
    points = visible_points(depth, record.labels[0] >= FIRST_OBJECT, camera_of(record))
    joints = record.joints_world_m[:, HANDS.index(record.info["side"])]
    return TrueContact.of(joints, record.contact, record.grasp_point, points)


def camera_of(record: ClipRecord) -> Camera:
    """Return the camera of a rendered clip."""
    assert record.K is not None
    assert record.T_world_camera is not None
    size = record.frames.shape[1]
    return Camera(np.asarray(record.K), np.asarray(record.T_world_camera), size, size)


@dataclass(frozen=True)
class Prompt:
    """What to generate in a held-out scene.

    Attributes:
        index: Of the scene's clip in the store.
        seed: Of the generation; the clip's if None.
        appearance: Whose hands act; those of the clip's person if None.
    """

    index: int
    seed: int | None = None
    appearance: Appearance | None = None


class PromptWorker:
    """A worker that generates clips in the scenes of a store and returns the hands found in them."""

    def __init__(self, weights: str, store: Path, steps: int, region_steps: int, device: str) -> None:
        from ...hands import MediaPipeHands
        from ...pipeline import InstructionalVideoPipeline

        self.pipeline = InstructionalVideoPipeline.from_pretrained(weights).to(device)
        self.store, self.detector = ClipStore.open(store), MediaPipeHands()
        self.sampling = {"num_inference_steps": steps, "num_region_steps": region_steps}

    def __call__(self, prompt: Prompt) -> HandTracks:
        """Generate one clip."""
        record = self.store.read(prompt.index)
        assert record.appearance is not None
        output = self.pipeline(
            record.frames[0],
            record.text,
            seed=int(record.info["seed"]) if prompt.seed is None else prompt.seed,
            appearance=prompt.appearance or Appearance.from_vector(record.appearance),
            **self.sampling,
        )
        return self.detector(output.frames)


@dataclass(frozen=True)
class _Generation:
    """Generates by prompts and returns the hands found in the clips, in their order."""

    weights: str
    store: Path
    steps: int
    region_steps: int
    device: str
    launcher: Launcher
    progress: Progress | None

    def __call__(self, prompts: Sequence[Prompt]) -> list[HandTracks]:
        settings = self.weights, self.store, self.steps, self.region_steps, self.device
        return all_results(self.launcher, functools.partial(PromptWorker, *settings), prompts, self.progress)


def _others(scenes: list[_Scene]) -> list[FirstContact | None]:
    """Return where another person who does the same in the same scene first touches: how much people differ."""
    from ...envs.human.demonstrator import HumanDemonstrator
    from ...envs.kitchen.scene.scene import sample_scene

    demonstrator = HumanDemonstrator(size=32)
    contacts: list[FirstContact | None] = []
    for scene in scenes:
        task, seed = scene.record.info["scene"]
        clip = demonstrator.render(scene.record.task, int(seed) + ANOTHER, sample_scene(task, int(seed)))
        joints = clip.joints_world_m[:, HANDS.index(clip.side)]
        contacts.append(scene.truth.at(joints, int(clip.contact.argmax())))
    demonstrator.close()
    return contacts


def _best(
    lifter: HandLifter,
    scenes: list[_Scene],
    touches: list[_Touch | None],
    samples: int,
    generate: _Generation,
) -> list[_Touch | None]:
    """Return the touches of best contact: scenes without a good one get further samples."""
    from ...policy.sampling import GOOD_CONTACT, demonstrators

    best = list(touches)
    others = [list(demonstrators(int(scene.record.info["seed"]), samples)) for scene in scenes]
    for sample in range(1, samples):
        todo = [i for i, touch in enumerate(best) if touch is None or touch.cost >= GOOD_CONTACT]
        if not todo:
            break
        prompts = [Prompt(scenes[i].index, *others[i][sample]) for i in todo]
        for i, prompt, tracks in zip(todo, prompts, generate(prompts), strict=True):
            assert prompt.appearance is not None
            touch, own = _touch(lifter, tracks, scenes[i], prompt.appearance.side), best[i]
            if touch is not None and (own is None or touch.cost < own.cost):
                best[i] = touch
    return best


def _contacts(lifter: HandLifter, generated: HandTracks, scene: _Scene) -> dict[str, FirstContact | None]:
    """Return the first contacts of a scene of the truth and of the hands as lifted, by row of `ROWS`."""
    record, truth = scene.record, scene.truth
    assert record.joints_world_m is not None
    true_clip = HandTracks(record.keypoints, record.present, record.score)
    return {
        "truth": truth.at(record.joints_world_m[:, HANDS.index(record.info["side"])], truth.frame),
        "true_clip": _first(_lifted(lifter, true_clip, scene), truth),
        "generated": _first(_lifted(lifter, generated, scene), truth),
    }


def _touch(lifter: HandLifter, tracks: HandTracks, scene: _Scene, side: Side | None = None) -> _Touch | None:
    """Return where a clip's hand touches when it is moved onto what is there; None without a hand."""
    from ...policy.control.planning import interaction_of
    from ...policy.retargeting.refinement import refine_contact

    hand = _lifted(lifter, tracks, scene, side)
    if hand is None:
        return None
    moved = refine_contact(hand, scene.depth, scene.camera)
    joints = moved.joints_world_m
    return _Touch(scene.truth.at(joints, interaction_of(joints)[0].first), moved.cost)


def _lifted(
    lifter: HandLifter, tracks: HandTracks, scene: _Scene, side: Side | None = None
) -> NDArray[np.float32] | None:
    """Return the joints (t, 21, 3) of the acting hand; of the other one, if only that is seen; None without a hand."""
    from ...policy.hands3d.tracking import clean_tracks

    hands = lifter(clean_tracks(tracks, scene.fps), scene.camera)
    acting, seen = HANDS.index(side or scene.record.info["side"]), hands.present.sum(0)
    return hands.joints_world_m[:, acting if seen[acting] else 1 - acting] if seen.any() else None


def _first(joints: NDArray[np.float32] | None, truth: TrueContact) -> FirstContact | None:
    from ...policy.retargeting import gripper_trajectory

    return None if joints is None else truth.of_path(joints, gripper_trajectory(joints))
