"""Weights between two runs'."""

from pathlib import Path

import pytest
import torch

from ivg.errors import InputError, WeightsError
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.models.noise import training_scheduler
from ivg.training import interpolate_weights

SIZES = {"latent_channels": 4, "latent_size": 4, "widths": (8, 8, 8), "embedding_width": 16, "heads": (1, 1, 1)}


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    folders = [tmp_path / "start", tmp_path / "end"]
    for seed, folder in enumerate(folders):
        torch.manual_seed(seed)
        NanoVideoDenoiser(**SIZES, residual_scale=1.0 + seed).save_pretrained(folder / "region_denoiser")
    training_scheduler().save_pretrained(folders[1] / "scheduler")
    return folders


def test_weights_lie_between(runs: list[Path], tmp_path: Path) -> None:
    assert interpolate_weights(*runs, 0.25, tmp_path / "between") == ["region_denoiser"]
    start, end, between = (
        NanoVideoDenoiser.from_pretrained(folder / "region_denoiser") for folder in (*runs, tmp_path / "between")
    )
    for name, value in between.state_dict().items():
        expected = 0.75 * start.state_dict()[name] + 0.25 * end.state_dict()[name]
        torch.testing.assert_close(value, expected)
    assert between.space == end.space
    assert (tmp_path / "between" / "scheduler").is_dir()


def test_what_does_not_fit_is_refused(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"fraction must lie in \[0, 1\], got 1.5"):
        interpolate_weights(*runs, 1.5, tmp_path / "between")
    with pytest.raises(WeightsError, match="no network is in both"):
        interpolate_weights(runs[0], tmp_path, 0.5, tmp_path / "between")
    NanoVideoDenoiser(**{**SIZES, "widths": (8, 16, 8)}).save_pretrained(tmp_path / "wide" / "region_denoiser")
    with pytest.raises(WeightsError, match="different sizes"):
        interpolate_weights(runs[0], tmp_path / "wide", 0.5, tmp_path / "between")
    assert not (tmp_path / "between").exists()
