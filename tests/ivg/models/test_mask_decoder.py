"""The decoder of masks: shapes, what it may be told, and that it learns."""

from __future__ import annotations

import pytest
import torch

from ivg.errors import InputError
from ivg.models.nano.autoencoder import NanoMaskDecoder


def test_masks_are_eight_times_as_wide_as_their_latents_and_probabilities() -> None:
    decoder = NanoMaskDecoder(4, 8, 1)
    masks = decoder.decode(torch.randn(3, 4, 5, 6))
    assert masks.shape == (3, 40, 48)
    assert masks.dtype == torch.float32
    assert ((masks >= 0) & (masks <= 1)).all()


@pytest.mark.parametrize("sizes", [(0, 8, 1), (4, 0, 1), (4, 8, 0)])
def test_sizes_are_positive(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match="must be positive, got"):
        NanoMaskDecoder(*sizes)


def test_it_learns_where_a_latent_is_high() -> None:
    torch.manual_seed(0)
    latents = torch.randn(8, 4, 6, 6)
    truth = (latents[:, 0] > 0).float().repeat_interleave(8, 1).repeat_interleave(8, 2)
    decoder = NanoMaskDecoder(4, 16, 1)
    optimizer = torch.optim.Adam(decoder.parameters(), 0.01)
    for _ in range(60):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(decoder(latents), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ((decoder.decode(latents) > 0.5) == (truth > 0.5)).float().mean() > 0.95
