"""`--launcher`, `--ray-address`, `--gpus-per-worker`: the launcher that they give, and what is refused."""

import argparse
import importlib.util
from pathlib import Path

import pytest

from ivg.cli.dataset import main
from ivg.cli.shared.launcher_options import add_launcher_options, launcher_from
from ivg.errors import InputError
from ivg.jobs import Processes, RayCluster, ray_cluster


def arguments_of(*given, device="cpu"):
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default=device)
    add_launcher_options(parser)
    return launcher_from(parser.parse_args(given))


@pytest.fixture
def ray_is_installed(monkeypatch):
    monkeypatch.setattr(ray_cluster, "check_ray", lambda: None)


def test_processes_are_the_default():
    assert arguments_of() == arguments_of("--launcher", "processes") == Processes(2)
    assert arguments_of("--workers", "3") == Processes(3)


@pytest.mark.usefixtures("ray_is_installed")
@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ([], (2, "local", 0.0)),
        (["--ray-address", "auto", "--workers", "5"], (5, "auto", 0.0)),
        (["--gpus-per-worker", "0.25", "--device", "cuda"], (2, "local", 0.25)),
        (["--gpus-per-worker", "2"], (2, "local", 2.0)),
    ],
)
def test_ray_is_asked_for(given, arguments):
    assert arguments_of("--launcher", "ray", *given) == RayCluster(*arguments)


@pytest.mark.usefixtures("ray_is_installed")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--ray-address", "auto"], "--ray-address does not go with --launcher processes"),
        (["--gpus-per-worker", "1"], "--gpus-per-worker does not go with --launcher processes"),
        (["--launcher", "ray", "--gpus-per-worker", "1.5"], "in [0, 1] or a whole number, got 1.5"),
        (["--launcher", "ray", "--gpus-per-worker", "-1"], "in [0, 1] or a whole number, got -1"),
        (["--launcher", "ray", "--device", "cuda"], "--device cuda on Ray needs --gpus-per-worker"),
    ],
)
def test_what_does_not_go_together_is_refused(given, message):
    with pytest.raises(InputError) as told:
        arguments_of(*given)
    assert message in str(told.value)


@pytest.mark.parametrize("action", [["generate", "--episodes", "1"], ["annotate", "--folder", "."]])
def test_without_ray_its_command_is_told(action, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "ray" else found(name, *rest))
    assert main([*action, "--out", "new.zarr", "--launcher", "ray"]) == 2
    assert "pip install 'ivg[ray]'" in capsys.readouterr().err
    assert not list(Path().iterdir())


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install 'ivg[ray]'")
@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:9", "localhost:9"])
def test_no_cluster_is_told_and_nothing_is_left(address, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    options = ["--launcher", "ray", "--ray-address", address]
    assert main(["generate", "--episodes", "1", "--out", "new.zarr", *options]) == 2
    assert f"no Ray cluster at address {address}: " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
