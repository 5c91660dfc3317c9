"""Training of a policy as a stage of the loop that all of ivg's trainings share; its log as a table and as curves."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ivg.inputs import check_device
from ivg.io.staging import staged_output
from ivg.training.device import new_accelerator
from ivg.training.progress import ProgressCallback
from ivg.training.stage import Stage, StepRandom
from ivg.training.trainer import Trainer, TrainingResult
from ivg.viz.plots import draw_chunks, new_figure, save_plot

from ..provenance import versions
from .config import PolicyRun, PolicyTraining
from .data import PolicyData, describe_data, split_episodes
from .policies import new_policy
from .policy import Batch, ChunkPolicy


class PolicyStage(Stage):
    """A policy, its episodes, and how it is judged on those held out."""

    model: ChunkPolicy

    def __init__(self, policy: ChunkPolicy, config: PolicyTraining, data: PolicyData, held_out: PolicyData) -> None:
        self.model, self.config, self.data, self.held_out = policy, config, data, held_out
        self._judged = np.unique(np.linspace(0, len(held_out) - 1, min(256, len(held_out))).round().astype(np.int64))

    def loss(self, model: nn.Module, random: StepRandom) -> tuple[Tensor, dict[str, Tensor]]:
        """Draw windows and return the policy's loss."""
        rows = random.numpy.integers(len(self.data), size=self.config.batch_size)
        loss, parts = model(_to(self.data.batch(rows, random.numpy, self.config), model))
        return loss, parts

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Judge the actions that would be executed.

        `position_mm` is the mean distance of the targets ("targets"), or of one step's move ("commands"), from the
        truth; `gripper_wrong` the fraction of gripper commands of the wrong sign.
        """
        assert isinstance(model, ChunkPolicy)
        batch, chunk, phase = self._predict(model, self._judged)
        first = model.config.n_obs_steps - 1
        span = slice(first, first + model.config.n_action_steps)
        off = (chunk - batch["chunk"])[:, span]
        unit = 1.0 if model.config.actions == "targets" else 0.05
        wrong = (chunk[:, span, -1] > 0) != (batch["chunk"][:, span, -1] > 0)
        figures = {
            "position_mm": float(off[..., :3].norm(dim=-1).mean() * unit * 1000),
            "gripper_wrong": float(wrong.float().mean()),
        }
        if phase is not None:
            figures["phase_error"] = float((phase - batch["phase"]).abs()[:, span].mean())
        return figures

    def samples(self, model: nn.Module) -> NDArray[np.uint8]:
        """Draw predicted and true positions of some held-out chunks."""
        assert isinstance(model, ChunkPolicy)
        rows = self._judged[np.linspace(0, len(self._judged) - 1, min(6, len(self._judged))).round().astype(int)]
        batch, chunk, _ = self._predict(model, rows)
        return draw_chunks(batch["chunk"][..., :3].cpu().numpy(), chunk[..., :3].cpu().numpy())

    def export(self, model: nn.Module, folder: Path) -> None:
        """Save the averaged policy."""
        assert isinstance(model, ChunkPolicy)
        model.save_pretrained(folder, overwrite=True)

    def _predict(self, model: ChunkPolicy, rows: NDArray[np.int64]) -> tuple[Batch, Tensor, Tensor | None]:
        batch = _to(self.held_out.batch(rows, None, self.config), model)
        return batch, *model.predict(batch, torch.Generator(model.device).manual_seed(0))


def _to(batch: Batch, model: nn.Module) -> Batch:
    device = next(model.parameters()).device
    return {key: value.to(device) for key, value in batch.items()}


def train_policy(run: PolicyRun, progress: ProgressCallback | None = None) -> TrainingResult:
    """Train a policy with the loop of `ivg.training`.

    `output` gets `log.jsonl`, `curves.csv`, `curves.png`, `sheet_*.png`, `checkpoint/`, `run.json` and at the end
    `weights/`, the averaged policy.

    Args:
        run: What to train.
        progress: Progress callback, such as `ivg.training.ProgressBar()`.

    Raises:
        IvgError: If the dataset, the request or the checkpoint cannot be used.
    """
    check_device(run.device)
    torch.manual_seed(run.train.seed)
    stage = build_policy_stage(run)
    accelerator = new_accelerator(run.train, run.device)
    trainer = Trainer(stage, run.train, run.output, run.resume, accelerator, progress)
    if accelerator.is_main_process:
        (run.output / "run.json").write_text(json.dumps(asdict(run), default=str, indent=2))
    try:
        figures = trainer.run()
    finally:
        if accelerator.is_main_process and (run.output / "log.jsonl").exists():
            write_curves(run.output)
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return TrainingResult(run.output, run.output / "weights", figures)


def build_policy_stage(run: PolicyRun) -> PolicyStage:
    """Build the policy that a run names, with its episodes and their statistics."""
    train, held_out = split_episodes(run.data)
    notes = {"data": describe_data(run.data, train), "training": asdict(run.train), "versions": versions()}
    policy = new_policy(run.policy, notes)
    data = PolicyData(run.data, train, run.policy)
    data.fit(policy)
    return PolicyStage(policy, run.train, data, PolicyData(run.data, held_out, run.policy))


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a log in order; those that a stopped run wrote after its last checkpoint are left out."""
    rows: list[dict[str, Any]] = []
    for text in path.read_text().splitlines():
        line = json.loads(text)
        held_out = {f"held_out_{name}": value for name, value in line.pop("held_out", {}).items()}
        while rows and rows[-1]["step"] > line["step"]:
            rows.pop()
        rows.append({**line, **held_out})
    return rows


def write_curves(output: Path) -> None:
    """Write `curves.csv` and `curves.png` of the log in a training's folder."""
    rows = read_log(output / "log.jsonl")
    names = list(dict.fromkeys(name for row in rows for name in row))
    with staged_output(output / "curves.csv", overwrite=True) as stage, stage.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    names = [name for name in names if name not in ("step", "minutes", "samples_per_s")]
    figure, axes = new_figure(3 * len(names), 2.6, columns=len(names), dpi=90)
    for name, ax in zip(names, axes, strict=True):
        points = [(row["step"], row[name]) for row in rows if name in row]
        ax.plot(*zip(*points, strict=True), marker=".")
        ax.set(title=name.replace("_", " "), xlabel="step")
        if all(value > 0 for _, value in points):
            ax.set_yscale("log")
        ax.grid(alpha=0.3)
    save_plot(figure, output / "curves.png")
