"""What the pages say is true: links lead somewhere, commands are understood, tables name what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from ivg.cli.ablate import new_ablate_parser
from ivg.cli.app import new_app_parser
from ivg.cli.dataset import _parser as dataset_parser
from ivg.cli.demo import new_demo_parser
from ivg.cli.doctor import new_doctor_parser
from ivg.cli.policy import new_policy_parser
from ivg.cli.shared.eval_options import new_eval_parser
from ivg.cli.view import new_view_parser
from ivg.data.clip_store import ClipStore
from ivg.envs.kitchen.tasks import TASKS
from ivg.policy import Demonstration

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PARSERS = {
    "ivg-ablate": new_ablate_parser,
    "ivg-app": new_app_parser,
    "ivg-demo": new_demo_parser,
    "ivg-dataset": dataset_parser,
    "ivg-doctor": new_doctor_parser,
    "ivg-eval": new_eval_parser,
    "ivg-policy": new_policy_parser,
    "ivg-view": new_view_parser,
}


def commands() -> list[str]:
    """Lines of code blocks that call one of our commands."""
    lines = [line.strip() for page in PAGES for line in page.read_text().splitlines() if line.startswith("    ")]
    lines = [line.removeprefix(".venv/bin/") for line in lines]
    return [line for line in lines if line.split()[:1] and line.split()[0] in PARSERS]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("command", commands())
def test_commands_are_understood(command: str) -> None:
    program, *arguments = shlex.split(command, comments=True)
    PARSERS[program]().parse_args(arguments)


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for target in re.findall(r"(?:^    |`)make ([a-z]+)", page.read_text(), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: make {target}"


def test_the_table_of_a_clip_store_is_complete(tmp_path: Path) -> None:
    store = ClipStore.create(tmp_path / "store", count=1, size=16, fps=8, source="test")
    rows = [line for line in (ROOT / "docs" / "dataset.md").read_text().splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == {path.name for path in store.path.iterdir() if path.is_dir()}


def test_the_table_of_a_demonstration_is_complete(tmp_path: Path) -> None:
    keypoints = np.full((2, 2, 21, 2), np.nan, np.float32)
    clip, region, present = np.zeros((2, 16, 16, 3), np.uint8), np.zeros((16, 16), bool), np.zeros((2, 2), bool)
    path = Demonstration(clip, region, keypoints, present, fps=8).save(tmp_path / "demo.zarr")
    arrays = {f"{group}/{array.name}" for group in ("data", "meta") for array in (path / group).iterdir()}
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if re.match(r"\| `(data|meta)/", line)]
    assert {name for row in rows for name in re.findall(r"`([\w/]+)`", row.split("|")[1])} == {
        name for name in arrays if "/." not in name
    }


def test_the_page_of_the_kitchen_names_every_task() -> None:
    page = (ROOT / "docs" / "environment.md").read_text()
    for task in TASKS.values():
        assert task.sentence in page, task.sentence


def test_the_five_lines_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert Demonstration.load(tmp_path / "cut_carrot.zarr").clip.shape == (16, 256, 256, 3)
