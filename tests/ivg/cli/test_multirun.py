"""``--multirun``: hydra trains once for each combination, here or through submitit; what cannot be is refused."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ivg.cli.policy import main
from ivg.cli.shared import hydra_job
from ivg.errors import ConfigError
from ivg.workflows.policy_settings import read_policy_run

from .test_policy_train import TINY, dataset  # noqa: F401 (a fixture)

HAS_SUBMITIT = importlib.util.find_spec("submitit") is not None
needs_submitit = pytest.mark.skipif(not HAS_SUBMITIT, reason="submitit is not installed: pip install 'ivg[slurm]'")


def run(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280)


def settings_of(output: Path) -> tuple[int, str]:
    said = json.loads((output / "run.json").read_text())
    return said["train"]["seed"], said["policy"]["conditioning"]


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", pytest.param("submitit_local", marks=needs_submitit)])
def test_a_policy_is_trained_for_each_combination(launcher, dataset, tmp_path):  # noqa: F811
    settings = [f"data.path={dataset}", "train.steps=1", "output=${hydra:runtime.output_dir}", *TINY]
    swept = [f"hydra/launcher={launcher}", "hydra.sweep.dir=sweep", "train.seed=3,4", "conditioning=none"]
    done = run("ivg-policy", "train", "--multirun", *swept, *settings, folder=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [settings_of(tmp_path / "sweep" / job) for job in ("0", "1")] == [(3, "none"), (4, "none")]
    for job in ("0", "1"):
        assert list((tmp_path / "sweep" / job / "weights").glob("*.safetensors"))


@needs_submitit
@pytest.mark.slow
def test_ivg_train_is_handed_to_submitit(tmp_path):
    command = ["--multirun", "hydra/launcher=submitit_local", "hydra.sweep.dir=sweep", "train=autoencoder"]
    settings = ["model=tiny,nano", "data.path=none", "output=none", "dry_run=true"]
    done = run("ivg-train", *command, *settings, folder=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    told = [path.read_text() for path in sorted(tmp_path.glob("sweep/.submitit/*/*_log.out"))]
    assert len(told) == 2
    assert all("parameters" in text for text in told)


def test_wrong_settings_are_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in ("train", "train-rl"):
        assert main([command, "--multirun", "policy.hiden=3,4", "output=x"]) == 2
        error = capsys.readouterr().err
        assert "hiden" in error
        assert error.count("\n") == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("command", ["train", "train-rl"])
def test_without_submitit_its_command_is_told(command, capsys, monkeypatch):
    monkeypatch.setattr(hydra_job.importlib.util, "find_spec", lambda name: None)
    assert main([command, "--multirun", "hydra/launcher=submitit_slurm", "output=x"]) == 2
    assert "pip install 'ivg[slurm]'" in capsys.readouterr().err


def test_several_values_need_multirun():
    with pytest.raises(ConfigError, match="Ambiguous"):
        read_policy_run(["data.path=a", "output=b", "train.seed=0,1"])
