"""``ivg-ablate``: the paper's ablation, trained with equal data and steps, as one table and one plot."""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..evaluation.ablation_rows import ROWS, Row, choose_rows, trainings
from ..io.checks import check_positive
from ..io.page_table import insert_table
from ..models.device import check_device
from .shared.command import add_json_option, new_parser, run_command, write_json
from .shared.page_table import add_table_option

EXAMPLES = """\
  ivg-ablate --store clips --out out/ablation --steps 1000
  ivg-ablate --store clips --out out/ablation --steps 1000 --table docs/ablation.md --plot docs/pictures/ablation.png
  ivg-ablate --store clips --out out/quick --steps 50 --rows 4,5 --scenes 9 --seeds 1
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code (2 after a message about a wrong request)."""
    options = _parser().parse_args(arguments)
    return run_command("ivg-ablate", lambda: ablate(options))


def _parser() -> argparse.ArgumentParser:
    about = (
        "Train stage 2 with every mask and loss of the paper's ablation, from the same weights, on the same clips, "
        "with the same steps; generate clips in held-out kitchens with several sampling seeds; write the table. "
        "Trainings that are done are kept, one that was stopped goes on."
    )
    parser = new_parser("ivg-ablate", about, EXAMPLES)
    parser.add_argument("--store", type=Path, required=True, help="training clips, as ivg-dataset writes them")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="trainings and pipelines")
    parser.add_argument("--start", default="nano", metavar="WEIGHTS", help="pipeline to go on from (default: nano)")
    parser.add_argument("--steps", type=int, required=True, metavar="N", help="optimiser steps of every training")
    parser.add_argument("--batch-size", type=int, default=4, help="samples a step (default: %(default)s)")
    parser.add_argument("--rows", default=",".join(str(row.number) for row in ROWS), help="default: %(default)s")
    parser.add_argument("--scenes", type=int, default=36, metavar="N", help="held-out scenes (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="sampling seeds (default: %(default)s)")
    parser.add_argument("--sampling-steps", type=int, default=10, help="denoising steps (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=Path("out/eval"), help="held-out clips (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8), help="processes that generate")
    parser.add_argument("--threads", type=int, default=0, help="threads of the training (default: torch's choice)")
    parser.add_argument("--device", default="cpu", help="where torch computes (default: %(default)s)")
    add_table_option(parser, "ablation")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write the plot")
    add_json_option(parser)
    return parser


def ablate(options: argparse.Namespace) -> None:
    """Trains, generates, judges and writes."""
    check_positive(steps=options.steps, scenes=options.scenes, seeds=options.seeds, workers=options.workers)
    check_device(options.device)
    rows = choose_rows(options.rows)
    from ..data.clip_store import ClipStore
    from ..evaluation.ablation_table import draw_plot, figures_of, table_of
    from ..pipeline import find_weights
    from .eval import SIZE, training_regions

    start = find_weights(options.start)
    store = ClipStore.open(options.store)
    if store.size != SIZE:
        raise InputError(f"{options.store} holds clips of {store.size} px; the held-out kitchens have {SIZE} px")
    pipelines = {name: _trained(name, row, start, options) for name, row in trainings(rows).items()}
    prior = None
    if any(row.inference == "prior" for row in rows):
        from ..metrics.region_iou import best_prior_mask

        regions = training_regions(store)
        prior = best_prior_mask(regions.mean(0), regions).region
    held_out = _held_out(options)
    results = _generate(rows, pipelines, prior, held_out.path, options)
    figures = figures_of(rows, results, held_out, options)
    print(table_of(figures))
    write_json(figures, options.json)
    if options.table is not None:
        insert_table(table_of(figures), options.table, "ablation")
    if options.plot is not None:
        draw_plot(figures, options.plot)


def _trained(name: str, row: Row, start: Path, options: argparse.Namespace) -> Path:
    """Trains what a row needs, unless that is done, and returns the folder of its pipeline."""
    from ..training.checkpoint import FOLDER
    from ..training.export import export_pipeline
    from ..training.run import Run, train_stage
    from ..training.settings import ClipConfig, DataConfig, ModelConfig

    output, pipeline = options.out / "runs" / name, options.out / "pipelines" / f"{name}-{options.steps}"
    if pipeline.is_dir():
        print(f"{name}: trained already, {pipeline}")
        return Path(pipeline)
    print(f"{name}: {options.steps} steps")
    config = ClipConfig(
        steps=options.steps,
        batch_size=options.batch_size,
        decay=0.4,
        threads=options.threads,
        mask=row.training,
        hand_structure_weight=1.0 if row.hand_loss else 0.0,
    )
    run = Run(
        train=config,
        model=ModelConfig(),
        data=DataConfig(path=str(options.store)),
        output=output,
        resume=(output / FOLDER).exists(),
        autoencoder=start,
        start=start,
        device=options.device,
    )
    train_stage(run)
    unfinished = pipeline.with_name(f"{pipeline.name}.part")
    export_pipeline(start, start, output / "weights", unfinished)
    unfinished.rename(pipeline)
    return Path(pipeline)


def _held_out(options: argparse.Namespace) -> Any:
    """Renders the held-out kitchens, or finds them in the cache."""
    from ..data.split import HELD_OUT_SEEDS
    from ..jobs import Processes, progress_bar
    from ..workflows.clips.fingerprint import scenes_fingerprint
    from ..workflows.clips.render import render_clips
    from .eval import SIZE

    scenes = options.cache / scenes_fingerprint() / f"scenes-{options.scenes}-from-{HELD_OUT_SEEDS}"
    with progress_bar(scenes.name, "clip") as progress:
        return render_clips(
            scenes,
            options.scenes,
            size=SIZE,
            seed_offset=HELD_OUT_SEEDS,
            launcher=Processes(options.workers),
            progress=progress,
        )


def _generate(
    rows: Sequence[Row],
    pipelines: dict[str, Path],
    prior: NDArray[np.bool_] | None,
    store: Path,
    options: argparse.Namespace,
) -> dict[tuple[int, int], list[Any]]:
    """Returns the results by row and seed, in the order of the scenes."""
    from ..evaluation.ablation_worker import AblateJob, AblateSettings, AblationWorker
    from ..jobs import Processes, all_results, progress_bar

    places = [(row, seed, scene) for row in rows for seed in range(options.seeds) for scene in range(options.scenes)]
    jobs = [AblateJob(row.run, row.inference, scene, seed) for row, seed, scene in places]
    settings = AblateSettings(pipelines, store, options.sampling_steps, prior, options.device)
    with progress_bar("clips", "clip") as progress:
        make_worker = functools.partial(AblationWorker, settings)
        done = all_results(Processes(options.workers), make_worker, jobs, progress)
    results: dict[tuple[int, int], list[Any]] = {}
    for place, (row, seed, _) in enumerate(places):
        results.setdefault((row.number, seed), []).append(done[place])
    return results
