"""``ivg-demo``: one camera frame and a sentence to a clip, a picture, a dataset and a report."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..inputs import check_text
from ..io.checks import check_first_seed, check_positive
from ..io.staging import refuse_existing, staged_output
from ..workflows.demo_report import EXECUTION, FILES, STAGES, make_report, summary, words_of
from .shared.appearance import add_appearance_options, appearance_from
from .shared.command import add_json_option, new_parser, run_command, write_json

if TYPE_CHECKING:
    from ..policy import DemoGenerator, Demonstration
    from ..workflows.context import ContextFrame
    from ..workflows.demo_execution import RobotRun, RobotScene

PROGRAM = "ivg-demo"

EXAMPLES = """\
  ivg-demo --env kitchen --task "cut carrot"
  ivg-demo --env kitchen --task "open the drawer" --seed 2 --execute
  ivg-demo --env kitchen --task "put the mug on the plate" --seed 7 --skin dark --side left --out out/mug
  ivg-demo --env robosuite/Lift --task "lift the cube"
  ivg-demo --image kitchen.jpg --task "stir the pot" --steps 20 --json -
"""

LoadGenerator = Callable[..., "DemoGenerator"]


def main(arguments: Sequence[str] | None = None, load_generator: LoadGenerator | None = None) -> int:
    """Run the command.

    Args:
        arguments: The command line's, without the program's name; the process's own if None.
        load_generator: Makes a generator of weights, a device and a rewriter; `DemoGenerator.from_pretrained` if None.

    Returns:
        The exit code: 0, or 2 when what was asked for cannot be done.
    """
    options = new_demo_parser().parse_args(arguments)
    return run_command(PROGRAM, lambda: run(options, load_generator))


def new_demo_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = new_parser(
        PROGRAM, "Generate a clip of a human hand doing a task in the scene of a camera frame.", EXAMPLES
    )
    source = parser.add_mutually_exclusive_group()
    env_help = "kitchen, franka-kitchen, robosuite/Lift, metaworld/<task>, ... (default: kitchen)"
    source.add_argument("--env", default="kitchen", metavar="NAME", help=env_help)
    source.add_argument("--image", type=Path, metavar="FILE", help="any picture, instead of an environment")
    parser.add_argument("--task", required=True, metavar="TEXT", help='what to do, such as "cut carrot"')
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of scene, hand and noise (default: 0)")
    parser.add_argument("--steps", type=int, metavar="N", help="denoising steps (default: the pipeline's)")
    parser.add_argument(
        "--camera-size",
        type=int,
        metavar="PX",
        help="side of the camera's frame (default: 256); a larger picture is reduced to it (default: 512)",
    )
    execute_help = f"let the environment's robot do what the hand does, and write {EXECUTION}"
    parser.add_argument("--execute", action="store_true", help=execute_help)
    parser.add_argument("--weights", default="nano", metavar="NAME", help="nano, or a folder (default: nano)")
    parser.add_argument("--device", default="cpu", metavar="NAME", help="torch device (default: cpu)")
    rewriter_help = "of the text: none, vocabulary, or a vision-language model by hub name or folder (default: none)"
    parser.add_argument("--rewriter", default="none", metavar="NAME", help=rewriter_help)
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: out/<task>-<seed>")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result in the folder")
    add_json_option(parser)
    add_appearance_options(parser)
    return parser


def run(options: argparse.Namespace, load_generator: LoadGenerator | None = None) -> None:
    """Do what the command line asks for.

    Args:
        options: Parsed by `new_demo_parser`.
        load_generator: As `main` takes it.

    Raises:
        IvgError: If it cannot be done; then nothing is left behind.
    """
    text = _checked_text(options)
    folder = options.out or Path("out") / f"{_slug(text)}-{options.seed}"
    _check_replaceable(folder, options.overwrite)
    clock = Stopwatch()
    with staged_output(folder, overwrite=options.overwrite) as stage:
        with clock("context"):
            context = _context_frame(options, text)
        with _robot_scene(options, text, context, clock) as robot:
            if notice := context.origin.get("notice"):
                print(f"{PROGRAM}: note: {notice}", file=sys.stderr)
            demonstration = _generate(load_generator, options, text, context, clock)
            execution = _execute(robot, demonstration, clock)
        report = _write(stage, demonstration, context, clock, execution)
    report["folder"] = str(folder)
    write_json(report, options.json)
    print(summary(report), file=sys.stderr if str(options.json) == "-" else sys.stdout)


class Stopwatch:
    """Times named stages: `with clock("writing"): ...`.

    Attributes:
        seconds: What each stage took, in order.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time a block."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start


class ProgressBars:
    """A progress bar for each of `STAGES`, on standard error when that is a terminal."""

    def __init__(self) -> None:
        self._bars: dict[str, Any] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of a stage are done."""
        from tqdm import tqdm

        if stage not in self._bars:
            size = shutil.get_terminal_size()  # tqdm's own guess shows nothing on terminals that do not tell theirs
            self._bars[stage] = tqdm(
                total=total,
                desc=STAGES.get(stage, stage),
                bar_format="{desc:<17} {bar:32} {n_fmt}/{total_fmt}  {elapsed}",
                disable=None,
                ncols=size.columns,
                nrows=size.lines,
            )
        bar = self._bars[stage]
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    def __enter__(self) -> ProgressBars:
        return self

    def __exit__(self, *_: object) -> None:
        for bar in self._bars.values():
            bar.close()


def _checked_text(options: argparse.Namespace) -> str:
    """Check what can be checked before anything is loaded; return the text."""
    from ..workflows.context import check_environment

    text = " ".join(options.task.split())
    if not text:
        raise InputError('--task must say what to do, such as "cut carrot"; it is empty')
    check_text(text)
    check_first_seed(seed=options.seed)
    given = {name: getattr(options, name) for name in ("steps", "camera_size")}
    check_positive(**{name: value for name, value in given.items() if value is not None})
    appearance_from(options, options.seed)
    if options.image is None:
        check_environment(options.env)
    if options.execute and options.image is not None:
        raise InputError("--execute needs an environment that the robot can act in: a picture (--image) has none")
    return text


def _check_replaceable(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that exists, or that holds what this command did not write."""
    refuse_existing(folder, overwrite=overwrite)
    if not folder.exists():
        return
    strange = (
        {item.name for item in folder.iterdir()} - {*FILES.values(), EXECUTION} if folder.is_dir() else {folder.name}
    )
    if strange:
        raise InputError(
            f"'{folder}' cannot be overwritten: it holds '{min(strange)}', which is not of {PROGRAM}'s making"
        )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "task"


def _context_frame(options: argparse.Namespace, text: str) -> ContextFrame:
    from ..workflows.context import (
        DEFAULT_CAMERA_SIZE,
        LARGEST_IMAGE,
        frame_from_environment,
        frame_from_image,
        notice_of,
    )

    if options.image is not None:
        return frame_from_image(options.image, options.camera_size or LARGEST_IMAGE)
    context = frame_from_environment(options.env, text, options.seed, options.camera_size or DEFAULT_CAMERA_SIZE)
    if notice := notice_of(options.env, options.weights):
        context.origin["notice"] = notice
    return context


def _load(load_generator: LoadGenerator | None, options: argparse.Namespace) -> DemoGenerator:
    from ..policy import DemoGenerator

    load = load_generator or DemoGenerator.from_pretrained
    return load(options.weights, device=options.device, rewriter=options.rewriter)


def _robot_scene(
    options: argparse.Namespace, text: str, context: ContextFrame, clock: Stopwatch
) -> AbstractContextManager[RobotScene | None]:
    """Return the scene for the robot, made before anything is generated; nothing without ``--execute``."""
    if not options.execute:
        return nullcontext()
    from ..workflows.demo_execution import RobotScene

    with clock("robot"):
        return RobotScene(context, text, options.env)


def _generate(
    load_generator: LoadGenerator | None,
    options: argparse.Namespace,
    text: str,
    context: ContextFrame,
    clock: Stopwatch,
) -> Demonstration:
    with clock("loading"):
        generator = _load(load_generator, options)
    with generator, ProgressBars() as bars:
        demonstration = generator(
            context.frame,
            text,
            seed=options.seed,
            appearance=appearance_from(options, options.seed),
            steps=options.steps,
            progress=bars,
        )
    demonstration.provenance["context"] = context.origin
    return demonstration


def _execute(robot: RobotScene | None, demonstration: Demonstration, clock: Stopwatch) -> RobotRun | None:
    if robot is None:
        return None
    with clock("execution"):
        run = robot.follow(demonstration)
    demonstration.provenance["execution"] = run.facts
    return run


def _write(
    stage: Path, demonstration: Demonstration, context: ContextFrame, clock: Stopwatch, execution: RobotRun | None
) -> dict[str, Any]:
    """Write the folder; return the report."""
    from PIL import Image

    from ..io.video import write_video
    from ..viz.overview import draw_overview

    stage.mkdir()
    with clock("writing"):
        words = words_of(make_report(demonstration, context, clock.seconds, execution))
        Image.fromarray(draw_overview(demonstration, *words, execution)).save(stage / FILES["overview"])
        write_video(stage / FILES["clip"], demonstration.clip, demonstration.fps)
        if execution is not None and execution.moved:
            _write_execution(stage / EXECUTION, demonstration, execution)
        demonstration.save(stage / FILES["dataset"])
    report = make_report(demonstration, context, clock.seconds, execution)
    write_json(report, stage / FILES["report"])
    return report


def _write_execution(path: Path, demonstration: Demonstration, execution: RobotRun) -> None:
    from ..io.video import write_video
    from ..viz.execution_video import draw_execution

    title = demonstration.provenance["prompt"]
    write_video(path, draw_execution(demonstration, execution, title), execution.fps)


if __name__ == "__main__":
    sys.exit(main())
