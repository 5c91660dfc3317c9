"""`ivg-train` as people call it."""

import sys
from pathlib import Path

import pytest

from ivg.cli.train import main


def _call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ivg-train", *arguments])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_help_shows_examples(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _call(monkeypatch, "--help") == 0
    assert "train=autoencoder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data.path=none", "output=x"], "You must specify 'train'"),
        (["train=autoencodr", "data.path=none", "output=x"], "autoencoder clip clip_last masks region"),
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
        (["train=autoencoder", "data.path=none", "output=x", "train.minutes=nan"], "finite number, got nan"),
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
    assert _call(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert error.splitlines()[-1].startswith("ivg-train")
    assert not list(tmp_path.iterdir())
