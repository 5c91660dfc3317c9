"""`export_dataset` and `import_dataset`: there and back, their results and refusals."""

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.policy.datasets import EpisodeStore, export_dataset, import_dataset


@pytest.mark.parametrize(("name", "options"), [("lerobot", {"images": "png"}), ("robomimic", {"valid": None})])
def test_there_and_back(dataset, tmp_path, same, name, options):
    seen = []
    out, back = tmp_path / "out", tmp_path / "back.zarr"
    result = export_dataset(
        dataset, name, out, tasks=["open_drawer"], progress=lambda *counts: seen.append(counts), **options
    )
    assert (result.path, result.episodes, result.steps, seen) == (out, 2, 20, [(1, 2), (2, 2)])
    assert result.as_json["tasks"] == {"open_drawer": 2}
    for append in (False, True):
        read = import_dataset(out, name, back, append=append)
        assert (read.episodes, read.succeeded, read.demonstrations) == (2, 2, 2)
        assert "2 episodes, 20 steps, 2 that succeeded, 2 with a demonstration, " in read.report
    with EpisodeStore(dataset) as ours, EpisodeStore(back) as store:
        assert len(store) == 4
        for index in (0, 1):
            same(ours[2 * index], store[index])


def test_a_copy_of_all_episodes_keeps_the_attributes(dataset, tmp_path):
    result = export_dataset(dataset, "zarr", tmp_path / "copy.zarr.zip")
    assert result.episodes == 3
    with EpisodeStore(tmp_path / "copy.zarr.zip") as copy, EpisodeStore(dataset) as ours:
        np.testing.assert_array_equal(copy.episode_ends, ours.episode_ends)
        assert copy.attributes == ours.attributes


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("lerobt", {}, "unknown format 'lerobt': did you mean 'lerobot'"),
        ("lerobot", {"valid": 0.2}, "valid goes with the format robomimic, not with lerobot"),
        ("robomimic", {"tasks": ["open_drawr"]}, "did you mean 'open_drawer'"),
        ("minari", {"id": "nothing"}, "namespace/env/name-v0"),
    ],
)
def test_wrong_exports_leave_nothing(dataset, tmp_path, name, options, message):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=message):
        export_dataset(dataset, name, tmp_path / "out", **options)
    assert sorted(tmp_path.iterdir()) == before
