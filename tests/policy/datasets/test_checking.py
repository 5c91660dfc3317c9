"""Every array of every episode has a checksum, and what is broken is named."""

import numpy as np
import pytest
import zarr

from ivg.errors import StoreError
from ivg.policy.datasets import (
    DemonstrationStore,
    append_demonstrations,
    append_episodes,
    check_dataset,
    write_demonstrations,
    write_episodes,
)
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


def test_the_report_names_what_is_broken(path):
    seen = []
    result = check_dataset(path, progress=lambda done, total: seen.append((done, total)))
    assert (result.findings, result.broken, seen) == ([], 0, [(1, 4), (2, 4), (3, 4), (4, 4)])
    assert "4 demonstrations, all as they were written" in result.report
    zarr.open_group(str(path), mode="r+", zarr_format=2)["data/present"][0] = 0.5
    result = check_dataset(path)
    assert "1 of 4 demonstrations are broken\n  episode 0, data/present" in result.report
    assert (result.as_json["broken"], len(result.as_json["damages"])) == (1, 1)


@pytest.mark.parametrize("kind", ["nothing", "a text", "half"])
def test_what_cannot_be_opened_is_an_error(path, tmp_path, kind):
    target = {"nothing": tmp_path / "no.zarr", "a text": tmp_path / "text.zarr", "half": path}[kind]
    if kind == "a text":
        target.write_text("text")
    if kind == "half":
        zarr.open_group(str(path), mode="r+", zarr_format=2)["meta/episode_ends"].resize((3,))
    with pytest.raises(StoreError, match=r"d\.zarr' is incomplete" if kind == "half" else target.name):
        check_dataset(target)


def test_attempts_that_do_not_fit_the_episodes_are_reported(tmp_path, make_episode):
    kept = {"index": 0, "task": "open_drawer", "seed": 1, "outcome": "kept"}
    path = write_episodes(tmp_path / "d.zarr", [make_episode(1)], attributes={"generation": {"attempts": [kept]}})
    assert check_dataset(path).findings == []
    append_episodes(path, [make_episode(2)])
    assert check_dataset(path).findings == ["its attempts list 1 kept episodes, which are not its 2"]
