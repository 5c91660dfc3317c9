"""The figures of the source tree (`make figures`) against a checkout whose figures are known."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "house.py"


@pytest.fixture
def house():
    spec = importlib.util.spec_from_file_location("house", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_figures_of_a_small_checkout(house, tmp_path):
    files = {
        "ivg/__init__.py": "",
        "ivg/cli/__init__.py": "",
        "ivg/cli/demo.py": "from ..io import a\n\n\ndef main():\n    return a\n",
        "ivg/io/__init__.py": "from . import a\n",
        "ivg/io/a.py": "from .b import x\n",
        "ivg/io/b.py": "def x():\n    from .a import y\n    return y\n",
        "policy/plan.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from ivg.envs import scene\n",
        "envs/scene.py": "import ivg.policy.plan\n",
        "tests/test_a.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = house.figures(tmp_path, tests=False)
    assert found["source lines"] == "15"
    assert found["lines in `ivg/cli`"] == "5 in 2 files"
    assert found["largest folder"] == "2 files (`ivg/io`)"
    assert found["longest function, lines"] == "3 (`ivg.io.b.x`)"
    assert found["import circles between modules"] == "1"
    assert found["import circles between folders"] == "1"


def test_a_circle_is_found_once(house):
    assert house.circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]
    assert house.circles({"a": {"b"}, "b": set()}) == []
