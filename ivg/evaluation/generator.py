"""How good the clips of a generator are, on scenes that nothing was trained on."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..data.clip_store import ClipStore
from ..data.split import HELD_OUT_SEEDS
from ..errors import InputError
from ..inputs import check_device
from ..io.checks import check_first_seed, check_positive
from ..jobs import Launcher, Processes, all_results
from ..metrics.clip_figures import TrueClip
from ..metrics.networks.sources import NetworkSources
from ..pipeline import sample_steps
from ..viz.grids import evaluation_grid
from ..viz.image_grid import save_image
from ..workflows.clips.held_out import held_out_scenes
from .judging import Judge, SceneResult
from .network_figures import network_figures
from .prompts import follow_rates, render_references, text_test
from .scenes import OnProgress, reference_clips, stage_progress, training_regions
from .summary import summarise
from .tables import tables_of


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """The outcome of `evaluate_generator`: figures (see docs/evaluate.md), generated and true clips by scene."""

    figures: dict[str, Any]
    results: Sequence[SceneResult]
    truths: Sequence[TrueClip]

    @property
    def tables(self) -> dict[str, str]:
        """The tables in Markdown by their titles."""
        return tables_of(self.figures, self.truths[0].record.frames.shape[2])

    def save_grid(self, path: str | Path, per_task: int = 1) -> None:
        """Write an image grid, PNG or JPEG: the truth above the generated clip for some scenes of every task."""
        save_image(evaluation_grid(self.results, self.truths, per_task), Path(path))


def evaluate_generator(
    weights: str | Path = "nano",
    scenes: int = 72,
    *,
    store: str | Path | None = None,
    steps: int | None = None,
    region_steps: int | None = None,
    guidance_scale: float = 1.0,
    seed_offset: int = HELD_OUT_SEEDS,
    train_store: str | Path | None = None,
    networks: NetworkSources | None = None,
    prompt_scenes: int = 12,
    cache: str | Path = "out/eval",
    launcher: Launcher | None = None,
    device: str = "cpu",
    on_progress: OnProgress | None = None,
) -> EvaluationResult:
    """Generate clips in held-out scenes, with the region predicted and the true person's appearance, and judge them.

    Args:
        weights: Name, or folder of a pipeline.
        scenes: Number of scenes.
        store: Your own clip store with ground truth, whose first `scenes` clips are taken; None renders kitchens.
        steps: Denoising steps of the clip; None takes the weights'.
        region_steps: Denoising steps of the region; None takes the weights'.
        guidance_scale: Classifier-free guidance by the text, above 1; 1 is none.
        seed_offset: First seed of the rendered scenes.
        train_store: Training clips, for the prior mask; None renders some, or takes the judged clips of `store`.
        networks: For the paper's figures; None takes all that are here.
        prompt_scenes: Scenes in which is tested whether the motion follows the prompt, if they are kitchens; 0: none.
        cache: Folder in which rendered clips and features are kept for the next time.
        launcher: Where the workers run; by default two processes.
        device: Where torch computes.
        on_progress: Progress callback.

    Raises:
        InputError: A value is out of its range, or the clips have no ground truth.
        IvgError: The weights cannot be used, or a worker process died.
    """
    check_positive(scenes=scenes, steps=steps, region_steps=region_steps)
    check_first_seed(seed_offset=seed_offset)
    if not 1 <= guidance_scale < math.inf:
        raise InputError(f"guidance_scale must be a number of at least 1 (1 is none), got {guidance_scale}")
    check_device(device)
    own_steps = sample_steps(weights)  # an unknown name is an error before minutes go into rendering
    began, cache, launcher = time.perf_counter(), Path(cache), launcher or Processes()
    if store is None:
        rendering = stage_progress(on_progress, "rendering")
        held_out = held_out_scenes(cache, scenes, launcher, seed_offset=seed_offset, progress=rendering)
    else:
        held_out = ClipStore.open(Path(store))
    indices = [int(index) for index in held_out.indices_done[:scenes]]
    if not indices:
        raise InputError(f"'{held_out.path}' holds no clip to judge")
    folder = held_out.path.parent if store is None else cache  # for what is kept for the next time
    truths = [TrueClip.of(held_out.read(index)) for index in indices]
    if train_store is not None:
        training = training_regions(ClipStore.open(Path(train_store)))
    elif store is None:
        training = training_regions(reference_clips(cache, launcher, on_progress))
    else:
        training = np.stack([truth.region for truth in truths])

    kitchens = all("scene" in held_out.info(index) for index in indices)
    test = text_test(held_out, prompt_scenes) if prompt_scenes and kitchens else None
    steps, region_steps = steps or own_steps[0], region_steps or own_steps[1]
    make_judge = partial(Judge.load, weights, held_out.path, steps, region_steps, guidance_scale, device)
    jobs = [*indices, *(test.prompts if test else [])]
    outcomes = all_results(launcher, make_judge, jobs, stage_progress(on_progress, "clips"))
    results = outcomes[: len(indices)]
    figures = summarise(results, truths, training)
    if test:
        progress = stage_progress(on_progress, "rendering performances")
        performances = folder / f"{held_out.path.name}-performances-{prompt_scenes}"
        references = render_references(held_out, test, performances, launcher, progress)
        figures["text"] = follow_rates(test, outcomes[len(indices) :], references)
    sources = networks or NetworkSources(device=device)
    figures["paper"] = network_figures(results, truths, sources, folder / "features")
    seeds = [truth.record.info.get("seed") for truth in truths]
    figures |= {
        "weights": str(weights),
        "seeds": [seeds[0], seeds[-1]],
        "steps": steps,
        "region_steps": region_steps,
        "guidance_scale": guidance_scale,
        "appearance": "the ground truth's",
        "total_seconds": time.perf_counter() - began,
    }
    return EvaluationResult(figures, results, truths)
