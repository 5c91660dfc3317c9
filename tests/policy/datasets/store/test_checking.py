"""Every array of every episode has a checksum, and what is broken is named."""

import json
from pathlib import Path

import numpy as np
import pytest
import zarr

from ivg.cli.dataset import main
from ivg.policy.datasets import DemonstrationStore, append_demonstrations, check_dataset, write_demonstrations
from ivg.policy.datasets.demonstrations import DEMONSTRATIONS
from ivg.policy.datasets.store.layout import CHECKSUM, checksum_names


@pytest.fixture
def path(tmp_path, make):
    written = write_demonstrations(tmp_path / "d.zarr", [make(i) for i in range(3)])
    return append_demonstrations(written, [make(3)])


def damages(path):
    found = check_dataset(path)
    return [[str(damage) for damage in found.damages if damage.episode == k] for k in range(found.episodes)]


def test_what_was_written_is_whole(path):
    assert damages(path) == [[], [], [], []]


def test_a_changed_value_is_named(path):
    group = zarr.open_group(str(path), mode="r+", zarr_format=2)
    group["data/keypoints"][20, 0, 3] = 0.25  # frame 20 is the second episode's
    group["meta/fps"][2] = 9.0
    assert damages(path) == [
        [],
        ["episode 1, data/keypoints: is not what was written"],
        ["episode 2, meta/fps: is not what was written"],
        [],
    ]


def test_a_lost_chunk_and_one_that_does_not_unpack_are_named(path):
    (path / "data/score/0.0").unlink()
    chunk = path / "data/region/0.0.0.0"
    chunk.write_bytes(chunk.read_bytes()[:40])
    found = damages(path)
    assert all("data/region: cannot be read" in episode[0] for episode in found)
    assert len(found) == 4
    chunk.unlink()
    assert all("data/region: is not what" in line[0] and "data/score: is not what" in line[1] for line in damages(path))


@pytest.mark.parametrize("name", checksum_names(DEMONSTRATIONS))
def test_every_array_counts(path, name):
    array = zarr.open_group(str(path), mode="r+", zarr_format=2)[name]
    values = array[:]
    values.reshape(-1).view(np.uint8)[0] ^= 1
    array[:] = values
    found = damages(path)
    assert found[1:] == [[], [], []]
    assert [name in line for line in found[0]] == [True]


def test_the_same_episode_has_the_same_checksums_in_any_dataset(path, tmp_path, make):
    other = write_demonstrations(tmp_path / "other.zarr.zip", [make(3)])
    with DemonstrationStore(path) as first, DemonstrationStore(other) as second:
        assert (first.per_episode(CHECKSUM)[3] == second.per_episode(CHECKSUM)[0]).all()


def test_the_command_names_what_is_broken(path, tmp_path, capsys):
    assert main(["check", str(path)]) == 0
    assert "4 demonstrations, all as they were written" in capsys.readouterr().out
    zarr.open_group(str(path), mode="r+", zarr_format=2)["data/present"][0] = 0.5
    figures = tmp_path / "check.json"
    assert main(["check", str(path), "--json", str(figures)]) == 2
    assert "1 of 4 demonstrations are broken\n  episode 0, data/present" in capsys.readouterr().err
    assert json.loads(figures.read_text())["broken"] == 1


@pytest.mark.parametrize("kind", ["nothing", "a text", "half"])
def test_what_cannot_be_opened_is_an_error(path, tmp_path, kind, capsys):
    target = {"nothing": tmp_path / "no.zarr", "a text": tmp_path / "text.zarr", "half": path}[kind]
    if kind == "a text":
        Path(target).write_text("text")
    if kind == "half":
        ends = zarr.open_group(str(path), mode="r+", zarr_format=2)["meta/episode_ends"]
        ends.resize((3,))
    assert main(["check", str(target)]) == 2
    assert "d.zarr' is incomplete" in capsys.readouterr().err or kind != "half"


def test_info_tells_what_demonstrations_there_are(path, tmp_path, capsys):
    figures = tmp_path / "info.json"
    assert main(["info", str(path), "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert "4 demonstrations, 64 frames of 28 x 20 px, 8 fps" in printed
    assert "schneide die Möhre" in printed
    assert json.loads(figures.read_text())["prompts"] == {"schneide die Möhre": 4}
