"""`ivg-demo`: its options arrive, its figures are printed, its errors are one line."""

import json
import subprocess
import sys

import pytest
from PIL import Image

from ivg.cli.demo import main
from ivg.policy import DemoGenerator

from ..workflows.demo.stand_ins import generator


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """Runs the command on an image, with a quick generator; `out` is where it writes."""
    Image.effect_noise((96, 80), 40).convert("RGB").save(tmp_path / "kitchen.png")

    def load(weights, device, rewriter):
        return generator(weights=weights, rewriter=rewriter)

    def run(*extra, task="cut carrot"):
        source = ["--image", str(tmp_path / "kitchen.png"), "--task", task, "--out", str(tmp_path / "out")]
        return main([*source, *extra])

    monkeypatch.setattr(DemoGenerator, "from_pretrained", load)
    run.out = tmp_path / "out"
    return run


def test_options_arrive(demo, capsys):
    assert demo("--steps", "5", "--seed", "3", "--rewriter", "vocabulary", "--side", "left", "--weights", "mine") == 0
    made = json.loads((demo.out / "report.json").read_text())["provenance"]
    assert (made["steps"], made["seed"], made["appearance"]["side"]) == (5, 3, "left")
    assert (made["rewriter"]["name"], made["weights"]["name"]) == ("vocabulary", "mine")
    said = capsys.readouterr().out
    assert made["text"] in said
    assert str(demo.out / "clip.mp4") in said


def test_json_on_stdout_is_json_alone(demo, capsys):
    assert demo("--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["task"] == "cut carrot"


def test_json_to_a_file(demo, tmp_path):
    assert demo("--json", str(tmp_path / "figures.json")) == 0
    assert json.loads((tmp_path / "figures.json").read_text())["hands"]["frames"] == 15


def test_an_error_is_one_line(demo, capsys):
    assert demo("--skin", "ligth") == 2
    said = capsys.readouterr().err
    assert said.startswith("ivg-demo: ")
    assert "did you mean 'light'" in said
    assert said.count("\n") == 1
    assert not demo.out.exists()


def test_help_shows_examples_and_is_quick():
    code = "from ivg.cli.demo import main; main(['--help'])"
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    assert 'ivg-demo --env kitchen --task "cut carrot"' in done.stdout
    for heavy in ("torch", "robosuite", "mediapipe", "diffusers"):
        assert f" {heavy}\n" not in done.stderr
