"""The kitchen as LeRobot's environment: names as in our exports, the kitchen's scenes, demonstrations from a folder."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from ivg.envs.kitchen.env import KitchenEnv
from ivg.errors import InputError
from ivg.policy.conditioning import VideoDemoWrapper, fill_cache
from ivg.policy.datasets.exports.lerobot.features import ENVIRONMENT, STATE, features_of, image_key
from ivg.policy.datasets.exports.steps import WIDTHS

PLUGIN = Path(__file__).parents[2] / "plugins" / "lerobot_env_ivg" / "lerobot_env_ivg"
SEEDS = [3, 4]


def module_of(name):
    """A module of the plugin, without the package, which imports LeRobot."""
    spec = importlib.util.spec_from_file_location(f"plugin_{name}", PLUGIN / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


kitchen = module_of("kitchen")


class MadeUp:
    """A source whose demonstration of a scene is a plan of the scene's number."""

    fingerprint = {"source": "made up"}

    def __call__(self, frame, text, seed, camera, depth=None):
        return None


@pytest.fixture(scope="module")
def env():
    made = kitchen.LeRobotKitchen("close the drawer", camera_size=32, episode_length=3)
    yield made
    made.close()


def test_it_is_the_kitchen_with_other_names(env):
    same = KitchenEnv("close the drawer", camera_size=32)
    ours, _ = env.reset(seed=7)
    theirs, _ = same.reset(seed=7)
    action = np.full(7, 0.3, np.float32)
    for _ in range(2):
        assert env.observation_space.contains(ours)
        np.testing.assert_array_equal(ours["pixels"]["front"], theirs["image"])
        np.testing.assert_array_equal(ours["agent_pos"], theirs["proprio"])
        np.testing.assert_array_equal(env.render(), theirs["image"])
        ours, theirs = env.step(action)[0], same.step(action)[0]
    same.close()


def test_what_lerobot_asks_for_is_there(env):
    env.reset(seed=1)
    assert (env.task_description, env._max_episode_steps) == ("close the drawer", 3)
    ended = [env.step(np.full(7, 9.0))[2:] for _ in range(3)]
    assert [(terminated, truncated) for terminated, truncated, _ in ended] == [(False, False)] * 2 + [(False, True)]
    assert ended[-1][2] == {"is_success": False}


def test_a_vector_of_them_starts_again(env):
    vector = gymnasium.vector.SyncVectorEnv(
        [lambda: kitchen.LeRobotKitchen(camera_size=32, episode_length=2, camera="eyes")] * 2,
        autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP,
    )
    observation, _ = vector.reset(seed=SEEDS)
    assert observation["pixels"]["eyes"].shape == (2, 32, 32, 3)
    for _ in range(2):
        info = vector.step(np.zeros((2, 7), np.float32))[-1]
    assert info["final_info"]["is_success"].tolist() == [False, False]
    vector.close()


@pytest.fixture(scope="module")
def demonstrations(tmp_path_factory):
    """A folder with the demonstrations of two scenes; the arrays are then replaced by the scene's number."""
    folder, source = tmp_path_factory.mktemp("demonstrations"), MadeUp()
    watching = VideoDemoWrapper(KitchenEnv("close the drawer", camera_size=32), source, cache=folder)
    for seed in SEEDS:
        before = set(folder.rglob("*.npz"))
        fill_cache(watching, [seed])
        (file,) = set(folder.rglob("*.npz")) - before
        np.savez(file, demo_plan=np.full((32, 8), seed / 10, np.float32), found=np.array(True))
    (folder / "scenes.json").write_text(json.dumps({"source": source.fingerprint, "seeds": SEEDS}))
    watching.close()
    return folder


def test_demonstrations_are_looked_up(demonstrations):
    env = kitchen.LeRobotKitchen(camera_size=32, demonstrations=demonstrations)
    for seed in SEEDS:
        observation, _ = env.reset(seed=seed)
        assert env.observation_space.contains(observation)
        assert observation["environment_state"] == pytest.approx(np.full(256, seed / 10))
    observation, _ = env.reset()
    assert observation["environment_state"][0] in np.float32(SEEDS) / 10, "a scene that has a demonstration"
    with pytest.raises(InputError, match="no demonstration of 'close the drawer' with seed 5"):
        env.reset(seed=5)
    env.close()


CHECK = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import lerobot_env_ivg
from lerobot.envs.configs import EnvConfig
from lerobot.envs.utils import env_to_policy_features
for more in ({}, {"demonstrations": "somewhere", "camera": "eyes", "camera_size": 64}):
    config = EnvConfig.get_choice_class("ivg_kitchen")(**more)
    assert (config.type, config.fps) == ("ivg_kitchen", 20)
    print(json.dumps({key: [str(f.type), list(f.shape)] for key, f in env_to_policy_features(config).items()}))
"""


@pytest.mark.interop
@pytest.mark.slow
def test_its_features_are_those_of_our_exports():
    python = os.environ.get("IVG_INTEROP_LEROBOT") or (sys.executable if importlib.util.find_spec("lerobot") else None)
    if python is None:
        pytest.skip("IVG_INTEROP_LEROBOT names no Python that has lerobot: scripts/interop_environments.sh makes one")
    done = subprocess.run(
        [python, "-W", "ignore", "-c", CHECK, str(PLUGIN.parent)], capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr[-3000:]
    blind, watching = map(json.loads, done.stdout.splitlines())
    exported = features_of("eyes", (64, 64), 20, video=True)
    assert set(blind) == {image_key("front"), STATE, "action"}
    assert set(watching) == {image_key("eyes"), STATE, ENVIRONMENT, "action"} <= set(exported)
    assert watching[image_key("eyes")][1] == [3, 64, 64]
    for key in (STATE, ENVIRONMENT, "action"):
        assert watching[key][1] == exported[key]["shape"]
    assert watching[ENVIRONMENT] == ["FeatureType.ENV", [WIDTHS["demo_plan"]]]
