"""``ivg-eval``: how good the generated clips are, on scenes that nothing was trained on."""

from __future__ import annotations

import argparse
import functools
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..data.split import HELD_OUT_SEEDS
from ..errors import InputError
from ..evaluation.networks import add_fetch, add_network_options, network_figures, network_sources, paper_table
from ..io.checks import check_first_seed, check_positive
from ..models.device import check_device
from .shared.command import add_json_option, new_parser, run_command, write_json

if TYPE_CHECKING:
    from ..jobs import MakeWorker

EXAMPLES = """\
  ivg-eval                                      # 72 scenes, about five minutes on two cores
  ivg-eval --weights out/train/nano --json out/eval.json --sheet out/eval.png
  ivg-eval --scenes 18 --no-text --networks none   # a quick look
  ivg-eval fetch-networks                       # once: the networks of FID, FVD and LPIPS
"""
REFERENCES = 180
SIZE = 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code (2 after a message about a wrong request)."""
    options = _parser().parse_args(arguments)
    return run_command("ivg-eval", lambda: options.action(options))


def _parser() -> argparse.ArgumentParser:
    about = (
        "Generate clips in held-out kitchens, with the region predicted and the person's appearance that of the "
        "ground truth, and judge them beside the ground truth. Rendered clips are kept for the next time."
    )
    parser = new_parser("ivg-eval", about, EXAMPLES)
    parser.add_argument("--weights", default="nano", help="name or folder (default: %(default)s)")
    parser.add_argument("--scenes", type=int, default=72, metavar="N", help="held-out scenes (default: %(default)s)")
    parser.add_argument("--steps", type=int, metavar="N", help="denoising steps (default: the weights')")
    parser.add_argument("--region-steps", type=int, metavar="N", help="those of the region (default: the weights')")
    parser.add_argument(
        "--guidance-scale",
        type=float,
        default=1.0,
        metavar="G",
        help="classifier-free guidance by the text, above 1 (default: none)",
    )
    parser.add_argument(
        "--seed-offset", type=int, default=HELD_OUT_SEEDS, help="first seed of the scenes (default: %(default)s)"
    )
    parser.add_argument("--train-store", type=Path, metavar="STORE", help="training clips, for the prior mask")
    parser.add_argument("--cache", type=Path, default=Path("out/eval"), help="rendered clips (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8), help="processes")
    parser.add_argument("--device", default="cpu", help="where torch computes (default: %(default)s)")
    parser.add_argument("--no-text", action="store_true", help="leave out whether the text decides")
    parser.add_argument(
        "--text-scenes", type=int, default=12, metavar="N", help="scenes for that (default: %(default)s)"
    )
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="contact sheet (default: CACHE/sheet.png)")
    add_json_option(parser)
    add_network_options(parser)
    parser.set_defaults(action=_evaluate)
    add_fetch(parser)
    return parser


def _evaluate(options: argparse.Namespace) -> None:
    check_positive(
        scenes=options.scenes, steps=options.steps, region_steps=options.region_steps, workers=options.workers
    )
    check_first_seed(seed_offset=options.seed_offset)
    if not 1 <= options.guidance_scale < math.inf:
        raise InputError(f"--guidance-scale must be a number of at least 1 (1 is none), got {options.guidance_scale}")

    from ..data.clip_store import ClipStore
    from ..evaluation.summary import summarise
    from ..evaluation.worker import EvalSettings, JudgeWorker
    from ..jobs import Processes, all_results, progress_bar
    from ..metrics.clip_figures import TrueClip
    from ..pipeline import sample_steps
    from ..workflows.clips.fingerprint import scenes_fingerprint
    from ..workflows.clips.render import render_clips

    check_device(options.device)
    sources = network_sources(options)
    steps, region_steps = sample_steps(options.weights)  # a wrong name is told before minutes go into rendering
    options.steps, options.region_steps = options.steps or steps, options.region_steps or region_steps
    began = time.perf_counter()
    cache = options.cache / scenes_fingerprint()
    launcher = Processes(options.workers)
    scenes = cache / f"scenes-{options.scenes}-from-{options.seed_offset}"
    with progress_bar(scenes.name, "clip") as progress:
        held_out = render_clips(
            scenes, options.scenes, size=SIZE, seed_offset=options.seed_offset, launcher=launcher, progress=progress
        )
    if options.train_store is None:
        with progress_bar("references", "clip") as progress:
            references = render_clips(cache / "references", REFERENCES, size=SIZE, launcher=launcher, progress=progress)
    else:
        references = ClipStore.open(options.train_store)

    settings = EvalSettings(
        options.weights, held_out.path, options.steps, options.region_steps, options.guidance_scale, options.device
    )
    truths = [TrueClip.of(held_out.read(index)) for index in range(options.scenes)]
    make_worker = functools.partial(JudgeWorker, settings)
    with progress_bar("scenes", "scene") as progress:
        results = all_results(launcher, make_worker, range(options.scenes), progress)
    figures = summarise(results, truths, training_regions(references))
    if not options.no_text:
        figures["text"] = _text(make_worker, held_out, options)
    figures["paper"] = network_figures(results, truths, sources, held_out.path.with_name("features"))
    figures |= {
        "weights": options.weights,
        "seeds": [options.seed_offset, options.seed_offset + options.scenes - 1],
        "steps": options.steps,
        "region_steps": options.region_steps,
        "guidance_scale": options.guidance_scale,
        "appearance": "the ground truth's",
        "total_seconds": time.perf_counter() - began,
    }
    _print(figures)
    write_json(figures, options.json)
    _draw(results, truths, options.sheet or options.cache / "sheet.png")


def training_regions(store: Any) -> NDArray[np.bool_]:
    """Returns the annotated regions of motion (unions) of a store's clips that are not held out: bool (n, h, w)."""
    from ..data.split import split_indices
    from ..region import region_from_tracks
    from ..types import HandTracks

    regions = []
    for index in split_indices(store.indices_done)[0]:
        arrays = (np.asarray(store.array(name)[int(index)]) for name in ("keypoints", "present", "score"))
        keypoints, present, score = arrays
        regions.append(region_from_tracks(HandTracks(keypoints, present.astype(bool), score), SIZE, SIZE).union)
    return np.stack(regions)


def _text(make_worker: MakeWorker, held_out: Any, options: argparse.Namespace) -> dict[str, Any]:
    from ..evaluation.prompts import follow_rates, text_test
    from ..jobs import Processes, all_results, progress_bar

    test = text_test(held_out, options.text_scenes)
    cache = held_out.path.with_name(f"{held_out.path.name}-performances-{options.text_scenes}")

    def generate(prompts: Sequence[Any]) -> list[Any]:
        with progress_bar("prompts", "prompt") as progress:
            return all_results(Processes(options.workers), make_worker, prompts, progress)

    return follow_rates(held_out, test, generate, cache, options.workers)


def _print(figures: dict[str, Any]) -> None:
    from ..evaluation.summary import hs_err_table, notes, targets_table, task_table

    first, last = figures["seeds"]
    print(f"{figures['scenes']} held-out scenes, seeds {first} to {last}; weights {figures['weights']!r}")
    steps = f"{figures['steps']} denoising steps, {figures['region_steps']} for the region"
    guided = "" if figures["guidance_scale"] == 1 else f", guidance {figures['guidance_scale']:g}"
    print(f"{steps}{guided}, region predicted, the person's appearance {figures['appearance']}")
    for title, table in (
        ("The paper's table, over the last 15 frames (frame 0 is the context)", paper_table(figures)),
        ("What must hold", targets_table(figures)),
        ("Hand structure error (Eq. 2, squared fractions of the picture)", hs_err_table(figures)),
        ("By task: moved objects at the end of the clip against the ground truth", task_table(figures, SIZE)),
        ("Beside these", notes(figures, SIZE)),
    ):
        print(f"\n{title}\n{table}")


def _draw(results: Sequence[Any], truths: Sequence[Any], target: Path) -> None:
    from ..viz.grids import evaluation_grid
    from ..viz.image_grid import save_image

    save_image(evaluation_grid(results, truths), target)
    print(f"\ncontact sheet (ground truth above generated): {target}")
