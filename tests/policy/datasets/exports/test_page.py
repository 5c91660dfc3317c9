"""What `docs/exports.md` names is there."""

import json
import re
from pathlib import Path

import h5py
import pytest
from omegaconf import OmegaConf

from ivg.policy.datasets.exports.feature_map import Feature, feature_map_of
from ivg.policy.datasets.exports.lerobot.writer import export_lerobot
from ivg.policy.datasets.exports.minari import export_minari
from ivg.policy.datasets.exports.robomimic import export_robomimic

PAGE = (Path(__file__).parents[4] / "docs" / "exports.md").read_text()
TABLE = PAGE.split("| ours |")[1].split("\n\n")[0].splitlines()[2:]


def named(column):
    """Names in a column of the table of formats."""
    return {name for row in TABLE for name in re.findall(r"`([\w./]+)`", row.split("|")[column])}


def names_of(group):
    found = set()
    group.visit(found.add)
    return {*found, *(name.split("/")[-1] for name in found)}


def test_lerobots_features_are_those_of_the_table(tmp_path, episodes):
    path = export_lerobot(tmp_path / "lerobot", episodes)
    features = set(json.loads((path / "meta" / "info.json").read_text())["features"])
    names = {name for name in named(2) if not name.startswith("meta/")}
    assert names == features - {"timestamp", "frame_index", "episode_index", "index", "task_index"}
    assert (path / "meta" / "ivg" / "episodes.parquet").exists()


@pytest.mark.parametrize("column", [3, 4])
def test_hdf5_holds_what_the_table_names(tmp_path, episodes, column):
    if column == 3:
        file, group = export_robomimic(tmp_path / "r.hdf5", episodes), "data/demo_0"
    else:
        file = export_minari(tmp_path, episodes, "ivg/kitchen/made-up-v0") / "data" / "main_data.hdf5"
        group = "episode_0"
    with h5py.File(file) as opened:
        there = names_of(opened[group])
    assert {name.rstrip("/") for name in named(column)} <= there
    assert named(column)


def test_the_pages_mapping_is_one():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    feature_map = feature_map_of(OmegaConf.to_container(OmegaConf.create(text)))
    names = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
    feature_map.check({"observation.state": Feature(7), "action": Feature(7, names)})
    assert feature_map.joints is None
