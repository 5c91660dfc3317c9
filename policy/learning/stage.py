"""Training a policy as a stage of the loop that all of ivg's trainings share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ivg.training.stage import Stage, StepRandom
from ivg.viz.plots import draw_chunks

from .config import PolicyTraining
from .data import PolicyData
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
