"""The paper's ablation (Sec. 4): what mask stage 2 is given, and whether L_hand trains it; equal data and steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ..data.clip_store import ClipStore
from ..errors import InputError
from ..inputs import check_device
from ..io.checks import check_positive
from ..jobs import Launcher, Processes, Progress, all_results
from ..metrics.region_iou import best_prior_mask
from ..pipeline import find_weights
from ..workflows.clips.held_out import SIZE, held_out_scenes
from .ablation_figures import ablation_figures, ablation_table, draw_ablation
from .ablation_rows import AblationWorker, Row, choose_rows, trainings
from .scenes import OnProgress, stage_progress, training_regions


@dataclass(frozen=True)
class AblationResult:
    """The outcome of `ablate`.

    Attributes:
        figures: The settings, and under "rows" the figures of every row, a value for each sampling seed.
    """

    figures: dict[str, Any]

    @property
    def table(self) -> str:
        """The table in Markdown: means over the sampling seeds, with their standard deviation."""
        return ablation_table(self.figures)

    def save_plot(self, path: str | Path) -> None:
        """Write a plot of every column, a point for each row and sampling seed."""
        draw_ablation(self.figures, Path(path))


def ablate(
    store: str | Path,
    out: str | Path,
    *,
    steps: int,
    start: str | Path = "nano",
    batch_size: int = 4,
    rows: Iterable[int | str] = (1, 2, 3, 4, 5),
    scenes: int = 36,
    seeds: int = 3,
    sampling_steps: int = 10,
    cache: str | Path = "out/eval",
    launcher: Launcher | None = None,
    threads: int = 0,
    device: str = "cpu",
    on_progress: OnProgress | None = None,
) -> AblationResult:
    """Train stage 2 with every mask and loss of the ablation, generate clips in held-out kitchens, and judge them.

    Every training takes the same `steps` of `batch_size` samples on the same clips, from the same weights. Trainings
    that are done are kept; one that was stopped goes on.

    Args:
        store: Training clips, of 128 px.
        out: Folder of the trainings and their pipelines.
        steps: Optimiser steps of every training.
        start: Pipeline to go on from.
        batch_size: Samples of a step.
        rows: Numbers of the rows.
        scenes: Number of held-out scenes.
        seeds: Number of sampling seeds, from 0 on.
        sampling_steps: Denoising steps.
        cache: Folder of the rendered held-out clips.
        launcher: Where clips are rendered and generated; by default two processes.
        threads: Threads of the training; 0 leaves the choice to torch.
        device: Where torch computes.
        on_progress: Progress callback.

    Raises:
        InputError: A value is out of its range, or the clips are of another size.
        IvgError: Weights or clips cannot be used, or a worker process died.
    """
    check_positive(steps=steps, batch_size=batch_size, scenes=scenes, seeds=seeds, sampling_steps=sampling_steps)
    check_device(device)
    chosen, weights, launcher = choose_rows(rows), find_weights(start), launcher or Processes()
    data = ClipStore.open(Path(store))
    if data.size != SIZE:
        raise InputError(f"{store} holds clips of {data.size} px; the held-out kitchens have {SIZE} px")
    pipelines = {}
    for name, row in trainings(chosen).items():
        pipelines[name] = Path(out) / "pipelines" / f"{name}-{steps}"
        report = stage_progress(on_progress, f"training {name}") or (lambda done, total, **_: None)
        values = {"steps": steps, "batch_size": batch_size, "threads": threads}
        _train(row, pipelines[name], Path(store), weights, device, report, **values)
    prior = None
    if any(row.inference == "prior" for row in chosen):
        regions = training_regions(data)
        prior = best_prior_mask(regions.mean(0), regions).region
    held_out = held_out_scenes(Path(cache), scenes, launcher, progress=stage_progress(on_progress, "rendering"))
    make_worker = partial(AblationWorker, pipelines, held_out.path, sampling_steps, prior, device)
    jobs = [(row, scene, seed) for row in chosen for seed in range(seeds) for scene in range(scenes)]
    clips = iter(all_results(launcher, make_worker, jobs, stage_progress(on_progress, "clips")))
    judged = {(row.number, seed): list(islice(clips, scenes)) for row in chosen for seed in range(seeds)}
    used: dict[str, Any] = {"steps": steps, "batch_size": batch_size, "scenes": scenes, "seeds": seeds}
    used |= {"sampling_steps": sampling_steps, "start": str(start)}
    return AblationResult(ablation_figures(chosen, judged, held_out, used, device))


def _train(row: Row, pipeline: Path, data: Path, start: Path, device: str, report: Progress, **config: Any) -> None:
    """Trains what a row needs, unless that is done, and writes its pipeline."""
    from ..training.checkpoint import FOLDER
    from ..training.export import export_pipeline
    from ..training.run import train_stage
    from ..training.settings import ClipConfig, DataConfig, ModelConfig, Run

    steps, output = config["steps"], pipeline.parents[1] / "runs" / row.run
    report(steps if pipeline.is_dir() else 0, steps)
    if pipeline.is_dir():
        return
    loss = 1.0 if row.hand_loss else 0.0
    run = Run(
        train=ClipConfig(warmup_steps=100, mask=row.training, hand_structure_weight=loss, **config),
        model=ModelConfig(),
        data=DataConfig(path=str(data)),
        output=output,
        resume=(output / FOLDER).exists(),
        autoencoder=start,
        start=start,
        device=device,
    )
    train_stage(run, lambda progress: report(progress.step, steps))
    unfinished = pipeline.with_name(f"{pipeline.name}.part")
    export_pipeline(start, start, output / "weights", unfinished)
    unfinished.rename(pipeline)
    report(steps, steps)
