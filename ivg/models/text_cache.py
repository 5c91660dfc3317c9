"""Texts that come again are encoded once: in a dataset or a training loop there are many frames to few sentences."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .interfaces import TextEncoder

MOST = 256
"""Texts that are kept, the latest."""


class CachedTextEncoder:
    """Encodes texts by another encoder, whose weights must not change meanwhile.

    Args:
        encoder: The other one.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self.encoder = encoder
        self._known: dict[tuple[str, ...], tuple[Tensor, Tensor]] = {}

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """See `ivg.models.interfaces.TextEncoder.encode`."""
        key = tuple(texts)
        found = self._known.pop(key, None) or self.encoder.encode(texts)
        self._known[key] = found  # as the latest
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]
        return found
