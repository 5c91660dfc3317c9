"""Datasets of others: mapped by rule, by names or by a file, without a demonstration; or an error that says what is."""

import json
import shutil

import h5py
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.errors import InputError, StoreError
from ivg.policy.datasets import EpisodeStore, EpisodeWindows, append_episodes, write_episodes
from ivg.policy.datasets.exports.feature_map import Feature, Part, feature_map_of, load_feature_map
from ivg.policy.datasets.exports.feature_names import map_by_names
from ivg.policy.datasets.exports.foreign import ImportOptions
from ivg.policy.datasets.exports.lerobot.reader import lerobot_episodes
from ivg.policy.datasets.exports.lerobot.writer import export_lerobot
from ivg.policy.datasets.exports.robomimic import robomimic_episodes


def proprio(steps, seed=0):
    """A proprioception that can be: unit quaternions with a positive real part, an opening in [0, 1], the time."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (steps, 16)).astype(np.float32)
    values[:, 3:7] = Rotation.random(steps, random_state=seed).as_quat(canonical=True)[:, [3, 0, 1, 2]]
    values[:, 7], values[:, 15] = rng.random(steps), np.arange(steps) / 20
    return values


@pytest.fixture
def foreign(tmp_path, make):
    """A LeRobot dataset without our table: what others write."""
    made = [make(seed, 6 + seed, proprio=proprio(6 + seed, seed), success=seed == 0) for seed in range(2)]
    path = export_lerobot(tmp_path / "foreign", made, images="png", camera="top")
    shutil.rmtree(path / "meta" / "ivg")
    return path, made


def told(path, change):
    """Change what a LeRobot dataset says of its features."""
    file = path / "meta" / "info.json"
    info = json.loads(file.read_text())
    change(info["features"])
    file.write_text(json.dumps(info))
    return path


def test_names_are_enough(foreign):
    path, made = foreign
    read = list(lerobot_episodes(path))
    for one, other in zip(made, read, strict=True):
        np.testing.assert_allclose(other.proprio, one.proprio, atol=2e-7)
        np.testing.assert_array_equal(other.action, one.action)
        np.testing.assert_array_equal(other.image, one.image)
        assert (other.text, other.success, other.fps, other.seed) == (one.text, one.success, 20.0, -1)
        assert other.provenance["import"]["format"] == "lerobot"


def test_there_is_no_demonstration(foreign):
    for episode in lerobot_episodes(foreign[0], ImportOptions(frames=8)):
        assert episode.demo_clip.shape == (8, 40, 48, 3)
        for name in ("demo_present", "demo_keypoints", "demo_path", "demo_plan", "demo_clip", "phase", "plan_phase"):
            assert not getattr(episode, name).any(), name


def test_they_train_beside_generated_ones(foreign, make, tmp_path):
    path = write_episodes(tmp_path / "d.zarr", [make(5, height=32, width=32)])
    append_episodes(path, lerobot_episodes(foreign[0], ImportOptions(size=(32, 32))))
    windows = EpisodeWindows(path)
    batch = windows.batch(range(len(windows)))
    assert batch["image"].shape == (12 + 6 + 7, 2, 32, 32, 3)
    assert batch["demo_present"].any((1, 2)).tolist() == [True] * 12 + [False] * 13
    with EpisodeStore(path) as store:
        assert store.tasks == ["open_drawer", *["open_drawer_mit_schwung_möhre_0", "open_drawer_mit_schwung_möhre_1"]]


def test_pictures_take_the_size_asked_for(foreign):
    (first, _) = lerobot_episodes(foreign[0], ImportOptions(size=(20, 24)))
    assert first.image.shape == (6, 20, 24, 3)
    halved = foreign[1][0].image.reshape(6, 20, 2, 24, 2, 3).mean((2, 4))
    assert np.abs(first.image - halved).max() <= 1


FORMS = {
    "wxyz": lambda turns: turns.as_quat()[:, [3, 0, 1, 2]],
    "xyzw": lambda turns: -turns.as_quat(),
    "euler": lambda turns: turns.as_euler("xyz"),
    "rotvec": lambda turns: turns.as_rotvec(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_mapping_file_says_what_names_do_not(foreign, tmp_path, make, form):
    """All numbers in one nameless array, in other units and another order."""
    turns = Rotation.random(6, random_state=3)
    values = np.zeros((6, 16), np.float32)
    rotation = FORMS[form](turns)
    values[:, 1 : 1 + rotation.shape[1]] = rotation
    values[:, 5:8], values[:, 8] = [[1, 2, 3]], np.linspace(0.08, 0, 6)
    action = np.tile(np.linspace(0, 255, 6, dtype=np.float32)[:, None], (1, 7))
    path = export_lerobot(tmp_path / "nameless", [make(0, 6, proprio=values)], images="png")
    shutil.rmtree(path / "meta" / "ivg")
    rewrite_column(path, "action", action)
    told(path, lambda features: [features[key].update(names=None) for key in ("observation.state", "action")])
    with pytest.raises(InputError, match="cannot find position, rotation, opening, joints, action by names"):
        list(lerobot_episodes(path))
    file = tmp_path / "map.yaml"
    file.write_text(
        "position: {feature: observation.state, columns: [5, 6, 7]}\n"
        f"rotation: {{feature: observation.state, columns: {list(range(1, 1 + rotation.shape[1]))}, form: {form}}}\n"
        "opening: {feature: observation.state, columns: [8], low: 0, high: 0.08}\n"
        "joints: null\n"
        "action:\n"
        "  - {feature: action, columns: [0, 1, 2, 3, 4, 5], low: 0, high: 255}\n"
        "  - {feature: action, columns: [6], low: 255, high: 0}\n"
    )
    (episode,) = lerobot_episodes(path, ImportOptions(feature_map=load_feature_map(file)))
    np.testing.assert_allclose(episode.proprio[:, :3], [[1, 2, 3]] * 6)
    np.testing.assert_allclose(episode.proprio[:, 7], np.linspace(1, 0, 6), atol=1e-6)
    assert not episode.proprio[:, 8:15].any()
    np.testing.assert_allclose(episode.action[:, 0], np.linspace(-1, 1, 6), atol=1e-6)
    np.testing.assert_allclose(episode.action[:, 6], np.linspace(1, -1, 6), atol=1e-6)
    found = Rotation.from_quat(episode.proprio[:, [4, 5, 6, 3]])
    assert (found * turns.inv()).magnitude().max() < 1e-5


def rewrite_column(path, key, values):
    """Put other numbers into a LeRobot dataset of one data file."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    (file,) = (path / "data").rglob("*.parquet")
    table = parquet.read_table(file)
    place = table.schema.get_field_index(key)
    column = arrow.FixedSizeListArray.from_arrays(arrow.array(values.ravel()), values.shape[1])
    parquet.write_table(table.set_column(place, table.schema.field(place), column), file)


def test_an_error_lists_what_there_is_and_what_is_needed(foreign):
    path = told(foreign[0], lambda features: features["observation.state"].update(names=[f"m{i}" for i in range(16)]))
    with pytest.raises(InputError) as caught:
        list(lerobot_episodes(path))
    for part in (
        "position, rotation, opening, joints by names",
        "m0, m1",
        "action (7)",
        "top (images)",
        "--map FILE",
    ):
        assert part in str(caught.value)


def test_numbers_outside_their_range_are_no_guess(foreign):
    rewrite_both = np.full((13, 7), 40, np.float32)
    rewrite_column(foreign[0], "action", rewrite_both)
    with pytest.raises(InputError, match=r"must lie in \[-1, 1\], the columns reach from 40 to 40.*low and high"):
        list(lerobot_episodes(foreign[0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positon": None}, "did you mean 'position'"),
        ({"joints": ...}, "lacks joints"),
        ({"position": {"feature": "observation.state"}}, "position must be"),
        ({"position": {"feature": "state", "columns": [0, 1, 2]}}, "unknown feature 'state'"),
        ({"position": {"feature": "observation.state", "columns": [0, 1, 99]}}, "there is no column 99"),
        ({"position": {"feature": "observation.state", "columns": ["x", "y", "zz"]}}, "unknown column .* 'zz'"),
        ({"position": {"feature": "observation.state", "columns": [0, 1]}}, "position takes 3 columns, got 2"),
        ({"rotation": {"feature": "observation.state", "columns": [3, 4, 5]}}, "rotation needs a form: wxyz"),
        ({"rotation": {"feature": "observation.state", "columns": [3], "form": "eulr"}}, "did you mean 'euler'"),
        ({"opening": {"feature": "observation.state", "columns": [7], "low": 1}}, "both low and high"),
        ({"action": {"feature": "action", "columns": [0, 1, 2]}}, "action takes 7 columns .*, got 3"),
        ({"image": "observation.images.to"}, "did you mean 'observation.images.top'"),
    ],
)
def test_wrong_mappings(foreign, change, message):
    content = {
        "position": {"feature": "observation.state", "columns": ["x", "y", "z"]},
        "rotation": {"feature": "observation.state", "columns": [3, 4, 5, 6], "form": "wxyz"},
        "opening": None,
        "joints": None,
        "action": {"feature": "action", "columns": list(range(7))},
        **change,
    }
    with pytest.raises(InputError, match=message):
        feature_map = feature_map_of({key: value for key, value in content.items() if value is not ...})
        list(lerobot_episodes(foreign[0], ImportOptions(feature_map=feature_map)))


def test_a_mapping_file_that_is_none(tmp_path):
    with pytest.raises(InputError, match="cannot read the mapping file"):
        load_feature_map(tmp_path / "nowhere.yaml")
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    with pytest.raises(InputError, match="holds keys and values"):
        load_feature_map(tmp_path / "list.yaml")


def test_names_may_have_something_in_front_and_behind():
    features = {
        "observation.state": Feature(7, ("ee.x", "ee.y", "ee.z", "ee.wx", "ee.wy", "ee.wz", "ee.gripper_pos")),
        "observation.joints": Feature(7, tuple(f"joint_{number}.pos" for number in range(7))),
        "action": Feature(7, ("delta_x", "delta_y", "delta_z", "roll", "pitch", "yaw", "gripper")),
    }
    found = map_by_names(features, [])
    assert found.rotation == Part("observation.state", (3, 4, 5), "rotvec")
    assert found.opening == Part("observation.state", (6,))
    assert found.joints == Part("observation.joints", tuple(range(7)))
    motors = tuple(f"joint_{number}.pos" for number in range(7))
    with pytest.raises(InputError, match="cannot find action"):
        map_by_names({**features, "action": Feature(7, motors)}, [])


def test_lerobot_datasets_that_cannot_be_read(tmp_path, foreign):
    with pytest.raises(StoreError, match=r"no LeRobot dataset: cannot read meta/info.json"):
        list(lerobot_episodes(tmp_path))
    info = foreign[0] / "meta" / "info.json"
    info.write_text(info.read_text().replace("v3.0", "v2.1"))
    with pytest.raises(StoreError, match="version v2.1, v3.0 is read: convert it"):
        list(lerobot_episodes(foreign[0]))


def test_our_table_must_belong_to_the_episodes(tmp_path, episodes):
    one, other = (export_lerobot(tmp_path / name, episodes[:count]) for name, count in (("a", 3), ("b", 2)))
    shutil.copytree(other / "meta" / "ivg", one / "meta" / "ivg", dirs_exist_ok=True)
    with pytest.raises(StoreError, match="belongs to other episodes"):
        list(lerobot_episodes(one))


@pytest.fixture
def robosuite(tmp_path):
    """A file as robomimic's own, of robosuite's Lift, of two demos of which the tenth comes after the second."""
    path, steps = tmp_path / "lift.hdf5", 5
    with h5py.File(path, "w") as file:
        arguments = {"env_name": "PickPlaceCan", "type": 1, "env_kwargs": {"control_freq": 10}}
        file.create_group("data").attrs["env_args"] = json.dumps(arguments)
        for number in (10, 2):
            demo = file.create_group(f"data/demo_{number}")
            demo["actions"] = np.full((steps, 7), number / 20)
            demo["rewards"] = np.eye(steps)[-1] * (number == 2)
            demo["obs/robot0_eef_pos"] = np.full((steps, 3), number, float)
            demo["obs/robot0_eef_quat"] = np.tile([0.6, 0.0, 0.0, 0.8], (steps, 1))
            demo["obs/robot0_gripper_qpos"] = np.linspace([0.04, -0.04], [0, 0], steps)
            demo["obs/robot0_joint_pos"] = np.tile(np.arange(7.0), (steps, 1))
            demo["obs/object"] = np.zeros((steps, 10))
            demo["obs/agentview_image"] = np.full((steps, 84, 84, 3), number, np.uint8)
            demo["obs/robot0_eye_in_hand_image"] = np.full((steps, 84, 84, 3), 200, np.uint8)
    return path


def test_robosuite_maps_by_itself(robosuite):
    first, second = robomimic_episodes(robosuite, ImportOptions(size=(32, 32)))
    assert (first.proprio[0, 0], second.proprio[0, 0]) == (2, 10)
    np.testing.assert_allclose(first.proprio[0, 3:7], [0.8, 0.6, 0, 0], atol=1e-7)
    np.testing.assert_allclose(first.proprio[:, 7], [1, 0.75, 0.5, 0.25, 0], atol=1e-7)
    np.testing.assert_array_equal(first.proprio[0, 8:15], np.arange(7))
    np.testing.assert_allclose(first.proprio[:, 15], np.arange(5) / 10)
    np.testing.assert_allclose(first.action, 0.1)
    assert first.image.shape == (5, 32, 32, 3)
    assert (first.image == 2).all()
    assert (first.success, second.success) == (True, False)
    assert (first.text, first.task, first.fps) == ("pick place can", "pick_place_can", 10.0)
    assert not first.demo_present.any()


def test_another_camera_and_text(robosuite):
    first, _ = robomimic_episodes(robosuite, ImportOptions(camera="robot0_eye_in_hand", text="lift it"))
    assert (first.image == 200).all()
    assert (first.text, first.task) == ("lift it", "lift_it")
    with pytest.raises(InputError, match="unknown camera 'frontview': did you mean 'agentview_image'"):
        list(robomimic_episodes(robosuite, ImportOptions(camera="frontview")))


@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        ("robot0_eef_quat", "unknown feature 'robot0_eef_quat'.*The dataset has: actions .7.; .*--map FILE"),
        ("agentview_image robot0_eye_in_hand_image", "has no images"),
    ],
)
def test_what_robomimic_files_lack_is_named(robosuite, lacking, message):
    with h5py.File(robosuite, "r+") as file:
        for demo in file["data"].values():
            for name in lacking.split():
                del demo[f"obs/{name}"]
    with pytest.raises(InputError, match=message):
        list(robomimic_episodes(robosuite))


def test_what_is_no_robomimic_file(tmp_path):
    with pytest.raises(StoreError, match="no HDF5 file"):
        list(robomimic_episodes(tmp_path / "nowhere.hdf5"))
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["x"] = np.zeros(3)
    with pytest.raises(StoreError, match="no robomimic dataset"):
        list(robomimic_episodes(tmp_path / "other.hdf5"))
