"""What a stage of training is: a model, its loss, how it is judged, and where it is saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .settings import Run


class StepRandom:
    """The randomness of one batch: a function of seed, step and batch number, so that a resumed run goes on alike."""

    def __init__(self, seed: int, step: int, batch: int = 0) -> None:
        self.numpy = np.random.default_rng([seed, step, batch])
        self.torch = torch.Generator().manual_seed(int(self.numpy.integers(2**62)))
        self._global = int(np.random.SeedSequence([seed, step, batch, 1]).generate_state(1)[0])
        self._device: torch.Generator | None = None

    def on(self, device: torch.device) -> torch.Generator:
        """Return a generator on a device, for what would take long to draw and to copy there; `torch` on the CPU."""
        if device.type == "cpu":
            return self.torch
        if self._device is None or self._device.device.type != device.type:
            self._device = torch.Generator(device).manual_seed(self._global)
        return self._device

    def seed_global(self) -> None:
        """Seed torch's own generators, which layers such as dropout draw from."""
        torch.manual_seed(self._global)


class Stage(ABC):
    """One stage of training, of `model`."""

    model: nn.Module

    @classmethod
    def build(cls, run: Run, device: torch.device) -> Stage:
        """Build the stage that a run of the generator's trainings names, with its clips and weights."""
        raise NotImplementedError

    @abstractmethod
    def loss(self, model: nn.Module, random: StepRandom) -> tuple[Tensor, dict[str, Tensor]]:
        """Draw a batch from `random`; return the loss and parts for the log. `model` may be wrapped: only call it."""

    @abstractmethod
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Judge the averaged model on held-out clips; the figures go to the log."""

    @abstractmethod
    def samples(self, model: nn.Module) -> NDArray[np.uint8]:
        """Return an image (h, w, 3) that shows what the averaged model makes of held-out clips."""

    @abstractmethod
    def export(self, model: nn.Module, folder: Path) -> None:
        """Save the averaged model for use, with its configuration."""
