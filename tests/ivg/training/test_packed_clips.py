"""Encoded clips in one file: what comes out is what went in, and training goes by it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ivg.errors import ConfigError, InputError
from ivg.models.nano.autoencoder import NanoAutoencoder
from ivg.training.encoded.loading import load_encoded_split, load_packed, pack_clips
from ivg.training.run import build_stage, train_stage
from ivg.training.settings import AutoencoderConfig, ClipConfig, DataConfig, ModelConfig, Run

SIZES = {"latent_channels": 4, "encoder_widths": [8, 8, 16], "decoder_widths": [8, 8, 16], "decoder_depth": 1}
DENOISER = {"latent_channels": 4, "latent_size": 4, "widths": [8, 16, 16], "embedding_width": 16, "heads": [1, 1, 1]}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    NanoAutoencoder(**SIZES).save_pretrained(folder / "autoencoder")
    return folder


@pytest.fixture(scope="module")
def packed(blob_store: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packed") / "clips.npz"
    pack_clips([blob_store, blob_store], weights, path)
    return path


def test_unpacked_clips_are_those_of_the_stores(blob_store: Path, weights: Path, packed: Path) -> None:
    autoencoder = NanoAutoencoder.from_pretrained(weights / "autoencoder")
    for mine, once in zip(
        load_packed(packed, autoencoder), load_encoded_split(DataConfig(path=str(blob_store)), autoencoder), strict=True
    ):
        assert len(mine) == 2 * len(once)
        for first in (0, len(once)):  # the same store twice
            chosen = torch.arange(first, first + len(once))
            plain = torch.arange(len(once))
            assert (mine.latents[chosen].float() - once.latents.float()).abs().max() <= 0.05 + 1e-3
            assert (mine.mask_latents[chosen].float() - once.mask_latents.float()).abs().max() < 1e-2
            assert torch.equal(mine.region(chosen), once.region(plain))
            assert torch.equal(mine.hands[chosen], once.hands)
            assert torch.allclose(mine.keypoints[chosen], once.keypoints, atol=1e-3, equal_nan=True)
            for mine_text, once_text in zip(mine.text(chosen), once.text(plain), strict=True):
                assert torch.allclose(mine_text.float(), once_text.float(), atol=1e-2)
            assert np.array_equal(mine.indices[chosen.numpy()], once.indices)


def test_training_goes_by_packed_clips(weights: Path, packed: Path, tmp_path: Path) -> None:
    config = ClipConfig(steps=2, batch_size=2, precision="no", hand_structure_weight=0, drop_text=0.5)
    run = Run(
        config, ModelConfig(denoiser=DENOISER), DataConfig(path=str(packed)), tmp_path / "run", autoencoder=weights
    )
    figures = train_stage(run).figures
    assert all(np.isfinite(value) for value in figures.values())
    assert (tmp_path / "run" / "weights" / "denoiser" / "config.json").exists()


def test_another_autoencoder_is_refused(packed: Path) -> None:
    torch.manual_seed(1)
    with pytest.raises(ConfigError, match="another autoencoder"):
        load_packed(packed, NanoAutoencoder(**SIZES))


def test_what_is_no_packed_file_is_refused(weights: Path, packed: Path, tmp_path: Path) -> None:
    autoencoder = NanoAutoencoder.from_pretrained(weights / "autoencoder")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(packed.read_bytes()[:-200])
    other = tmp_path / "other.npz"
    np.savez(other, values=np.zeros(3))
    for path in (broken, other):
        with pytest.raises(InputError, match="no packed clips"):
            load_packed(path, autoencoder)


def test_images_and_limits_need_a_store(weights: Path, packed: Path, tmp_path: Path) -> None:
    data, model = DataConfig(path=str(packed)), ModelConfig(autoencoder=SIZES, denoiser=DENOISER)
    with pytest.raises(ConfigError, match="needs images"):
        build_stage(Run(AutoencoderConfig(steps=1), model, data, tmp_path))
    limited = DataConfig(path=str(packed), limit=2)
    with pytest.raises(ConfigError, match="for stores"):
        build_stage(Run(ClipConfig(steps=1), model, limited, tmp_path, autoencoder=weights))


def test_what_cannot_be_written_is_refused_before_anything_is_encoded(
    blob_store: Path, weights: Path, packed: Path
) -> None:
    for output, words in ((packed, "exists already"), (packed.with_suffix(".zip"), "FILE.npz")):
        with pytest.raises((ConfigError, InputError), match=words):
            pack_clips([blob_store], weights, output)
