"""Training the lifter on the demonstrator's ground truth, with noise augmentation of the tracks."""

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

from ..lifting.lifter import INDEX_TIP, THUMB_TIP, HandLifter
from ..lifting.network import CanonicalCamera, LifterNetwork
from .samples import StoreHands, lifting_samples

Progress = Callable[[int, float], None]  # called as `progress(step, loss in mm)` after each step


@dataclass(frozen=True, kw_only=True)
class NoiseAugmentation:
    """Makes tracks of rendered clips as noisy as those of generated ones: jitter, dropped frames, wrong hands.

    The values are maxima; each clip draws its own fraction of the jitter. Lengths are rays at depth 1: the kitchen's
    image is 0.67 wide, so that 0.013 is 2 %.
    """

    true_share: float = 0.3  # fraction of the clips shown by their true tracks, not by MediaPipe's
    clean_share: float = 0.4  # fraction of the clips without jitter
    jitter: float = 0.013  # standard deviation of each joint's own error
    sway: float = 0.01  # the same for the whole hand, frame by frame
    breathing: float = 0.08  # the same for the hand's size, as a factor
    dropped: float = 0.3  # fraction of the frames that are dropped
    gap: int = 4  # longest run of frames that is dropped besides
    strangers: float = 0.02  # fraction of the frames that show another clip's hand

    def __call__(
        self, found: Tensor, true: Tensor, found_present: Tensor, true_present: Tensor, score: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Draw noisy tracks: rays (b, t, 21, 2), presence and confidence (b, t), of `lifting_samples`.

        Each clip keeps a frame where it had one.
        """
        b, t = found_present.shape
        take_true = (torch.rand(b, 1) < self.true_share) | ~found_present.any(1, keepdim=True)
        rays = self._jittered(torch.where(take_true[..., None, None], true, found))
        present = torch.where(take_true, true_present, found_present)
        strange = (torch.rand(b, t) < self.strangers) & present & present.roll(1, 0)
        rays = torch.where(strange[..., None, None], rays.roll(1, 0), rays)
        blind = torch.rand(b, 1) < 0.5
        return rays, self._kept(present), torch.where(take_true | blind, 1.0, score)

    def _jittered(self, rays: Tensor) -> Tensor:
        b, t = rays.shape[:2]
        amount = torch.rand(b, 1, 1, 1) * (torch.rand(b, 1, 1, 1) >= self.clean_share)
        middle = rays.mean(2, keepdim=True)
        size = 1 + amount * self.breathing * torch.randn(b, t, 1, 1)
        moved = middle + (rays - middle) * size + amount * self.sway * torch.randn(b, t, 1, 2)
        return moved + amount * self.jitter * torch.randn(rays.shape)

    def _kept(self, present: Tensor) -> Tensor:
        b, t = present.shape
        dropped = torch.rand(b, t) < self.dropped * torch.rand(b, 1) ** 2
        start, length = torch.randint(0, t, (b, 1)), torch.randint(0, self.gap + 1, (b, 1))
        time = torch.arange(t)
        within = (time >= start) & (time < start + length) & (torch.rand(b, 1) < 0.3)
        kept = present & ~dropped & ~within
        return torch.where(kept.any(1, keepdim=True), kept, present)


@dataclass(frozen=True, kw_only=True)
class LifterTraining:
    """Settings of the training and (width, layers, heads) of the network."""

    steps: int = 1500
    batch_size: int = 48  # hands a step
    lr: float = 3e-3  # highest of Muon; it rises over the first 5 % of the steps and falls to 0 by a cosine
    weight_decay: float = 0.02  # decoupled
    seed: int = 0  # of weights, batches and noise
    width: int = 128
    layers: int = 3
    heads: int = 4
    contact_weight: float = 1.0  # how much more the pinch point counts during contact
    unseen_weight: float = 0.1  # weight of frames in which the network is shown no hand
    noise: NoiseAugmentation = field(default_factory=NoiseAugmentation)

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 1 or not self.lr > 0:
            given = f"{self.steps}, {self.batch_size} and {self.lr}"
            raise ConfigError(f"steps, batch_size and lr must be positive, got {given}")


def train_lifter(
    hands: StoreHands, settings: LifterTraining, progress: Progress | None = None
) -> tuple[HandLifter, dict[str, Any]]:
    """Train a lifter (the weights' moving average); returns it, and notes for `HandLifter.save`."""
    began = time.perf_counter()
    torch.manual_seed(settings.seed)
    camera = CanonicalCamera.mean_of(np.stack([camera.T_world_camera for camera in hands.cameras]))
    samples = {name: torch.from_numpy(value) for name, value in lifting_samples(hands, camera).items()}
    count, frames = samples["found"].shape[:2]
    depth = float(samples["joints"][samples["known"]][..., 2].median())
    network = LifterNetwork(settings.width, settings.layers, settings.heads, frames, mean_depth_m=round(depth, 3))
    matrices = {p for name, p in network.named_parameters() if p.ndim == 2 and name.startswith("encoder")}
    groups = [
        {"params": [p for p in network.parameters() if (p in matrices) == inner], "matrices": inner}
        for inner in (True, False)  # Muon takes the matrices between the first layer and the last; AdamW the rest
    ]
    optimizer = Muon(groups, settings.lr, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step / settings.steps))
    average = AveragedModel(network, 0.99)
    for step, rows in enumerate(_batches(count, settings.batch_size, settings.steps), start=1):
        loss = _loss(network, {name: value[rows] for name, value in samples.items()}, settings)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update(network, step)
        if progress is not None:
            progress(step, float(loss.detach()))
    described = asdict(settings)
    notes = described | {"faults": described.pop("noise"), "clips": len(hands), "hands": count}
    return HandLifter(average.model, camera), {"training": {**notes, "seconds": round(time.perf_counter() - began, 1)}}


def _loss(network: LifterNetwork, batch: dict[str, Tensor], settings: LifterTraining) -> Tensor:
    """Return mean distances in mm: of joints, of joints about the pinch point, and twice that of the pinch point."""
    noisy = ("found", "true", "found_present", "true_present", "score")
    rays, present, score = settings.noise(*(batch[name] for name in noisy))
    joints = network(rays, present, score, batch["position"], batch["is_right"])
    off = (joints - batch["joints"]) * 1000
    pinch = 0.5 * (off[:, :, THUMB_TIP] + off[:, :, INDEX_TIP])
    shape = (off - pinch[:, :, None]).norm(dim=-1).mean(-1)
    pinch_off = pinch.norm(dim=-1) * (1 + settings.contact_weight * batch["contact"])
    weight = batch["known"] * torch.where(present, 1.0, settings.unseen_weight)
    each = off.norm(dim=-1).mean(-1) + shape + 2 * pinch_off
    return (each * weight).sum() / weight.sum()


def _rate(fraction: float) -> float:
    return min(fraction / 0.05 + 0.01, 1.0) * 0.5 * (1 + float(np.cos(np.pi * min(fraction, 1.0))))


def _batches(count: int, size: int, steps: int) -> Iterable[Tensor]:
    """Yield rows of so many batches, each epoch in a new order."""
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        while len(order) < size:
            order = torch.cat([order, torch.randperm(count)])
        yield order[:size]
        order = order[size:]
