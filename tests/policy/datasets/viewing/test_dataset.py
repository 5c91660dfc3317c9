"""Opening datasets of either kind, and choosing what of them is shown."""

import numpy as np
import pytest

from ivg.errors import InputError, StoreError
from ivg.policy.datasets import view_dataset, write_demonstrations
from ivg.policy.datasets.viewing.dataset import ViewedDataset, named_in
from ivg.policy.datasets.viewing.records import facts


def test_robot_episodes_are_told_from_demonstrations(episodes, demonstrations):
    with ViewedDataset(episodes) as robot, ViewedDataset(demonstrations) as shown:
        assert (robot.kind, len(robot), shown.kind, len(shown)) == ("robot episodes", 3, "demonstrations", 2)
        assert robot[0].robot is not None
        assert robot[0].region is None
        assert shown[0].robot is None
        assert shown[0].region is not None
        assert np.isnan(robot[0].keypoints[0]).all()
        assert (robot.contents()["tried"], robot.contents()["succeeded"]) == (3, 2)
        assert shown.tasks == ["cut_carrot", "stir_pot"]


def test_of_every_task_the_first_ones_are_chosen(episodes, monkeypatch):
    with ViewedDataset(episodes) as dataset:
        monkeypatch.setitem(dataset.__dict__, "tasks", ["a", "a", "a", "b", "a", "b", "c"])
        assert dataset.choose(4) == [0, 1, 3, 6]
        assert dataset.choose(3) == [0, 3, 6]
        assert dataset.choose(None, ["b", "c"]) == [3, 5, 6]
        assert dataset.choose(2, ["a"]) == [0, 1]
        assert dataset.choose() == list(range(7))


def test_an_unknown_task_is_refused(episodes):
    with (
        ViewedDataset(episodes) as dataset,
        pytest.raises(InputError, match="'open_drawr': did you mean 'open_drawer'"),
    ):
        dataset.choose(None, ["open_drawr"])


def test_what_is_no_dataset_is_refused(tmp_path):
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(StoreError, match="neither robot episodes nor demonstrations"):
        ViewedDataset(tmp_path / "empty.zarr")
    with pytest.raises(StoreError, match=r"no dataset at .*missing\.zarr"):
        ViewedDataset(tmp_path / "missing.zarr")


def test_a_demonstration_without_a_name_has_none(make, tmp_path):
    with ViewedDataset(write_demonstrations(tmp_path / "d.zarr", [make(3)])) as dataset:
        episode = dataset[0]
    assert (episode.task, episode.text, episode.seed, episode.success) == ("", "schneide die Möhre", 3, None)


def test_odd_provenances_do_no_harm():
    assert named_in({"context": "none", "execution": 3, "seed": "x"}) == {
        "task": "",
        "text": "",
        "seed": None,
        "success": None,
    }
    assert named_in({"execution": {"success": False}})["success"] is False


def test_facts_name_who_made_it(episodes, demonstrations):
    with ViewedDataset(episodes) as dataset:
        told = dict(facts(dataset[0]))
    assert told["weights"] == "nano abcabcabcabc"
    assert told["robot"] == "30 steps, 20 a second, 1.5 s"
    assert (told["source"], told["seed"]) == ("made up", "100")
    with ViewedDataset(demonstrations) as dataset:
        told = dict(facts(dataset[1]))
    assert told["clip"] == "6 frames, 8 a second, 32 x 24 px"
    assert (told["seed"], told["clip's seed"]) == ("52", "2")


def test_view_dataset_writes_a_page_and_returns_what_it_shows(episodes, tmp_path):
    result = view_dataset(episodes, out=tmp_path / "page.html", episodes=1, tasks=["open_drawer"])
    assert (result.kind, result.episodes, result.available, result.shown) == ("robot episodes", 3, 2, 1)
    assert result.page == tmp_path / "page.html"
    assert result.as_json["megabytes"] == result.page.stat().st_size / 1e6
    assert "1 of 3 robot episodes" in result.report
    for wrong in ({"episodes": 0}, {"images": 0}, {"quality": 101}, {"save": "a.rrd"}, {"out": "page.txt"}):
        with pytest.raises(InputError):
            view_dataset(episodes, **wrong)
