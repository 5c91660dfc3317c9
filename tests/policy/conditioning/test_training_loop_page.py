"""The page of the training loop: its script runs, and is as short as it says."""

import re
from pathlib import Path

import pytest

from ivg.policy.conditioning import VideoDemoWrapper
from ivg.policy.conditioning.tracking_reward import PROGRESS_KEY
from ivg.policy.conditioning.video_demo import EMBEDDING_KEY
from ivg.policy.datasets import DEMONSTRATION_KEYS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "training_loop.md").read_text()


def test_ten_steps_in_under_thirty_lines(tmp_path, monkeypatch):
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    assert len(code.splitlines()) < 30
    monkeypatch.chdir(tmp_path)
    made = {}
    exec(compile(code, "docs/training_loop.md", "exec"), made)
    assert made["model"].num_timesteps == 10
    env = made["env"].env
    assert isinstance(env, VideoDemoWrapper)
    assert (env.cache.hits, env.cache.misses) == (0, 1)
    files = list((tmp_path / "out" / "demonstrations").rglob("*.npz"))
    assert len(files) == 1
    env.reset(seed=env._info["demo_seed"])
    assert (env.cache.hits, env.cache.misses) == (1, 1)
    made["env"].close()


def test_the_table_names_every_key():
    rows = {re.match(r"\| `(demo_\w+)`", line).group(1) for line in PAGE.splitlines() if line.startswith("| `demo_")}
    assert rows == {*DEMONSTRATION_KEYS, *DEMONSTRATION_KEYS, EMBEDDING_KEY, PROGRESS_KEY}


@pytest.mark.parametrize("name", re.findall(r"from ivg\.policy\.conditioning import (?!\()(.+)", PAGE))
def test_what_the_page_imports_is_there(name):
    import ivg.policy.conditioning as conditioning

    assert all(hasattr(conditioning, part.strip()) for part in name.split(","))
