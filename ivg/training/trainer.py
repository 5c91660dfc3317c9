"""The training loop that all stages share."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor
from tqdm import tqdm

from ..errors import TrainingError, WeightsError
from ..viz.image_grid import save_image
from .average import AveragedModel
from .checkpoint import FOLDER, Progress, load_checkpoint, save_checkpoint
from .interruption import interrupt_awaited
from .optimizer import build_optimizer
from .precision import chosen_precision
from .schedule import Budget, learning_rate
from .settings import RunConfig
from .stage import Stage, StepRandom


class Trainer:
    """Trains one stage until its budget is spent, with checkpoints, a log, validation and sample sheets.

    A step takes `accumulate` batches on each process. Each batch has randomness of its own, numbered through the
    batches and processes of a step, so that two processes train like one that accumulates twice as many batches.
    Only the main process writes.

    Ctrl-C ends it after the step that it is at, with a checkpoint; a second one at once.

    `output` gets `log.jsonl` (a line every few seconds, and one for each validation), `sheet_<step>.png`,
    `checkpoint/`, and at the end `weights/`, the averaged model.

    Args:
        stage: What to train.
        config: How.
        output: Folder to write to.
        resume: Go on from the checkpoint in `output`.
        accelerator: Device and precision; built from `config` if None.
    """

    def __init__(
        self,
        stage: Stage,
        config: RunConfig,
        output: Path,
        resume: bool = False,
        accelerator: Accelerator | None = None,
    ) -> None:
        if config.threads:
            torch.set_num_threads(config.threads)
        self.stage, self.config, self.output = stage, config, output
        self.accelerator = accelerator or Accelerator(mixed_precision=chosen_precision(config.precision))
        if not resume and (output / FOLDER).exists():
            raise WeightsError(f"{output} holds a run already; give another output folder, or resume=true")
        output.mkdir(parents=True, exist_ok=True)
        stage.model.to(self.accelerator.device).train()
        optimizer = build_optimizer(stage.model, config)
        self.average = AveragedModel(stage.model, config.ema)
        progress = Progress(0, 0.0)
        if resume:
            progress = load_checkpoint(output, stage.model, self.average.model, optimizer)
        if config.compile:
            stage.model.compile()
        self.model, self.optimizer = self.accelerator.prepare(stage.model, optimizer)
        self.budget = Budget(config, progress.step, progress.seconds)

    def run(self) -> dict[str, float]:
        """Train until the budget is spent; return the last validation's figures."""
        for kind in (np.float32, np.float64):
            np.finfo(kind)  # numpy works these out once, and warns if denormals are gone by then
        torch.set_flush_denormal(True)  # denormals slow CPUs down tenfold
        try:
            self._train()
        finally:
            torch.set_flush_denormal(False)
        return self._finish()

    def _train(self) -> None:
        form = "{l_bar}{bar}| {elapsed}<{remaining}{postfix}"
        quiet = not self.accelerator.is_main_process
        clock = _Clock(self.config)
        sums: dict[str, float] = defaultdict(float)
        progress = tqdm(total=100, desc=self.config.stage, unit="%", bar_format=form, mininterval=2, disable=quiet)
        with progress as bar, interrupt_awaited() as interrupted:
            while self._fraction() < 1:
                for name, value in self.step().items():
                    sums[name] += float(value)
                clock.steps += 1
                if interrupted():
                    self.save()
                    raise KeyboardInterrupt
                bar.update(100 * self._used - bar.n)
                if clock.due("log", self.config.log_seconds):
                    figures = self._log_means(sums, clock)
                    bar.set_postfix(figures, refresh=False)
                if clock.due("validate", 60 * self.config.validate_minutes):
                    self._validate()
                if clock.due("checkpoint", 60 * self.config.checkpoint_minutes):
                    self.save()
        if clock.steps:
            self._log_means(sums, clock)

    def step(self) -> dict[str, Tensor]:
        """Do one optimiser step; return the parts of the loss."""
        rate = learning_rate(self.config, self.budget.step, self._fraction())
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
        self.budget.step += 1
        self.average.update(self.accelerator.unwrap_model(self.model), self.budget.step)
        return means

    def _check_finite(self, norm: Tensor | None, loss: Tensor) -> None:
        """Stop before a gradient that is no number reaches the weights; fp16's scaler skips such steps by itself.

        Raises:
            TrainingError: Having written the weights as they were before this step.
        """
        if norm is None or bool(torch.isfinite(norm)) or self.accelerator.mixed_precision == "fp16":
            return
        self.save()
        raise TrainingError(
            f"step {self.budget.step + 1}: the loss is {float(loss):g}, the norm of its gradient {float(norm):g}. "
            f"Training stopped before this step; {self.output / FOLDER} holds the weights as they were. Go on from "
            f"there with resume=true and a lower train.learning_rate (now {self.config.learning_rate:g})"
        )

    def _backward(self, batch: int, last: bool) -> dict[str, Tensor]:
        """Add one batch's gradients; processes exchange theirs after the last. Return the parts of the loss."""
        place = batch * self.accelerator.num_processes + self.accelerator.process_index
        random = StepRandom(self.config.seed, self.budget.step, place)
        random.seed_global()
        with nullcontext() if last else self.accelerator.no_sync(self.model):
            loss, parts = self.stage.loss(self.model, random)
            self.accelerator.backward(loss / self.config.accumulate)
        return {"loss": loss.detach(), **{name: value.detach() for name, value in parts.items()}}

    def _fraction(self) -> float:
        """Return the fraction of the budget that is used up, the main process's where clocks could disagree."""
        self._used = self.budget.fraction
        if self.config.steps is None and self.accelerator.num_processes > 1:
            self._used = float(broadcast(torch.tensor(self._used, device=self.accelerator.device)))
        return self._used

    def save(self) -> None:
        """Write a checkpoint."""
        if self.accelerator.is_main_process:
            model = self.accelerator.unwrap_model(self.model)
            progress = Progress(self.budget.step, self.budget.seconds)
            save_checkpoint(self.output, model, self.average.model, self.optimizer, progress)

    def _validate(self) -> dict[str, float]:
        if not self.accelerator.is_main_process:
            return {}
        with torch.inference_mode():
            figures = self.stage.validate(self.average.model)
            sheet = self.stage.sheet(self.average.model)
        save_image(sheet, self.output / f"sheet_{self.budget.step:06d}.png")
        self._log({"held_out": figures})
        shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        tqdm.write(f"step {self.budget.step}, {self.budget.seconds / 60:.1f} min, held out: {shown}")
        return figures

    def _finish(self) -> dict[str, float]:
        self.save()
        if self.accelerator.is_main_process:
            self.stage.export(self.average.model, self.output / "weights")
        return self._validate()

    def _log_means(self, sums: dict[str, float], clock: _Clock) -> dict[str, Any]:
        steps, seconds = clock.lap()
        samples = steps * self.config.batch_size * self.config.accumulate * self.accelerator.num_processes
        figures = {name: round(total / steps, 5) for name, total in sums.items()}
        figures["samples_per_s"] = round(samples / seconds, 2)
        sums.clear()
        self._log(figures)
        return figures

    def _log(self, values: dict[str, Any]) -> None:
        if not self.accelerator.is_main_process:
            return
        line = {"step": self.budget.step, "minutes": round(self.budget.seconds / 60, 3), **values}
        with (self.output / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")


class _Clock:
    """Tells when something that happens from time to time is due, and how many steps a lap had."""

    def __init__(self, config: RunConfig) -> None:
        now = time.monotonic()
        self._last = dict.fromkeys(("log", "validate", "checkpoint"), now)
        self._lap = now
        self.steps = 0

    def due(self, name: str, seconds: float) -> bool:
        now = time.monotonic()
        if now - self._last[name] < seconds:
            return False
        self._last[name] = now
        return True

    def lap(self) -> tuple[int, float]:
        """Return steps and seconds since the last call."""
        now = time.monotonic()
        steps, seconds = self.steps, max(now - self._lap, 1e-6)
        self._lap, self.steps = now, 0
        return steps, seconds
