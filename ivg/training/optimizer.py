"""AdamW, and Muon for the weight matrices beside it; the learning rate; the moving average of the weights."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import unknown_option
from .device import bf16_pays
from .settings import OPTIMIZERS, RunConfig


def orthogonalise(matrices: Tensor, iterations: int = 5) -> Tensor:
    """Bring the singular values of matrices (n, rows, columns), rows <= columns, near to 1, to about [0.7, 1.2].

    Quintic Newton-Schulz iterations (Jordan et al. 2024, "Muon", kellerjordan.github.io), in bfloat16 where that pays.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices / (matrices.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    x = x.bfloat16() if bf16_pays(x.device) else x
    for _ in range(iterations):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised matrix by matrix; convolutions count as matrices (out, in * k * k).

    torch's own Muon (2.9) takes matrices only, no convolutions, and always computes in bfloat16, so that the same
    training would give other weights. Updates are scaled as by Liu et al. 2025 ("Muon is scalable for LLM training"),
    so that learning rate and weight decay mean what they do for AdamW. Parameter groups with `matrices=False` are
    updated by AdamW.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], lr: float, weight_decay: float = 0.01) -> None:
        defaults = {"lr": lr, "momentum": 0.95, "betas": (0.9, 0.98), "weight_decay": weight_decay, "matrices": True}
        super().__init__(groups, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Do one step; `closure` is not supported."""
        if closure is not None:
            raise NotImplementedError("Muon takes no closure")
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if not parameters:
                continue
            if group["weight_decay"]:
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            step = self._step_matrices if group["matrices"] else self._step_adam
            step(parameters, group)
        return None

    def _step_matrices(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        for p in parameters:
            if not self.state[p]:
                self.state[p]["momentum"] = torch.zeros_like(p)
        grads = [p.grad for p in parameters]
        moments = [self.state[p]["momentum"] for p in parameters]
        torch._foreach_lerp_(moments, grads, 1 - group["momentum"])
        updates = torch._foreach_lerp(grads, moments, group["momentum"])  # Nesterov's look-ahead
        by_shape: dict[tuple[int, int], list[int]] = defaultdict(list)
        for i, update in enumerate(updates):
            by_shape[(update.shape[0], update[0].numel())].append(i)
        for (rows, columns), members in by_shape.items():
            stacked = torch.stack([updates[i].reshape(rows, columns) for i in members])
            steps = orthogonalise(stacked) if rows <= columns else orthogonalise(stacked.mT).mT
            scale = -group["lr"] * 0.2 * max(rows, columns) ** 0.5
            for i, change in zip(members, steps, strict=True):
                parameters[i].add_(change.reshape(parameters[i].shape), alpha=scale)

    def _step_adam(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        for p in parameters:
            if not self.state[p]:
                self.state[p].update(step=torch.zeros(()), exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
            self.state[p]["step"] += 1
        beta1, beta2 = group["betas"]
        grads = [p.grad for p in parameters]
        first = [self.state[p]["exp_avg"] for p in parameters]
        second = [self.state[p]["exp_avg_sq"] for p in parameters]
        torch._foreach_lerp_(first, grads, 1 - beta1)
        torch._foreach_mul_(second, beta2)
        torch._foreach_addcmul_(second, grads, grads, 1 - beta2)
        step = float(self.state[parameters[0]]["step"])
        root = torch._foreach_sqrt(second)
        torch._foreach_div_(root, (1 - beta2**step) ** 0.5)
        torch._foreach_add_(root, 1e-8)
        torch._foreach_addcdiv_(parameters, first, root, -group["lr"] / (1 - beta1**step))


def build_optimizer(model: nn.Module, config: RunConfig) -> torch.optim.Optimizer:
    """Build the optimiser that the configuration names.

    For Muon, matrices are the weights of convolutions and linear layers with at least 32 rows and columns;
    thinner ones (those that put out latents or pixels), biases, norms and embeddings go to AdamW.
    """
    if config.optimizer == "adamw":
        return torch.optim.AdamW(
            model.parameters(), config.learning_rate, betas=(0.9, 0.98), weight_decay=config.weight_decay, fused=True
        )
    if config.optimizer != "muon":
        raise unknown_option("train.optimizer", config.optimizer, OPTIMIZERS)
    layers = [m for m in model.modules() if isinstance(m, nn.Conv1d | nn.Conv2d | nn.Linear)]
    matrices = [m.weight for m in layers if min(m.weight.shape[0], m.weight[0].numel()) >= 32]
    known = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in known]
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": rest, "matrices": False, "weight_decay": 0.0}]
    return Muon([g for g in groups if g["params"]], config.learning_rate, weight_decay=config.weight_decay)


def learning_rate(config: RunConfig, step: int, fraction: float) -> float:
    """Return the learning rate of step `step`, at this fraction of the training.

    Warm-up, then either half a cosine or a plateau with a linear fall in the last `decay` of the training; never below
    2 % of the peak.
    """
    warm = min(1.0, (step + 1) / max(1, config.warmup_steps))
    if config.schedule == "cosine":
        shape = 0.5 + 0.5 * math.cos(math.pi * fraction)
    else:
        shape = min(1.0, (1 - fraction) / max(config.decay, 1e-6))
    return config.learning_rate * warm * max(0.02, shape)


class AveragedModel:
    """Exponential moving average of a model's weights; it warms up, so that it is useful from the first steps on.

    Step n decays by min(decay, n / (n + 60)). diffusers' `EMAModel` keeps parameters alone, neither buffers nor a model
    to validate, and rounds otherwise.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move the average towards the model's weights after step `step` (counted from 1)."""
        decay = min(self.decay, step / (step + 60))
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - decay)
        for mine, theirs in zip(self.model.buffers(), model.buffers(), strict=True):
            mine.copy_(theirs)
