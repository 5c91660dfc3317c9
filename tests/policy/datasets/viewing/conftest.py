"""Datasets to look at, made up for the tests, and a browser to look with."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ivg.policy.datasets import Demonstration, write_demonstrations, write_episodes
from ivg.policy.datasets.viewing.dataset import ViewedDataset
from ivg.policy.datasets.viewing.page import write_page

from ..made_up import made_up_episode

HOSTILE = '</script><script>document.title = "broken"</script><img src=x onerror=alert(1)> & "quotes" \u2028'
"""A text that must stay text."""

SETTINGS = {"env": "kitchen", "samples": 4}
REFUSED = [
    {"index": 2, "task": "push_plate", "seed": 102, "reason": "no_hand", "detail": "no hand in 13 of 16 frames"},
    {"index": 4, "task": "open_drawer", "seed": 104, "reason": "not_done", "detail": "drag, 40 steps"},
    {"index": 5, "task": "push_plate", "seed": 105, "reason": "not_done", "detail": HOSTILE},
]
TASKS = {
    "open_drawer": {"attempts": 3, "kept": 2, "acceptance": 2 / 3, "interval": [0.2, 0.9], "reasons": {"not_done": 1}},
    "push_plate": {"attempts": 3, "kept": 1, "acceptance": 1 / 3, "interval": [0.1, 0.8], "reasons": {"not_done": 1}},
    "total": {"attempts": 6, "kept": 3, "acceptance": 0.5, "interval": [0.2, 0.8], "reasons": {"not_done": 2}},
}


def grey(values, size=20):
    """Images of one grey each: uint8 (n, size, size, 3)."""
    return np.broadcast_to(np.asarray(values, np.uint8)[:, None, None, None], (len(values), size, size, 3)).copy()


def make_robot_episode(seed=0, steps=30, frames=16, **changes):
    """The clip's frame k has the grey 10 k, the robot's image k has 250 - 5 k; the right hand is there from 3 on."""
    rng = np.random.default_rng(seed)
    present = np.zeros((frames, 2), np.float32)
    present[3:, 1] = 1
    proprio = rng.random((steps, 16)).astype(np.float32)
    proprio[:, 3:7] /= np.linalg.norm(proprio[:, 3:7], axis=1, keepdims=True)
    values = {
        "image": grey(250 - 5 * np.arange(steps)),
        "proprio": proprio,
        "phase": np.linspace(0.2, 1, steps, dtype=np.float32),
        "demo_keypoints": rng.uniform(0.2, 0.8, (frames, 2, 21, 2)).astype(np.float32) * present[..., None, None],
        "demo_present": present,
        "demo_clip": grey(10 * np.arange(frames)),
        "text": f"{changes.get('task', 'open_drawer')} mit Schwung, Möhre {seed}",
        "provenance": {"source": "made up", "demonstration": {"weights": {"name": "nano", "sha256": "abc" * 20}}},
    }
    return made_up_episode(seed, steps, frames=frames, **{**values, **changes})


def make_shown(seed=0, frames=6, size=(24, 32), task="cut_carrot"):
    """A demonstration whose region is a rectangle with a hole that moves to the right."""
    masks = np.zeros((frames, *size), bool)
    for frame in range(1, frames):
        masks[frame, 4:20, frame : frame + 16] = True
        masks[frame, 9:15, frame + 5 : frame + 11] = False
    keypoints = np.random.default_rng(seed).uniform(0.1, 0.9, (frames, 2, 21, 2)).astype(np.float32)
    present = np.ones((frames, 2), bool)
    present[0], keypoints[0] = False, np.nan
    clip = np.broadcast_to((40 * np.arange(frames))[:, None, None, None], (frames, *size, 3)).astype(np.uint8)
    provenance = {"text": f"{task} please", "seed": seed, "context": {"task": task, "scene_seed": seed + 50}}
    return Demonstration(clip, masks.any(0), keypoints, present, 8.0, provenance, masks)


@pytest.fixture(scope="session")
def hostile():
    return HOSTILE


@pytest.fixture(scope="session")
def made():
    """Three robot episodes of two tasks, one with a hostile text."""
    hostile = {"text": HOSTILE, "provenance": {"source": HOSTILE, "numbers": [1, 2.5, None, float("nan")]}}
    return [
        make_robot_episode(100),
        make_robot_episode(101, 12, task="push_plate", success=False),
        make_robot_episode(103, 47, **hostile),
    ]


@pytest.fixture(scope="session")
def episodes(made, tmp_path_factory):
    return write_episodes(tmp_path_factory.mktemp("episodes") / "robot.zarr", made)


@pytest.fixture(scope="session")
def demonstrations(tmp_path_factory):
    path = tmp_path_factory.mktemp("demonstrations") / "demos.zarr"
    return write_demonstrations(path, [make_shown(1), make_shown(2, task="stir_pot")])


@pytest.fixture(scope="session")
def attempts():
    meanings = {"not_done": "the task is not done"}
    return {"attempts": TASKS, "refused": REFUSED, "meanings": meanings, "settings": SETTINGS}


@pytest.fixture(scope="session")
def page(episodes, attempts):
    """The page of the robot episodes."""
    with ViewedDataset(episodes) as dataset:
        return write_page(episodes.with_name("robot.html"), dataset, dataset.choose(), attempts=attempts)


@pytest.fixture(scope="session")
def demo_page(demonstrations):
    """The page of the demonstrations."""
    with ViewedDataset(demonstrations) as dataset:
        return write_page(demonstrations.with_name("demos.html"), dataset, dataset.choose())


class Parts(HTMLParser):
    """A page taken apart.

    Attributes:
        blocks: Blocks of JSON by their id.
        scripts, styles: What is carried out.
        tags: Names and attributes of all elements.
        text: Of the file.
    """

    def __init__(self, path):
        super().__init__()
        self.blocks, self.scripts, self.styles, self.tags, self._open = {}, [], [], [], None
        self.text = Path(path).read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = (tag, dict(attrs)) if tag in ("script", "style") else None

    def handle_data(self, data):
        if not self._open:
            return
        tag, attributes = self._open
        if tag == "style":
            self.styles.append(data)
        elif attributes.get("type") == "application/json":
            self.blocks[attributes["id"]] = json.loads(data)
        else:
            self.scripts.append(data)

    def handle_endtag(self, tag):
        self._open = None


@pytest.fixture
def parts():
    return Parts


@pytest.fixture(scope="module")
def open_browser():
    """Opens pages of one Chromium, `open_browser(width=..., dark=...)`."""
    pytest.importorskip("playwright")
    from . import browser as module

    path = module.find_chromium()
    if path is None:
        pytest.skip("no Chromium: install one (apt-get install chromium), or give its path in IVG_CHROMIUM")
    opened = {}
    with module.chromium(path) as started:

        def get(width=1400, height=1000, dark=False):
            browser = opened.setdefault((width, height, dark), None) or module.Browser(started, width, height, dark)
            opened[width, height, dark] = browser
            browser.complaints.clear()
            browser.requests.clear()
            return browser

        yield get
