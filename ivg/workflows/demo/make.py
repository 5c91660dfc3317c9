"""Makes one demonstration, from the context frame to the files in a folder."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...inputs import check_text
from ...io.checks import check_first_seed, check_positive
from ...io.staging import refuse_existing, staged_output
from .context import (
    DEFAULT_CAMERA_SIZE,
    KITCHEN,
    MAX_IMAGE_SIDE,
    PACKAGED_WEIGHTS,
    ContextFrame,
    check_environment,
    choose_appearance,
    frame_from_environment,
    frame_from_file,
    notice_of,
)
from .execution import RobotScene
from .result import EXECUTION, FILES, DemoResult, write_result
from .run import DemoRun, PartCallback, ProgressCallback, ignore

if TYPE_CHECKING:
    from ...policy import DemoGenerator


def make_demonstration(
    task: str,
    *,
    env: str = KITCHEN,
    image: str | Path | ContextFrame | None = None,
    camera_size: int | None = None,
    seed: int = 0,
    steps: int | None = None,
    side: str | None = None,
    skin: str | None = None,
    hand_size: float | None = None,
    execute: bool = False,
    trajectory: bool = False,
    samples: int = 1,
    weights: str = PACKAGED_WEIGHTS,
    device: str = "cpu",
    rewriter: str = "none",
    generator: DemoGenerator | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    on_progress: ProgressCallback | None = None,
    on_part: PartCallback | None = None,
) -> DemoResult:
    """Generate a clip of a human hand doing a task in the scene of a camera frame; let the robot follow it.

    Args:
        task: What to do, such as "cut the carrot".
        env: The environment whose camera gives the frame, such as "kitchen" or "robosuite/Lift".
        image: An image file, or a frame, instead of an environment.
        camera_size: Side of the environment's frame in pixels (256 if None); a larger image is reduced to it (512).
        seed: Of scene, hand and noise.
        steps: Denoising steps; the pipeline's default if None.
        side: The acting hand, "left" or "right"; drawn from the seed if None, as are the next two.
        skin: Skin tone: "light", "medium", "dark", or a colour such as "#c68863".
        hand_size: In [0.8, 1.2]; 1 is 18.5 cm long.
        execute: Let the environment's robot follow the hand.
        trajectory: Read the hand's trajectory in metres, which `execute` implies.
        samples: Clips at most, of which the one of best contact is followed (`ivg.policy.best_of_n`).
        weights: "nano", or a folder that `save_pretrained` wrote.
        device: Torch device.
        rewriter: Of the text: "none", "vocabulary", or a vision-language model by hub name or folder.
        generator: A loaded generator, in place of `weights`, `device` and `rewriter`; it stays open.
        out: Folder for clip, overview, dataset and report; None writes nothing.
        overwrite: Replace an earlier result in the folder.
        on_progress: Progress callback, called as `on_progress(stage, done, total)` with the stages "region", "clip",
            "hands" and "robot", and with "sample" before each of several samples.
        on_part: Called as `on_part(stage, value)` with the results as soon as they are known: "scene" (`ContextFrame`),
            "region" (bool (h, w)), "clip" (uint8 (t, h, w, 3)), "hands" (`Demonstration`), "trajectory"
            (`ExtractedDemonstration`), "robot" (`RobotRun`). An exception that a callback raises ends the run.

    Returns:
        The result; `summary()` tells it in words. A robot that fails, or a clip without a hand, is a result.

    Raises:
        IvgError: If it cannot be done; then nothing is left in the folder.
    """
    if not (text := " ".join(task.split())):
        raise InputError('task must say what to do, such as "cut the carrot"; it is empty')
    check_text(text)
    check_first_seed(seed=seed)
    check_positive(steps=steps, camera_size=camera_size)
    person: dict[str, Any] = {"side": side, "skin": skin, "hand_size": hand_size}
    choose_appearance(seed, **person)  # refuses impossible values before anything is loaded
    in_metres = execute or trajectory or samples > 1
    if image is None:
        check_environment(env)
    elif in_metres:
        raise InputError("execute, trajectory and samples need an environment: an image has neither robot nor depth")
    folder = None if out is None else _checked_folder(Path(out), overwrite)
    run = DemoRun(text, seed, steps, samples, person, on_progress or ignore, on_part or ignore)
    with ExitStack() as stack:
        stage = None if folder is None else stack.enter_context(staged_output(folder, overwrite=overwrite))
        with run.clock("context"):
            if isinstance(image, ContextFrame):
                context = image
            elif image is not None:
                context = frame_from_file(Path(image), camera_size or MAX_IMAGE_SIDE)
            else:
                context = frame_from_environment(env, text, seed, camera_size or DEFAULT_CAMERA_SIZE)
        scene = None
        if in_metres:
            with run.clock("robot"):
                scene = stack.enter_context(RobotScene(context, text, env))
            context = replace(context, depth=scene.depth)
        if image is None and (notice := notice_of(env, generator.weights if generator else weights)):
            context.origin["notice"] = notice
        run.on_part("scene", context)
        if generator is None:
            with run.clock("loading"):
                from ...policy import DemoGenerator

                loaded = DemoGenerator.from_pretrained(weights, device=device, rewriter=rewriter)
                generator = stack.enter_context(loaded)
        result = run(generator, context, scene, execute)
        return result if stage is None else write_result(result, stage, Path(str(folder)), run.clock)


def default_folder(task: str, seed: int) -> Path:
    """Return out/<task>-<seed>, where ``ivg-demo`` writes if no folder is named."""
    slug = re.sub(r"[^a-z0-9]+", "-", task.lower()).strip("-")[:60] or "task"
    return Path("out") / f"{slug}-{seed}"


def _checked_folder(folder: Path, overwrite: bool) -> Path:
    """Refuse a folder that exists, or that holds other things than a demonstration."""
    refuse_existing(folder, overwrite=overwrite)
    if folder.exists():
        names = {item.name for item in folder.iterdir()} if folder.is_dir() else {folder.name}
        if other := names - {*FILES.values(), EXECUTION}:
            raise InputError(
                f"'{folder}' cannot be overwritten: it holds '{min(other)}', which is no part of a demonstration"
            )
    return folder
