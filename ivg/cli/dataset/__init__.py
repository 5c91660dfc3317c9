"""``ivg-dataset``: render clips, annotate video, generate robot episodes, look at what is in a store or dataset."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import InputError
from ..shared.command import (
    add_json_option,
    check_can_be_folder,
    check_positive,
    check_seed_option,
    new_parser,
    run_command,
    write_json,
)
from .annotate import add_annotate
from .check import add_check
from .export import add_export
from .generate import add_generate
from .import_ import add_import
from .rewrite import add_rewrite

EXAMPLES = """\
  ivg-dataset render --env kitchen --clips 900 --out out/train   # the same command goes on after a stop
  ivg-dataset info out/train --json out/train.json
  ivg-dataset sheet out/train --out out/train.png --joints
  ivg-dataset annotate my_video.mp4 --out out/annotated
  ivg-dataset annotate --folder my_videos --out out/clips   # a store to train on; also --epic, --ego4d, --captions
  ivg-dataset generate --env kitchen --episodes 100 --out out/kitchen.zarr   # robot episodes for policies
  ivg-dataset export out/kitchen.zarr --format lerobot --out out/lerobot   # also robomimic, minari, zarr
  ivg-dataset import my_robot --format lerobot --out out/kitchen.zarr --append   # beside the generated ones
  ivg-dataset check out/kitchen.zarr   # is every episode what was written?
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code (2 after a message about a wrong request)."""
    options = _parser().parse_args(arguments)
    return run_command("ivg-dataset", lambda: options.action(options))


def _parser() -> argparse.ArgumentParser:
    parser = new_parser("ivg-dataset", "Make and inspect clip stores and datasets of robot episodes.", EXAMPLES)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_render(actions)
    add_annotate(actions)
    add_rewrite(actions)
    add_generate(actions)
    add_export(actions)
    add_import(actions)
    _add_info(actions)
    add_check(actions)
    _add_sheet(actions)
    return parser


def _add_render(actions: Any) -> None:
    help_text = "render the human demonstrator at work in a kitchen, annotate the clips, write a store"
    render = actions.add_parser("render", help=help_text, description=help_text)
    render.add_argument("--env", choices=["kitchen"], default="kitchen", help="where (default: %(default)s)")
    render.add_argument("--clips", type=int, required=True, metavar="N", help="number of clips")
    render.add_argument("--out", type=Path, required=True, metavar="STORE", help="folder of the store")
    render.add_argument("--size", type=int, default=128, help="height and width in pixels (default: %(default)s)")
    render.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    render.add_argument("--seed-offset", type=int, default=0, help="clip k has seed OFFSET + k (default: 0)")
    render.add_argument("--tasks", default="", metavar="A,B", help="names of tasks (default: all, in turn)")
    foreign_help = "share of clips that show their task in a scene laid out for another (default: %(default)s)"
    render.add_argument("--foreign", type=float, default=0.6, metavar="SHARE", help=foreign_help)
    render.add_argument("--no-annotate", action="store_true", help="leave MediaPipe out")
    render.add_argument("--sheet", type=Path, metavar="FILE", help="contact sheet (default: STORE/sheet.png)")
    add_json_option(render)
    render.set_defaults(action=_render)


def _add_info(actions: Any) -> None:
    help_text = "print what a store of clips or a dataset of robot episodes holds"
    info = actions.add_parser("info", help=help_text, description=help_text)
    info_help = "clips: how good is their annotation; or a dataset of robot episodes or of demonstrations"
    info.add_argument("store", type=Path, metavar="STORE", help=info_help)
    add_json_option(info)
    info.set_defaults(action=_info)


def _add_sheet(actions: Any) -> None:
    help_text = "draw a contact sheet of a store of clips, a row a task, or of a dataset of robot episodes"
    sheet = actions.add_parser("sheet", help=help_text, description=help_text)
    sheet.add_argument("store", type=Path, metavar="STORE")
    sheet.add_argument("--out", type=Path, metavar="FILE", help="default: STORE/sheet.png, of episodes NAME.png")
    sheet.add_argument("--joints", action="store_true", help="draw the annotated joints over the frames")
    sheet.add_argument("--skip", type=int, default=0, metavar="N", help="show the Nth next one of every task")
    sheet.set_defaults(action=_sheet)


def _render(options: argparse.Namespace) -> None:
    from ...workflows.render_pool import render_store

    check_positive(clips=options.clips, size=options.size, workers=options.workers)
    check_seed_option("seed-offset", options.seed_offset)
    check_can_be_folder("out", options.out)
    if not 0 <= options.foreign <= 1:
        raise InputError(f"--foreign must lie in [0, 1], got {options.foreign}")
    began = time.perf_counter()
    store = render_store(
        options.out,
        clips=options.clips,
        size=options.size,
        workers=options.workers,
        seed_offset=options.seed_offset,
        tasks=[name for name in options.tasks.split(",") if name],
        foreign=options.foreign,
        annotate=not options.no_annotate,
    )
    seconds = time.perf_counter() - began
    print(f"{options.clips} clips in {options.out}, {seconds:.0f} s")
    _report(store, options.json)
    _draw(store, options.sheet or options.out / "sheet.png", joints=False, skip=0)


def _info(options: argparse.Namespace) -> None:
    from ...data.clip_store import ClipStore
    from ...policy.datasets import is_demonstration_dataset, is_episode_dataset
    from ...workflows.demonstrations_report import demonstrations_report, print_demonstrations
    from ...workflows.generate_report import dataset_report, print_dataset

    if is_demonstration_dataset(options.store):
        demonstrations = demonstrations_report(options.store)
        print_demonstrations(demonstrations)
        write_json(demonstrations, options.json)
        return
    if is_episode_dataset(options.store):
        episodes = dataset_report(options.store)
        print_dataset(episodes)
        write_json(episodes, options.json)
        return
    store = ClipStore.open(options.store)
    attrs = store.attrs
    print(
        f"{options.store}: {len(store.indices_done)} of {attrs['count']} clips written, "
        f"{attrs['frames']} frames of {attrs['size']} px, {attrs['fps']} fps, source {attrs['source']}"
    )
    _report(store, options.json)


def _sheet(options: argparse.Namespace) -> None:
    from ...data.clip_store import ClipStore
    from ...policy.datasets import is_episode_dataset
    from .generate import draw_episodes

    if is_episode_dataset(options.store):
        target = options.out or options.store.with_name(f"{options.store.name.removesuffix('.zip')}.png")
        draw_episodes(options.store, target, joints=options.joints, skip=options.skip)
        return
    store = ClipStore.open(options.store)
    _draw(store, options.out or options.store / "sheet.png", joints=options.joints, skip=options.skip)


def _report(store: Any, target: Path | None) -> None:
    """Prints how often MediaPipe finds the hands that are there, and how far off it is, by task."""
    from ...metrics.annotation_report import annotation_report

    report = annotation_report(store)
    write_json({"store": str(store.path), **store.attrs, "annotation": report}, target)
    if not report:
        print("no ground truth to judge the annotation by")
        return
    print("MediaPipe against the ground truth, where at least half of a hand is to be seen:")
    heads = ("frames found", "hands found", "joint error", "right side")
    print(f"  {'task':<16}{'clips':>6}" + "".join(f"{head:>14}" for head in heads))
    for task, row in report.items():
        print(
            f"  {task:<16}{row['clips']:>6}{row['frame_rate']:>14.1%}{row['hand_rate']:>14.1%}"
            f"{row['median_joint_error']:>14.1%}{row['side_rate']:>14.1%}"
        )
    print("  (joint error: median over hands of the mean distance of 21 joints, relative to the hand's length)")


def _draw(store: Any, target: Path, *, joints: bool, skip: int) -> None:
    from ...viz.grids import clip_grid
    from ...viz.image_grid import save_image

    save_image(clip_grid(store, joints=joints, skip=skip), target)
    print(f"contact sheet: {target}")
