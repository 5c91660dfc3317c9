"""``ivg-view``: what it says, what it writes, what it refuses."""

import json
import re
import shlex
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from ivg.cli.view import main, new_view_parser
from ivg.policy.datasets import AttemptOutcome, Demonstration, RobotEpisode, write_episodes

ROOT = Path(__file__).parents[3]


def make_episode(seed, task, steps=6, frames=4):
    rng = np.random.default_rng(seed)
    proprio = np.tile([0.1, 0.2, 0.3, 1, 0, 0, 0, 0.5, *[0] * 8], (steps, 1)).astype(np.float32)
    return RobotEpisode(
        image=rng.integers(0, 256, (steps, 16, 16, 3), np.uint8),
        proprio=proprio,
        action=np.zeros((steps, 7), np.float32),
        phase=np.linspace(0, 1, steps, dtype=np.float32),
        plan_phase=np.linspace(0, 1, steps, dtype=np.float32),
        demo_keypoints=np.zeros((frames, 2, 21, 2), np.float32),
        demo_present=np.zeros((frames, 2), np.float32),
        demo_path=proprio[:frames, :8],
        demo_plan=np.tile(proprio[:1, :8], (32, 1)),
        demo_clip=rng.integers(0, 256, (frames, 16, 16, 3), np.uint8),
        task=task,
        text=f"do {task}",
        seed=seed,
        success=True,
    )


@pytest.fixture
def dataset(tmp_path):
    """Three episodes of two tasks out of five attempts, as `ivg-dataset generate` writes them."""
    tasks, outcomes = ["stir_pot", "push_plate"], ["kept", "kept", "not_done", "no_hand", "kept"]
    attempts = [AttemptOutcome(k, tasks[k % 2], 50 + k, outcome, f"why {k}") for k, outcome in enumerate(outcomes)]
    record = {"settings": {"samples": 4}, "attempts": [asdict(attempt) for attempt in attempts]}
    made = [make_episode(attempt.seed, attempt.task) for attempt in attempts if attempt.outcome == "kept"]
    return write_episodes(tmp_path / "mine.zarr", made, attributes={"generation": record})


def head(page):
    """What the page is told of the whole dataset."""
    return json.loads(re.search(r'id="dataset">(.*?)</script>', page.read_text(), re.DOTALL)[1])


def test_it_writes_a_page_and_says_how_large_it_is(dataset, tmp_path, capsys):
    page = tmp_path / "new" / "page.html"
    assert main([str(dataset), "--out", str(page), "--json", str(tmp_path / "figures.json")]) == 0
    size = page.stat().st_size / 1e6
    assert capsys.readouterr().out == f"{page}: 3 of 3 robot episodes, 2 refused attempts, {size:.1f} MB\n"
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["shown"], figures["refused"], figures["megabytes"]) == (3, 2, size)


def test_refused_attempts_are_listed_with_their_reasons(dataset, tmp_path):
    page = tmp_path / "page.html"
    assert main([str(dataset), "--out", str(page)]) == 0
    told = head(page)
    assert told["refused"] == [
        {"index": 2, "task": "stir_pot", "seed": 52, "detail": "why 2", "reason": "not_done"},
        {"index": 3, "task": "push_plate", "seed": 53, "detail": "why 3", "reason": "no_hand"},
    ]
    assert told["attempts"]["stir_pot"]["acceptance"] == pytest.approx(2 / 3)
    assert (told["attempts"]["total"]["kept"], told["attempts"]["total"]["attempts"]) == (3, 5)
    assert told["settings"] == {"samples": 4}


def test_fewer_episodes_are_shown_and_how_to_see_more_is_said(dataset, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert main([str(dataset), "--out", str(page), "--episodes", "2"]) == 0
    assert "shown are 2 of 3 episodes; more: --episodes N, or --episodes all" in capsys.readouterr().out
    assert [row["index"] for row in head(page)["shown"]] == [0, 1]
    assert head(page)["episodes"] == 3
    assert main([str(dataset), "--out", str(page), "--episodes", "all", "--overwrite"]) == 0
    assert "more" not in capsys.readouterr().out
    assert len(head(page)["shown"]) == 3


def test_some_tasks_only(dataset, tmp_path):
    page = tmp_path / "page.html"
    assert main([str(dataset), "--out", str(page), "--tasks", "stir_pot"]) == 0
    told = head(page)
    assert [row["task"] for row in told["shown"]] == ["stir_pot", "stir_pot"]
    assert [row["seed"] for row in told["refused"]] == [52]
    assert set(told["attempts"]) == {"stir_pot", "total"}


def test_the_page_stands_beside_the_dataset_unless_told(dataset, tmp_path):
    assert main([str(dataset)]) == 0
    assert (tmp_path / "mine.html").is_file()


def test_demonstrations_too_and_zipped(tmp_path, capsys):
    keypoints, present = np.full((2, 2, 21, 2), np.nan, np.float32), np.zeros((2, 2), bool)
    region = np.eye(16, dtype=bool)
    clip = np.zeros((2, 16, 16, 3), np.uint8)
    Demonstration(clip, region, keypoints, present, 8.0, {"text": "cut"}).save(tmp_path / "demo.zarr.zip")
    assert main([str(tmp_path / "demo.zarr.zip")]) == 0
    assert "1 of 1 demonstrations, " in capsys.readouterr().out
    assert head(tmp_path / "demo.html")["kind"] == "demonstrations"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tasks", "stir_pott"], "unknown task 'stir_pott': did you mean 'stir_pot'?"),
        (["--episodes", "0"], "episodes must be positive, got 0"),
        (["--images", "-3"], "images must be positive, got -3"),
        (["--size", "0"], "size must be positive, got 0"),
        (["--quality", "0"], "quality must lie in [1, 100], got 0"),
        (["--out", "page.txt"], "out must end with .html, got 'page.txt'"),
        (["--save", "a.rrd"], "save writes a recording for rerun: ask for rerun, too"),
        (["--rerun", "--save", "a.txt"], "save must end with .rrd, got 'a.txt'"),
    ],
)
def test_wrong_requests_are_refused_in_one_line(dataset, tmp_path, capsys, arguments, message):
    before = sorted(tmp_path.iterdir())
    assert main([str(dataset), *arguments]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_no_dataset_is_refused(tmp_path, capsys):
    assert main([str(tmp_path / "none.zarr")]) == 2
    assert "there is no dataset at" in capsys.readouterr().err
    (tmp_path / "clips").mkdir()
    assert main([str(tmp_path / "clips")]) == 2
    assert "neither robot episodes nor demonstrations" in capsys.readouterr().err


def test_a_page_that_stands_there_is_kept(dataset, tmp_path, capsys):
    page = tmp_path / "page.html"
    page.write_text("mine")
    assert main([str(dataset), "--out", str(page)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert page.read_text() == "mine"


def test_a_number_of_episodes_is_a_number(dataset, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([str(dataset), "--episodes", "some"])
    assert "invalid number (or 'all') value: 'some'" in capsys.readouterr().err


def test_rerun_writes_a_recording_and_no_page(dataset, tmp_path, capsys):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed (pip install 'ivg[rerun]')", exc_type=ImportError)
    target = tmp_path / "mine.rrd"
    assert main([str(dataset), "--rerun", "--save", str(target), "--episodes", "1"]) == 0
    told = capsys.readouterr().out
    assert f"{target}: 1 of 3 robot episodes, " in told
    assert "shown are 1 of 3 episodes" in told
    assert target.stat().st_size > 1000
    assert not (tmp_path / "mine.html").exists()


def test_the_docs_call_the_command_as_it_is():
    lines = [line.strip() for line in (ROOT / "docs" / "looking.md").read_text().splitlines()]
    calls = [line for line in lines if line.startswith("ivg-view ")]
    assert calls
    for call in calls:
        new_view_parser().parse_args(shlex.split(call, comments=True)[1:])


def test_the_docs_name_every_option():
    page = (ROOT / "docs" / "looking.md").read_text()
    options = re.findall(r"^  (--[a-z]+)", new_view_parser().format_help(), re.MULTILINE)
    assert len(options) > 8
    for option in options:
        assert f"`{option}`" in page, option
