"""The page: it holds the dataset's numbers, needs nothing else, and texts in it stay texts."""

import base64
import hashlib
import io
import json
import re
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from ivg.errors import InputError
from ivg.policy.datasets import DemonstrationStore, write_episodes
from ivg.policy.datasets.viewing.dataset import ViewedDataset
from ivg.policy.datasets.viewing.page import SCRIPTS, TEMPLATE, PageSettings, write_page
from ivg.policy.datasets.viewing.records import outlines, sprite

ROOT = Path(__file__).parents[4]


def unpack(packed):
    """The frames of a sprite, uint8 (n, h, w, 3)."""
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(packed["data"]))).convert("RGB"))
    corners = [divmod(k, packed["columns"]) for k in range(packed["count"])]
    places = [(row * packed["cell_height"], column * packed["cell_width"]) for row, column in corners]
    return np.stack([picture[y : y + packed["height"], x : x + packed["width"]] for y, x in places])


def far(packed, true):
    """The mean difference of the frame that suffered most."""
    return np.abs(packed.astype(int) - true).mean(axis=(1, 2, 3)).max()


def test_the_page_needs_nothing_but_itself(page, demo_page, parts):
    for made in (parts(page), parts(demo_page)):
        for tag, attributes in made.tags:
            assert "src" not in attributes
            assert tag not in ("link", "iframe", "object", "embed", "base")
            assert attributes.get("href", "#").startswith("#")
        assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest|\bimport\b", made.text)


def test_only_the_pages_own_script_and_style_may_act(page, parts):
    made = parts(page)
    (policy,) = [a["content"] for tag, a in made.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    for (text,) in (made.scripts, made.styles):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_numbers_are_the_datasets(page, made, parts):
    blocks = parts(page).blocks
    for place, episode in enumerate(made):
        record = blocks[f"episode-{place}"]
        robot = record["robot"]
        for name, true in {
            "pose": episode.proprio[:, :8],
            "path": episode.demo_path,
            "plan": episode.demo_plan,
            "phase": episode.phase,
            "plan_phase": episode.plan_phase,
        }.items():
            np.testing.assert_allclose(robot[name], true, atol=0.51e-4, err_msg=name)
        assert (robot["steps"], robot["fps"]) == (len(episode), episode.fps)
        assert (record["clip"]["count"], record["clip"]["fps"]) == (16, episode.demo_fps)
        for frame, hands in enumerate(record["tracks"]):
            assert hands[0] is None
            assert (hands[1] is None) == (episode.demo_present[frame, 1] == 0)
            if hands[1]:
                np.testing.assert_allclose(hands[1], episode.demo_keypoints[frame, 1].ravel(), atol=0.51e-4)
        row = blocks["dataset"]["shown"][place]
        wanted = {"index": place, "task": episode.task, "text": episode.text, "seed": episode.seed}
        assert row == wanted | {"success": episode.success, "steps": len(episode)}
        np.testing.assert_equal(json.loads(record["provenance"]), episode.provenance)


def test_the_summary_counts_the_whole_dataset(page, made, attempts, parts):
    head = parts(page).blocks["dataset"]
    assert (head["episodes"], head["tried"], head["succeeded"]) == (3, 3, 2)
    assert head["steps"] == sum(len(episode) for episode in made)
    assert (head["kind"], head["name"], head["width"]) == ("robot episodes", "robot.zarr", 20)
    assert head["tasks"] == {"open_drawer": 2, "push_plate": 1}
    assert head["attempts"] == attempts["attempts"]
    assert head["refused"] == attempts["refused"]
    assert head["settings"] == attempts["settings"]


def test_pictures_are_the_datasets(page, made, parts):
    blocks = parts(page).blocks
    for place, episode in enumerate(made):
        clip = unpack(blocks[f"episode-{place}"]["clip"])
        assert far(clip, episode.demo_clip) < 2
        robot = blocks[f"episode-{place}"]["robot"]
        shown = robot["shown"]
        assert (shown[0], shown[-1], len(shown)) == (0, len(episode) - 1, min(24, len(episode)))
        assert far(unpack(robot["images"]), episode.image[shown]) < 2


def test_larger_pictures_are_shrunk_and_keep_their_proportions():
    frames = np.zeros((5, 60, 90, 3), np.uint8)
    frames[:, :, 45:] = 200
    packed = sprite(frames, size=30, quality=90)
    assert (packed["height"], packed["width"], packed["count"]) == (20, 30, 5)
    assert packed["cell_height"] % 16 == packed["cell_width"] % 16 == 0
    shown = unpack(packed)
    assert shown[:, :, :12].max() < 30
    assert shown[:, :, 18:].min() > 170


@pytest.mark.parametrize("hole", [False, True])
def test_outlines_filled_give_the_region_back(hole):
    y, x = np.mgrid[:64, :80]
    mask = np.hypot(y - 30, x - 40) < 22
    mask &= ~(hole & (np.hypot(y - 30, x - 40) < 9))
    polygons = [np.reshape(edge, (-1, 2)) * (80, 64) - 0.5 for edge in outlines(mask)]
    assert len(polygons) == 1 + hole
    filled = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(filled, [np.round(polygon).astype(np.int32) for polygon in polygons], 1)
    assert (filled.astype(bool) & mask).sum() / (filled.astype(bool) | mask).sum() > 0.95


def test_no_region_has_no_outline():
    assert outlines(np.zeros((8, 8), bool)) == []


def test_demonstrations_have_regions_and_no_robot(demo_page, demonstrations, parts):
    blocks = parts(demo_page).blocks
    assert blocks["dataset"]["tasks"] == {"cut_carrot": 1, "stir_pot": 1}
    assert [row["seed"] for row in blocks["dataset"]["shown"]] == [51, 52]
    assert {row["success"] for row in blocks["dataset"]["shown"]} == {None}
    record = blocks["episode-0"]
    assert record["robot"] is None
    with DemonstrationStore(demonstrations) as store:
        assert [len(edges) for edges in record["region"]] == [2 * mask.any() for mask in store[0].region_per_frame]
        tracks = np.array([np.full((2, 42), np.nan) if hands[0] is None else hands for hands in record["tracks"]])
        np.testing.assert_allclose(tracks.reshape(-1, 2, 21, 2), store[0].keypoints, atol=0.51e-4)


def test_hostile_texts_end_no_block(page, parts):
    made = parts(page)
    executable = [a for tag, a in made.tags if tag == "script" and a.get("type") != "application/json"]
    assert len(executable) == 1
    assert not [tag for tag, _ in made.tags if tag == "img"]
    assert "onerror" in made.blocks["dataset"]["shown"][2]["text"]


def test_a_hostile_name_stays_a_name(made, tmp_path, parts):
    path = write_episodes(tmp_path / "{{style}}<b>&.zarr", made[:1])
    with ViewedDataset(path) as dataset:
        shown = parts(write_page(tmp_path / "page.html", dataset, [0]))
    assert "<title>{{style}}&lt;b&gt;&amp;.zarr</title>" in shown.text
    assert shown.blocks["dataset"]["name"] == path.name


def test_a_zipped_dataset_gives_the_same_episodes(page, made, tmp_path, parts):
    with ViewedDataset(write_episodes(tmp_path / "robot.zarr.zip", made)) as dataset:
        zipped = parts(write_page(tmp_path / "zipped.html", dataset, dataset.choose()))
    plain = parts(page)
    for place in range(3):
        assert zipped.blocks[f"episode-{place}"] == plain.blocks[f"episode-{place}"]


def test_less_is_smaller(page, episodes, tmp_path, parts):
    with ViewedDataset(episodes) as dataset:
        small = write_page(tmp_path / "small.html", dataset, [2], settings=PageSettings(images=5))
    blocks = parts(small).blocks
    assert blocks.keys() == {"dataset", "episode-2"}
    assert len(blocks["episode-2"]["robot"]["shown"]) == 5
    assert blocks["dataset"]["episodes"] == 3
    assert small.stat().st_size < page.stat().st_size


@pytest.mark.parametrize("values", [{"images": 0}, {"size": -1}, {"quality": 101}, {"quality": 0}])
def test_impossible_settings_are_refused(values):
    with pytest.raises(InputError, match=f"{next(iter(values))} .*{next(iter(values.values()))}"):
        PageSettings(**values)


def test_a_page_is_there_whole_or_not_at_all(episodes, tmp_path):
    target = tmp_path / "page.html"
    with ViewedDataset(episodes) as dataset:
        with pytest.raises(InputError, match="no episode to show"):
            write_page(target, dataset, [])
        with pytest.raises(ValueError, match="there is no episode 7"):
            write_page(target, dataset, [0, 7])
        assert not list(tmp_path.iterdir())
        write_page(target, dataset, [0])
        before = target.read_bytes()
        with pytest.raises(InputError, match="exists already"):
            write_page(target, dataset, [1])
        assert target.read_bytes() == before
        write_page(target, dataset, [1], overwrite=True)
        assert target.read_bytes() != before


def test_a_wheel_carries_the_template():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["ivg.policy"]
    carried = {file for pattern in settings for file in (ROOT / "policy").glob(pattern)}
    assert {ROOT / "policy/datasets/viewing/template" / file.name for file in TEMPLATE.iterdir()} <= carried
    assert {"page.html", "page.css", *SCRIPTS} == {file.name for file in TEMPLATE.iterdir()}
