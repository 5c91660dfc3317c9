"""`ivg-train` as people call it."""

from pathlib import Path

import pytest

from ivg.cli.train import main
from ivg.models.nano.denoiser import NanoVideoDenoiser


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Two folders of weights of one network."""
    sizes = {"latent_channels": 4, "latent_size": 4, "widths": (8, 8, 8), "embedding_width": 16, "heads": (1, 1, 1)}
    for name in ("start", "end"):
        NanoVideoDenoiser(**sizes).save_pretrained(tmp_path / name / "region_denoiser")
    return tmp_path


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "train=autoencoder" in capsys.readouterr().out


def test_a_dry_run_needs_neither_data_nor_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train=region", "model=tiny", "dry_run=true"]) == 0
    assert "| parameters, trained |" in capsys.readouterr().out


def test_weights_are_interpolated_once(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = {"start": weights / "start", "end": weights / "end", "output": weights / "between"}
    request = ["interpolate", "--fraction", "0.5", *(f"--{name}={folder}" for name, folder in folders.items())]
    assert main(request) == 0
    assert "wrote region_denoiser" in capsys.readouterr().out
    assert main(request) == 2
    assert "ivg-train interpolate: " in (error := capsys.readouterr().err)
    assert "exists already" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data.path=none", "output=x"], "You must specify 'train'"),
        (["train=autoencodr", "data.path=none", "output=x"], "autoencoder clip masks refiner region"),
        (["train=clip", "data.path=none", "output=x", "train.stepss=3"], "train.stepss"),
        (["train=clip", "data.path=none", "output=x", "train.steps=many"], "train.steps"),
        (["train=autoencoder", "data.path=none", "output=x"], "no clip store at none"),
        (["train=autoencoder", "output=x"], "path"),
        (["train=autoencoder", "data=null", "output=x"], "take a name"),
        (["train=autoencoder", "data=[1]", "output=x"], "take a name"),
        (["train=autoencoder", "data.path=none", "output=[1]"], "settings: Cannot convert"),
        (["train=autoencoder", "data.path=none", "output=${nothing}"], "'nothing' not found"),
        (["train=autoencoder", "data.path=none", "output=x", "resume=maybe"], "'maybe' is not a valid bool"),
        (["train=autoencoder", "data.path=none", "output=x", "train.stage=x"], "unknown train.stage 'x'"),
        (["train=autoencoder", "data.path=none", "output=x", "train.minutes=inf"], "finite number, got inf"),
        (["train=autoencoder", "data.path=none", "output=x", "+train.mintues=3"], "did you mean 'minutes'"),
        (["export", "--autoencoder", "a", "--region", "b", "--clip", "c", "--output", "d"], "c/scheduler is missing"),
    ],
)
def test_wrong_settings_end_with_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert error.splitlines()[-1].startswith("ivg-train")
    assert not list(tmp_path.iterdir())
