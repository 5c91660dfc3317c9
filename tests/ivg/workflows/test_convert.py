"""``ivg-dataset export`` and ``import``: there and back, options that go with a format, refusals."""

import json

import gymnasium
import numpy as np
import pytest

from ivg.cli.dataset import main
from ivg.policy.datasets import EpisodeStore, RobotEpisode, write_episodes


def episode(seed, task, steps=4, size=32):
    rng = np.random.default_rng(seed)
    return RobotEpisode(
        image=np.full((steps, size, size, 3), 50 * seed, np.uint8),
        proprio=rng.random((steps, 16)).astype(np.float32),
        action=rng.uniform(-1, 1, (steps, 7)).astype(np.float32),
        phase=np.linspace(0, 1, steps, dtype=np.float32),
        plan_phase=np.linspace(0, 1, steps, dtype=np.float32),
        demo_keypoints=np.zeros((16, 2, 21, 2), np.float32),
        demo_present=np.ones((16, 2), np.float32),
        demo_path=rng.random((16, 8)).astype(np.float32),
        demo_plan=rng.random((32, 8)).astype(np.float32),
        demo_clip=np.zeros((16, size, size, 3), np.uint8),
        task=task,
        text=f"{task}, please",
        seed=seed,
        success=True,
        provenance={"env": {"id": "ivg/Kitchen-v0", "camera_size": 32}},
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "our set.zarr"
    made = [episode(1, "open_drawer"), episode(2, "push_plate"), episode(3, "open_drawer")]
    return write_episodes(path, made, attributes={"kept": True})


@pytest.mark.parametrize(("name", "out"), [("lerobot", "folder"), ("robomimic", "file.hdf5")])
def test_there_and_back(dataset, tmp_path, capsys, name, out):
    arguments = ["--format", name, "--out", str(tmp_path / out)]
    assert main(["export", str(dataset), *arguments, "--tasks", "open_drawer"]) == 0
    assert "2 episodes, 8 steps" in capsys.readouterr().out
    back = tmp_path / "back.zarr"
    command = ["import", str(tmp_path / out), "--format", name, "--out", str(back), "--json", str(tmp_path / "j.json")]
    assert main(command) == 0
    assert "2 episodes, 8 steps, 2 that succeeded, 2 with a demonstration" in capsys.readouterr().out
    assert json.loads((tmp_path / "j.json").read_text())["tasks"] == {"open_drawer": 2}
    with EpisodeStore(dataset) as ours, EpisodeStore(back) as read:
        np.testing.assert_array_equal(read[1].proprio, ours[2].proprio)
        assert read[1].provenance == ours[2].provenance
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*command, "--append"]) == 0
    with EpisodeStore(back) as read:
        assert len(read) == 4


def test_minari_gets_an_id_and_the_environment(dataset, tmp_path):
    assert main(["export", str(dataset), "--format", "minari", "--out", str(tmp_path)]) == 0
    told = json.loads((tmp_path / "ivg" / "kitchen" / "our_set-v0" / "data" / "metadata.json").read_text())
    assert told["dataset_id"] == "ivg/kitchen/our_set-v0"
    assert (told["total_episodes"], told["total_steps"]) == (3, 12)
    spec = gymnasium.envs.registration.EnvSpec.from_json(told["env_spec"])
    assert (spec.id, spec.kwargs["camera_size"]) == ("ivg/Kitchen-v0", 32)


def test_a_copy_keeps_what_stands_beside_the_arrays(dataset, tmp_path):
    assert main(["export", str(dataset), "--format", "zarr", "--out", str(tmp_path / "copy.zarr.zip")]) == 0
    with EpisodeStore(tmp_path / "copy.zarr.zip") as copy:
        assert (len(copy), copy.attributes) == (3, {"kept": True})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "lerobot", "--valid", "0.2"], "valid goes with the format robomimic, not with lerobot"),
        (["--format", "robomimic", "--tasks", "open_drawr"], "did you mean 'open_drawer'"),
        (["--format", "minari", "--id", "nothing"], "namespace/env/name-v0"),
        (["--format", "zarr"], "must end with .zarr or .zarr.zip"),
    ],
)
def test_wrong_exports(dataset, tmp_path, capsys, arguments, message):
    assert main(["export", str(dataset), "--out", str(tmp_path / "out"), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "d.zarr", "--size", "12x"], "--size must be N or HEIGHTxWIDTH"),
        (["--out", "d.zarr", "--size", "0"], "--size must be N or HEIGHTxWIDTH"),
        (["--out", "d.hdf5"], "must end with .zarr or .zarr.zip"),
        (["--out", "d.zarr", "--map", "nowhere.yaml"], "cannot read the mapping file"),
        (["--out", "d.zarr"], "no LeRobot dataset"),
    ],
)
def test_wrong_imports(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["import", "nothing", "--format", "lerobot", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_is_added_has_the_size_of_what_is_there(dataset, tmp_path, capsys):
    small, out = tmp_path / "small.zarr", tmp_path / "lerobot"
    write_episodes(small, [episode(5, "reach", size=16)])
    assert main(["export", str(dataset), "--format", "lerobot", "--out", str(out)]) == 0
    command = ["import", str(out), "--format", "lerobot", "--out", str(small), "--append"]
    assert main([*command, "--size", "20"]) == 2
    assert "has images of 16x16, a size of 20x20 does not fit" in capsys.readouterr().err
    assert main(command) == 0
    with EpisodeStore(small) as store:
        assert store[3].image.shape == (4, 16, 16, 3)
