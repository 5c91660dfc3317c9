"""Training the lifter on the demonstrator's ground truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ivg.errors import ConfigError
from ivg.training.optimizer import AveragedModel, Muon

from ..lifting.canonical_camera import CanonicalCamera
from ..lifting.lifted import INDEX_TIP, THUMB_TIP
from ..lifting.lifter import HandLifter
from ..lifting.network import LifterNetwork
from .augmentation import NoiseAugmentation
from .samples import LiftingSamples, StoreHands


@dataclass(frozen=True, kw_only=True)
class LifterTraining:
    """How to train.

    Attributes:
        steps: Optimiser steps.
        batch_size: Hands a step.
        lr: Highest learning rate of Muon; it rises over the first 5 % of the steps and falls to 0 by a cosine.
        weight_decay: Decoupled.
        seed: Of weights, batches and faults.
        width, layers, heads: Of the network.
        contact_weight: How much more the pinch point counts while the hand touches something.
        unseen_weight: How much frames count in which the network is shown no hand.
        faults: What is done to the tracks.
    """

    steps: int = 1500
    batch_size: int = 48
    lr: float = 3e-3
    weight_decay: float = 0.02
    seed: int = 0
    width: int = 128
    layers: int = 3
    heads: int = 4
    contact_weight: float = 1.0
    unseen_weight: float = 0.1
    faults: NoiseAugmentation = field(default_factory=NoiseAugmentation)

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        if self.steps < 1 or self.batch_size < 1 or not self.lr > 0:
            raise ConfigError(
                f"steps, batch_size and lr must be positive, got {self.steps}, {self.batch_size} and {self.lr}"
            )


Progress = Callable[[int, float], None]
"""Called as `progress(step, loss in mm)` after each step."""


def train_lifter(
    hands: StoreHands, settings: LifterTraining, progress: Progress | None = None
) -> tuple[HandLifter, dict[str, Any]]:
    """Train a lifter.

    Args:
        hands: Training clips (the held-out ones left out).
        settings: How.
        progress: Told after each step.

    Returns:
        The lifter (the weights' moving average), and notes for `HandLifter.save`.
    """
    began = time.perf_counter()
    torch.manual_seed(settings.seed)
    level = CanonicalCamera.mean_of(np.stack([camera.T_world_camera for camera in hands.cameras]))
    samples = {name: torch.from_numpy(value) for name, value in vars(LiftingSamples.of(hands, level)).items()}
    depth = float(samples["joints"][samples["known"]][..., 2].median())
    network = LifterNetwork(
        settings.width, settings.layers, settings.heads, frames=samples["found"].shape[1], mean_depth_m=round(depth, 3)
    )
    optimizer = Muon(_groups(network), settings.lr, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step / settings.steps))
    average = AveragedModel(network, 0.99)
    batches = _batches(len(samples["place"]), settings.batch_size, settings.steps)
    for step, rows in enumerate(batches, start=1):
        loss = _loss(network, {name: value[rows] for name, value in samples.items()}, settings)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update(network, step)
        if progress is not None:
            progress(step, float(loss.detach()))
    lifter = HandLifter(average.model, level)
    notes = {"clips": len(hands), "hands": len(samples["place"]), "seconds": round(time.perf_counter() - began, 1)}
    return lifter, {"training": {**asdict(settings), **notes}}


def _loss(network: LifterNetwork, batch: dict[str, Tensor], settings: LifterTraining) -> Tensor:
    """Return mean distances in mm: of joints, of joints about the pinch point, and twice that of the pinch point."""
    rays, present, score = settings.faults(
        batch["found"], batch["true"], batch["found_present"], batch["true_present"], batch["score"]
    )
    joints = network(rays, present, score, batch["place"], batch["is_right"])
    off = (joints - batch["joints"]) * 1000
    pinch = 0.5 * (off[:, :, THUMB_TIP] + off[:, :, INDEX_TIP])
    shape = (off - pinch[:, :, None]).norm(dim=-1).mean(-1)
    pinch_off = pinch.norm(dim=-1) * (1 + settings.contact_weight * batch["contact"])
    weight = batch["known"] * torch.where(present, 1.0, settings.unseen_weight)
    each = off.norm(dim=-1).mean(-1) + shape + 2 * pinch_off
    return (each * weight).sum() / weight.sum()


def _groups(network: LifterNetwork) -> list[dict[str, Any]]:
    """Muon takes the matrices between the first layer and the last; AdamW the rest."""
    matrices = [p for name, p in network.named_parameters() if p.ndim == 2 and name.startswith("encoder")]
    inner = {id(p) for p in matrices}
    rest = [p for p in network.parameters() if id(p) not in inner]
    return [{"params": matrices, "matrices": True}, {"params": rest, "matrices": False}]


def _rate(share: float) -> float:
    return min(share / 0.05 + 0.01, 1.0) * 0.5 * (1 + float(np.cos(np.pi * min(share, 1.0))))


def _batches(count: int, size: int, steps: int) -> Iterable[Tensor]:
    """Yield rows of so many batches, each epoch in a new order."""
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        while len(order) < size:
            order = torch.cat([order, torch.randperm(count)])
        yield order[:size]
        order = order[size:]
