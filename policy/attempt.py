"""One attempt at a robot episode: a demonstration of the scene, lifted, retargeted, executed, judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.io.stopwatch import Stopwatch
from ivg.types import Camera

from .conditioning.observation import demonstration_observation
from .datasets.attempts import REASONS
from .datasets.episode import RobotEpisode
from .retargeting import contact_frames

if TYPE_CHECKING:
    import gymnasium

    from .control import ActionScale, Execution
    from .extraction import ExtractedDemonstration
    from .hands3d.lifting import HandLifter
    from .sampling import Demonstrate


@dataclass(frozen=True, eq=False)
class Attempt:
    """Result of an attempt: an episode, or the reason why there is none (an `InputError` if neither or both)."""

    episode: RobotEpisode | None
    reason: str = ""  # one of `REASONS`
    detail: str = ""  # more about it, in words
    seconds: dict[str, float] = field(default_factory=dict)  # of the stages "reset", "demonstration", "execution"

    def __post_init__(self) -> None:
        if (self.episode is None) != (self.reason in REASONS):
            raise InputError(f"an attempt has an episode, or one of the reasons {', '.join(REASONS)}")


def attempt_episode(
    env: gymnasium.Env[Any, Any],
    demonstrate: Demonstrate,
    text: str,
    seed: int,
    *,
    lifter: HandLifter | None = None,
    depth: Callable[[], NDArray[np.floating]] | None = None,
    samples: int = 1,
    scale: ActionScale | None = None,
    notes: Mapping[str, Any] | None = None,
    options: dict[str, Any] | None = None,
) -> Attempt:
    """Reset an environment, generate a demonstration of its task, and let the robot follow it.

    Observations of the environment hold `image` and `proprio`, actions are (7,) in [-1, 1], `info` has `camera`, `task`
    and `is_success`, such as `ivg/Kitchen-v0`, whose lifter and action scale are the defaults. The seed is that of the
    scene and of the demonstration. `depth` returns the scene's depth image after the reset, float (h, w), m, such as
    the kitchen's `env.unwrapped.depth`: the hand is then moved onto what it touches, and the demonstration of best
    contact is taken from as many as `samples` (`best_of_n`). `notes` are JSON values for the episode's provenance,
    `options` those of the reset. Errors other than a failed demonstration or execution pass through.
    """
    from .control import execute, plan_demonstration
    from .extraction import NoHandError
    from .sampling import best_of_n

    clock = Stopwatch()
    with clock("reset"):
        observation, info = env.reset(seed=seed, options=options)
    try:
        with clock("demonstration"):
            camera, scene = Camera(**info["camera"]), None if depth is None else depth()
            extracted = best_of_n(
                demonstrate, observation["image"], text, camera, seed=seed, lifter=lifter, depth=scene, samples=samples
            )
            plan = plan_demonstration(extracted)
    except NoHandError as error:
        return Attempt(None, "no_hand", str(error), clock.seconds)
    with clock("execution"):
        execution = execute(env, plan, observation, scale=scale)
    if not execution.success:
        reason = "not_done" if contact_frames(extracted.trajectory, pushing=False).any() else "no_contact"
        return Attempt(None, reason, f"{plan.interaction_type}, {len(execution)} steps", clock.seconds)
    notes = {**(notes or {}), "execution": {"manner": plan.interaction_type, "steps": len(execution)}}
    task, fps = str(info.get("task") or text), float(env.metadata.get("render_fps", 20))
    episode = _episode(execution, extracted, notes, task=task, text=text, seed=seed, fps=fps)
    return Attempt(episode, seconds=clock.seconds)


def _episode(
    execution: Execution, extracted: ExtractedDemonstration, notes: Mapping[str, Any], **scene: Any
) -> RobotEpisode:
    demonstration = extracted.demonstration
    made = {key: value for key, value in demonstration.provenance.items() if key != "timings_s"}
    lifting = {"method": extracted.hands.method, "hand": extracted.hand, **extracted.hands.provenance}
    if extracted.contact is not None:
        lifting["contact"] = extracted.contact.as_json
    rest: dict[str, Any] = {**demonstration_observation(extracted), **scene}
    return RobotEpisode(
        image=execution.observations["image"],
        proprio=execution.observations["proprio"],
        action=execution.actions,
        phase=execution.phase,
        plan_phase=execution.fraction_done,
        demo_clip=demonstration.clip,
        success=execution.success,
        provenance={**notes, "demonstration": made, "lifting": lifting},
        demo_fps=demonstration.fps,
        **rest,
    )
