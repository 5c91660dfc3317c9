"""Behaviour cloning: regression of a chunk of actions (Zhao et al. 2023 call predicting chunks "action chunking")."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .config import BehaviourCloningConfig
from .networks.observation_encoder import EncodedObservation
from .policy import ChunkPolicy


class BehaviourCloningPolicy(ChunkPolicy):
    """Predicts the chunk by a perceptron on what is known.

    Args:
        config: Sizes and loss.
        notes: Where the weights come from.
    """

    kind = "behaviour_cloning"
    config: BehaviourCloningConfig

    def __init__(self, config: BehaviourCloningConfig, notes: dict[str, Any] | None = None) -> None:
        super().__init__(config, notes)
        before = config.width + config.horizon * self.encoder.ahead_size
        layers: list[nn.Module] = []
        for _ in range(config.layers):
            layers += [nn.Linear(before, config.hidden), nn.GELU()]
            before = config.hidden
        self.head = nn.Sequential(*layers, nn.Linear(before, config.horizon * self.coding.size))

    def chunk_loss(self, known: EncodedObservation, chunk: Tensor) -> Tensor:
        """Return the mean absolute or squared error of the chunk."""
        loss = nn.functional.l1_loss if self.config.loss == "l1" else nn.functional.mse_loss
        return loss(self._regress(known), chunk)

    def sample_chunk(self, known: EncodedObservation, generator: torch.Generator | None) -> Tensor:
        """Return the regression; nothing is drawn."""
        return self._regress(known)

    def _regress(self, known: EncodedObservation) -> Tensor:
        ahead = [] if known.ahead is None else [known.ahead.flatten(1)]
        chunk: Tensor = self.head(torch.cat([known.features, *ahead], -1))
        return chunk.unflatten(-1, (self.config.horizon, self.coding.size))
