"""The house's own laws: who may import whom, what importing costs, what a wheel holds, what has to be installed."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"ivg": "ivg", "policy": "ivg/policy", "envs": "ivg/envs", "configs": "ivg/configs"}
HEAVY = ("torch", "diffusers", "transformers", "mediapipe", "robosuite", "mujoco", "zarr", "cv2", "scipy")


@pytest.fixture(scope="module")
def settings() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders laid out as one package."""
    tree = tmp_path_factory.mktemp("tree")
    subprocess.run([sys.executable, ROOT / "scripts" / "package_tree.py", tree], check=True)
    return tree


def test_import_directions(tree: Path) -> None:
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [command, "--config", ROOT / "pyproject.toml", "--no-cache", "--no-logo"],
        cwd=tree,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_laws_name_every_part_of_the_core(settings: dict) -> None:
    names = {p.stem for p in (ROOT / "ivg").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    parts = {f"ivg.{name}" for name in names - {"__init__"}}
    core = parts - {"ivg.app", "ivg.cli", "ivg.evaluation", "ivg.workflows"}  # which compose the core, policy and envs
    laws = {law["id"]: law for law in settings["tool"]["importlinter"]["contracts"]}
    layers = {name.strip("() ") for layer in laws["layers"]["layers"] for name in re.split("[|:]", layer)}
    assert parts <= layers
    assert parts <= set(laws["envs"]["forbidden_modules"])
    assert core | {"ivg.policy"} == set(laws["core"]["source_modules"])
    assert parts - {"ivg.cli"} <= set(laws["argparse"]["source_modules"])


@pytest.mark.parametrize("package", ["ivg", "ivg.envs", "ivg.policy", "ivg.cli"])
def test_importing_is_quick_and_loads_nothing_heavy(package: str) -> None:
    code = (
        "import sys, time; began = time.process_time(); "
        f"import {package}; "
        f"print(time.process_time() - began, *[m for m in {HEAVY} if m in sys.modules])"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert not runs[0][1:], f"import {package} loads {runs[0][1:]}"
    assert min(float(run[0]) for run in runs) < 1.0


@pytest.mark.parametrize("command", ["demo", "dataset", "train", "eval", "policy", "view", "app"])
def test_help_shows_examples(command: str) -> None:
    executable = Path(sys.executable).with_name(f"ivg-{command}")
    result = subprocess.run([executable, "--help"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert f"ivg-{command} " in result.stdout
    assert "example" in result.stdout.lower()


def test_the_wheel_holds_the_one_package_and_its_data(tmp_path: Path) -> None:
    source = tmp_path / "source"
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        source.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, source / folder, ignore=unwanted)
    code = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"
    built = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=source, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in names} == {"ivg"}
    data = (
        "*.py",
        "*.pyi",
        "py.typed",
        "*.yaml",
        "*.safetensors",
        "*.json",
        "*.md",
        "*.xml",
        "*.png",
        "*.html",
        "*.css",
        "*.js",
    )
    for folder, place in FOLDERS.items():
        files = {p for pattern in data for p in (source / folder).rglob(pattern)}
        files -= {p for p in files if p.suffix == ".py" and not (p.parent / "__init__.py").exists()}
        expected = {f"{place}/{p.relative_to(source / folder).as_posix()}" for p in files}
        lacking = sorted(expected - names)
        assert not lacking, f"the wheel lacks {lacking}"


def test_what_is_imported_is_declared(settings: dict) -> None:
    project = settings["project"]
    extras = [line for name, lines in project["optional-dependencies"].items() if name != "dev" for line in lines]
    declared = {_normal(re.split(r"[<>=!\[; ]", line)[0]) for line in project["dependencies"] + extras}
    declared.add("metaworld")  # its pin of mujoco clashes with ours: envs/adapters/register.py says how to install it
    distributions = packages_distributions()
    undeclared = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            for module in _imported(path) - set(sys.stdlib_module_names) - {"ivg"}:
                owners = {_normal(name) for name in distributions.get(module, [module])}
                if not owners & declared:
                    undeclared[module] = path.relative_to(ROOT).as_posix()
    assert not undeclared


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _imported(path: Path) -> set[str]:
    """Top-level names of what a file imports absolutely, inside functions too."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            modules.add(node.module.split(".")[0])
    return modules
