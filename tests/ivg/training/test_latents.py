"""Clips encoded for training."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ivg.data.clip_store import ClipStore
from ivg.models.nano.autoencoder import NanoAutoencoder
from ivg.training.encoded.clips import LatentClips, to_model
from ivg.training.encoded.latents import load_latents


@pytest.fixture(scope="module")
def autoencoder() -> NanoAutoencoder:
    torch.manual_seed(0)
    return NanoAutoencoder(4, (8, 8, 16), (8, 8, 16), 1, 1)


@pytest.fixture(scope="module")
def clips(blob_store: Path, autoencoder: NanoAutoencoder, tmp_path_factory: pytest.TempPathFactory) -> LatentClips:
    store = ClipStore.open(blob_store)
    return load_latents(store, np.array([0, 1, 3]), autoencoder, tmp_path_factory.mktemp("cache"))


def test_latents_are_the_frames_encoded(clips: LatentClips, autoencoder: NanoAutoencoder, blob_store: Path) -> None:
    record = ClipStore.open(blob_store).read(3)
    expected = autoencoder.encode(to_model(record.frames))
    assert (clips.latents[2].float() - expected).abs().max() < 0.05 * expected.abs().max()
    mask = clips.region(torch.tensor([2]))[0, 7]
    white = np.repeat((mask.numpy() * 255).astype(np.uint8)[..., None], 3, -1)
    expected = autoencoder.encode(to_model(white[None]))[0]
    assert (clips.mask_latents[2, 7].float() - expected).abs().max() < 0.05 * expected.abs().max()
    assert torch.equal(clips.mask_latents[2, 0], clips.black.half())  # no hand in frame 0


def test_masks_hands_and_changes_lie_where_the_hand_is(clips: LatentClips, blob_store: Path) -> None:
    labels = ClipStore.open(blob_store).read(0).labels
    assert labels is not None
    masks = clips.region(torch.tensor([0]))[0].bool().numpy()
    assert (masks & (labels == 2)).sum() / (masks | (labels == 2)).sum() > 0.75
    assert clips.hands[0, 8].max() > 200
    assert not clips.hands[0, 0].any()
    assert not clips.moved.any()
    assert ((clips.hands[0] > 0).any(0) <= (clips.change[0] > 0)).all()


def test_texts_are_encoded_once(clips: LatentClips) -> None:
    assert len(clips.tokens) == 2
    tokens, mask = clips.text(torch.tensor([1, 2]))
    assert torch.equal(tokens[0], tokens[1])
    assert mask.shape == tokens.shape[:2]
    assert clips.appearance[0].isnan().all()
    assert clips.appearance[1].isfinite().all()


def test_the_cache_is_used_again_and_not_for_another_autoencoder(
    blob_store: Path, autoencoder: NanoAutoencoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, indices = ClipStore.open(blob_store), np.array([0])
    first = load_latents(store, indices, autoencoder, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("ivg.training.encoded.latents._encode_all", lambda *_: pytest.fail("encoded again"))
        assert torch.equal(load_latents(store, indices, autoencoder, tmp_path).latents, first.latents)
    other = load_latents(store, indices, NanoAutoencoder(4, (8, 8, 16), (8, 8, 16), 1, 1), tmp_path)
    assert not torch.equal(other.latents, first.latents)
