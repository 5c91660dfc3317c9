"""What the pages say is true: links lead somewhere, commands are understood, tables name what there is, Python runs."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from ivg.data.clip_store import ClipStore
from ivg.envs.kitchen.tasks import TASKS
from ivg.policy import Demonstration

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "configs/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
PROGRAMS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


class Parsed(BaseException):
    """Raised once a command line has been parsed, in place of running the command."""


def commands() -> list[str]:
    """Lines of code blocks that call one of our commands."""
    lines = [line.strip() for page in PAGES for line in page.read_text().splitlines() if line.startswith("    ")]
    lines = [line.removeprefix(".venv/bin/") for line in lines]
    return [line for line in lines if line.split()[:1] and line.split()[0] in PROGRAMS]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("command", commands())
def test_commands_are_understood(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *arguments = shlex.split(command, comments=True)
    module, function = PROGRAMS[program].split(":")
    parse = argparse.ArgumentParser.parse_args

    def parse_only(parser: argparse.ArgumentParser, *given: Any) -> NoReturn:
        parse(parser, *given)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_only)
    hydra = program == "ivg-train" and "=" in arguments[0]
    monkeypatch.setattr(sys, "argv", [program, *arguments, *(["--cfg", "job"] if hydra else [])])
    code = None
    try:
        code = getattr(import_module(module), function)()
    except Parsed:
        pass
    except SystemExit as end:
        code = end.code
    assert not code


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for target in re.findall(r"(?:^    |`)make ([a-z]+)", page.read_text(), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: make {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_pages_name_exist(page: Path) -> None:
    folders = "ivg|policy|envs|configs|tests|docs|benchmarks|plugins|scripts"
    named = re.findall(rf"`((?:{folders})/[\w./]+)`", page.read_text())
    assert not [name for name in named if not (ROOT / name).exists()]


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


def python_of(page: Path) -> list[str]:
    """The Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def test_the_five_lines_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = python_of(ROOT / "README.md")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert Demonstration.load(tmp_path / "cut_carrot.zarr").clip.shape == (16, 256, 256, 3)


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_the_page_in_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "python_page"}
    for code in python_of(ROOT / "docs" / "python.md"):
        assert len(code.splitlines()) < 15
        exec(compile(code, "docs/python.md", "exec"), names)
