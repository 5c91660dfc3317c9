"""`--samples` and `--no-depth`: how many demonstrations are made, and what cannot be asked for together."""

import argparse

import pytest

from ivg.cli.shared.sampling_options import add_sampling_options, samples_of
from ivg.errors import InputError
from ivg.policy.sampling import SAMPLES


def options_of(*arguments):
    parser = argparse.ArgumentParser()
    add_sampling_options(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    ("arguments", "samples", "depth"),
    [
        ([], SAMPLES, True),
        (["--no-depth"], 1, False),
        (["--samples", "7"], 7, True),
        (["--samples", "1"], 1, True),
        (["--samples", "1", "--no-depth"], 1, False),
    ],
)
def test_how_demonstrations_are_watched(arguments, samples, depth):
    options = options_of(*arguments)
    assert samples_of(options) == samples
    assert options.no_depth is not depth


def test_four_demonstrations_are_made_unless_told_otherwise():
    assert SAMPLES == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--samples", "0"], "--samples must be positive, got 0"),
        (["--samples", "-2", "--no-depth"], "--samples must be positive, got -2"),
        (["--samples", "2", "--no-depth"], "--samples 2 cannot be compared with --no-depth; give --samples 1"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        samples_of(options_of(*arguments))


def test_the_commands_take_them(monkeypatch, tmp_path, capsys):
    from ivg.cli.dataset import main

    clash = ["generate", "--out", str(tmp_path / "d.zarr"), "--samples", "3", "--no-depth"]
    assert main([*clash, "--episodes", "1"]) == 2
    assert "--samples 3 cannot be compared with --no-depth" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
