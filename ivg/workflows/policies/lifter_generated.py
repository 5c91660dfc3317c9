"""Where the hands of generated clips touch, in held-out kitchens, against where they should."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data.split import HELD_OUT_SEEDS
from ...inputs import check_device
from ...io.checks import check_first_seed, check_positive
from ...jobs import TWO_PROCESSES, Launcher, Progress, all_results
from ...types import Appearance, HandTracks
from ..clips.held_out import Prompt, SceneGenerator, held_out_scenes
from .first_contacts import Scene, Touch, contacts_of, others_contacts, read_scenes, touch_of

if TYPE_CHECKING:
    from ...policy.hands3d.lifting import HandLifter
    from ...policy.hands3d.training.first_contact import FirstContact

TARGET_MM = 12.0  # limit of the median "touch_to_grasp_mm" of the generated clips that a robot follows

ROWS = {  # whose first contacts are measured; those of the last two are the plan's (`ivg.policy.control`)
    "truth": "the true hand",
    "another": "another person's true hand",
    "true_clip": "the true clip, lifted",
    "generated": "the generated clip, lifted",
    "moved": "... moved onto what it touches",
    "chosen": "... the best of several clips",
}
_COLUMNS = {
    "pinch_to_grasp_mm": "pinch to grasp",
    "touch_to_grasp_mm": "touch to grasp",
    "touch_from_above_mm": "... from above",
    "touch_to_object_mm": "touch to object",
    "touch_in_time_mm": "touch in time",
    "nearest_mm": "nearest pass",
}


@dataclass(frozen=True)
class GeneratedContacts:
    """First contacts of true and of generated clips."""

    rows: dict[str, Any]  # by row of `ROWS`, what `summarise_contacts` returns
    samples: int  # clips of a scene at most, of which that of best contact was chosen
    tasks: dict[str, Any]  # the row "chosen", by task
    clips: list[dict[str, Any]]  # what was measured in each chosen clip

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
    store = held_out_scenes(cache, clips, launcher, seed_offset=seed_offset, progress=progress)
    scenes = read_scenes(store)
    sampling = steps or own_steps, region_steps
    make_worker = functools.partial(SceneGenerator.load, weights, store.path, *sampling, device=device)

    def generate(prompts: Sequence[Prompt]) -> list[HandTracks]:
        return all_results(launcher, make_worker, prompts, progress)

    rows: dict[str, list[FirstContact | None]] = {name: [] for name in ROWS}
    touches = []
    for scene, tracks in zip(scenes, generate([_prompt(scene) for scene in scenes]), strict=True):
        touches.append(touch_of(lifter, tracks, scene))
        for name, contact in contacts_of(lifter, tracks, scene).items():
            rows[name].append(contact)
    rows["another"] = others_contacts(scenes)
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


def _prompt(scene: Scene, seed: int | None = None, appearance: Appearance | None = None) -> Prompt:
    return Prompt(scene.index, scene.record.task, scene.record.text, seed, appearance)


def _best(
    lifter: HandLifter,
    scenes: list[Scene],
    touches: list[Touch | None],
    samples: int,
    generate: Callable[[Sequence[Prompt]], list[HandTracks]],
) -> list[Touch | None]:
    """Return the touches of best contact: scenes without a good one get further samples."""
    from ...policy.sampling import GOOD_CONTACT, demonstrators

    best = list(touches)
    others = [list(demonstrators(int(scene.record.info["seed"]), samples)) for scene in scenes]
    for sample in range(1, samples):
        todo = [i for i, touch in enumerate(best) if touch is None or touch.cost >= GOOD_CONTACT]
        if not todo:
            break
        prompts = [_prompt(scenes[i], *others[i][sample]) for i in todo]
        for i, prompt, tracks in zip(todo, prompts, generate(prompts), strict=True):
            assert prompt.appearance is not None
            touch, own = touch_of(lifter, tracks, scenes[i], prompt.appearance.side), best[i]
            if touch is not None and (own is None or touch.cost < own.cost):
                best[i] = touch
    return best
