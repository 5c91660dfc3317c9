"""The training loop that all stages share."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor

from ..errors import TrainingError, WeightsError
from ..viz.image_grid import save_image
from .checkpoint import FOLDER, load_checkpoint, save_checkpoint
from .device import new_accelerator
from .optimizer import AveragedModel, build_optimizer, learning_rate
from .progress import Clock, ProgressCallback, StopCriterion, TrainingProgress, interrupt_awaited
from .settings import RunConfig
from .stage import Stage, StepRandom


@dataclass(frozen=True)
class TrainingResult:
    """Folder of a training, of the averaged weights in it, and the last figures on held-out clips."""

    output: Path
    weights: Path
    figures: dict[str, float]


class Trainer:
    """Trains one stage until its stop criterion is met, with checkpoints, a log, validation and grids of samples.

    A step takes `accumulate` batches on each process. Each batch has randomness of its own, numbered through the
    batches and processes of a step, so that two processes train like one that accumulates twice as many batches.
    Only the main process writes. Ctrl-C ends it after the step that it is at, with a checkpoint; a second one at once.

    `output` gets `log.jsonl` (a line every few seconds, and one for each validation), `sheet_<step>.png`,
    `checkpoint/`, and at the end `weights/`, the averaged model.

    Raises:
        WeightsError: If `output` holds a run that is not to be resumed, or none that can be.
    """

    def __init__(
        self,
        stage: Stage,
        config: RunConfig,
        output: Path,
        resume: bool = False,
        accelerator: Accelerator | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        if config.threads:
            torch.set_num_threads(config.threads)
        self.stage, self.config, self.output, self.progress = stage, config, output, progress
        self.accelerator = accelerator or new_accelerator(config)
        if not resume and (output / FOLDER).exists():
            raise WeightsError(f"{output} holds a run already; give another output folder, or resume=true")
        output.mkdir(parents=True, exist_ok=True)
        stage.model.to(self.accelerator.device).train()
        optimizer = build_optimizer(stage.model, config)
        self.average = AveragedModel(stage.model, config.ema)
        done = load_checkpoint(output, stage.model, self.average.model, optimizer) if resume else {}
        if config.compile:
            stage.model.compile()
        self.model, self.optimizer = self.accelerator.prepare(stage.model, optimizer)
        self.criterion = StopCriterion(config, **done)

    def run(self) -> dict[str, float]:
        """Train to the end; return the last validation's figures."""
        for kind in (np.float32, np.float64):
            np.finfo(kind)  # numpy works these out once, and warns if denormals are gone by then
        torch.set_flush_denormal(True)  # denormals slow CPUs down tenfold
        try:
            self._train()
        finally:
            torch.set_flush_denormal(False)
        self.save()
        if self.accelerator.is_main_process:
            self.stage.export(self.average.model, self.output / "weights")
        return self._validate()

    def _train(self) -> None:
        config, sums = self.config, defaultdict[str, float](float)
        clock = Clock(
            log=config.log_seconds, validate=60 * config.validate_minutes, checkpoint=60 * config.checkpoint_minutes
        )
        with interrupt_awaited() as interrupted:
            while self._fraction() < 1:
                for name, value in self.step().items():
                    sums[name] += float(value)
                clock.steps += 1
                if interrupted():
                    self.save()
                    raise KeyboardInterrupt
                self._report(self._log_means(sums, clock) if clock.due("log") else {})
                if clock.due("validate"):
                    self._validate()
                if clock.due("checkpoint"):
                    self.save()
        if clock.steps:
            self._log_means(sums, clock)

    def step(self) -> dict[str, Tensor]:
        """Do one optimiser step; return the parts of the loss."""
        rate = learning_rate(self.config, self.criterion.step, self._fraction())
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        count, means = self.config.accumulate, defaultdict[str, Tensor](lambda: torch.zeros(()))
        for batch in range(count):
            for name, value in self._backward(batch, last=batch == count - 1).items():
                means[name] = means[name].to(value.device) + value / count
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), self.config.clip_gradient)
        self._check_finite(norm, means["loss"])
        self.optimizer.step()
        self.criterion.step += 1
        self.average.update(self.accelerator.unwrap_model(self.model), self.criterion.step)
        return means

    def _check_finite(self, norm: Tensor | None, loss: Tensor) -> None:
        """Write the weights and stop before a gradient that is no number reaches them; fp16's scaler skips them."""
        if norm is None or bool(torch.isfinite(norm)) or self.accelerator.mixed_precision == "fp16":
            return
        self.save()
        raise TrainingError(
            f"step {self.criterion.step + 1}: the loss is {float(loss):g}, the norm of its gradient {float(norm):g}. "
            f"Training stopped before this step; {self.output / FOLDER} holds the weights as they were. Go on from "
            f"there with resume=true and a lower train.learning_rate (now {self.config.learning_rate:g})"
        )

    def _backward(self, batch: int, last: bool) -> dict[str, Tensor]:
        """Add one batch's gradients; processes exchange theirs after the last. Return the parts of the loss."""
        position = batch * self.accelerator.num_processes + self.accelerator.process_index
        random = StepRandom(self.config.seed, self.criterion.step, position)
        random.seed_global()
        with nullcontext() if last else self.accelerator.no_sync(self.model):
            loss, parts = self.stage.loss(self.model, random)
            self.accelerator.backward(loss / self.config.accumulate)
        return {"loss": loss.detach(), **{name: value.detach() for name, value in parts.items()}}

    def _fraction(self) -> float:
        """Return the fraction of the training that is done, the main process's where clocks could disagree."""
        self._done = self.criterion.fraction
        if self.config.steps is None and self.accelerator.num_processes > 1:
            self._done = float(broadcast(torch.tensor(self._done, device=self.accelerator.device)))
        return self._done

    def save(self) -> None:
        """Write a checkpoint."""
        if self.accelerator.is_main_process:
            model = self.accelerator.unwrap_model(self.model)
            progress = {"step": self.criterion.step, "seconds": self.criterion.seconds}
            save_checkpoint(self.output, model, self.average.model, self.optimizer, progress)

    def _validate(self) -> dict[str, float]:
        if not self.accelerator.is_main_process:
            return {}
        with torch.inference_mode():
            figures = self.stage.validate(self.average.model)
            samples = self.stage.samples(self.average.model)
        save_image(samples, self.output / f"sheet_{self.criterion.step:06d}.png")
        self._log({"held_out": figures})
        self._report(figures, held_out=True)
        return figures

    def _report(self, figures: dict[str, Any], held_out: bool = False) -> None:
        if self.progress is not None and self.accelerator.is_main_process:
            step, minutes = self.criterion.step, self.criterion.seconds / 60
            self.progress(TrainingProgress(self.config.stage, step, minutes, self._done, figures, held_out))

    def _log_means(self, sums: dict[str, float], clock: Clock) -> dict[str, Any]:
        steps, seconds = clock.lap()
        samples = steps * self.config.batch_size * self.config.accumulate * self.accelerator.num_processes
        figures = {name: round(total / steps, 5) for name, total in sums.items()}
        figures["samples_per_s"] = round(samples / seconds, 2)
        sums.clear()
        self._log(figures)
        return figures

    def _log(self, values: dict[str, Any]) -> None:
        if self.accelerator.is_main_process:
            line = {"step": self.criterion.step, "minutes": round(self.criterion.seconds / 60, 3), **values}
            with (self.output / "log.jsonl").open("a") as file:
                file.write(json.dumps(line) + "\n")
