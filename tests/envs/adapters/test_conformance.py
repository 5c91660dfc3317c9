"""What every adapter has to keep: gymnasium's rules, the kitchen's spaces, seeds, a true camera, actions that act."""

from __future__ import annotations

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from ivg.envs.adapters import Simulator
from ivg.envs.adapters.base import AdaptedEnv
from ivg.envs.camera import project
from ivg.envs.errors import EnvsError
from ivg.envs.interface import action_space, observation_space

from .conftest import cases, make

SEEN = {  # a body that the camera sees at the start
    "robosuite/Lift": "cube_main",
    "robosuite/Stack": "cubeB_main",
    "robosuite/Door": "Door_latch",
    "robosuite/PickPlaceCan": "Can_main",
    "franka-kitchen": "kettleroot",
    "metaworld/drawer-open": "drawer_link",
    "metaworld/pick-place": "obj",
    "metaworld/button-press": "button",
}
SIZE = 96
STILL = np.zeros(7, np.float32)


@pytest.mark.filterwarnings("ignore:.*A Box observation space.*")
def test_passes_gymnasium_s_own_check(env: AdaptedEnv) -> None:
    check_env(env, skip_render_check=True)


def test_has_the_kitchen_s_spaces_and_info(env: AdaptedEnv, simulator: Simulator) -> None:
    assert env.action_space == action_space()
    assert env.observation_space == observation_space(SIZE, depth=True)
    observation, info = env.reset(seed=0, options={"task": simulator.sentence})
    assert info["scored"] is True
    assert info["text"] == simulator.sentence
    assert info["is_success"] is False
    assert info["camera"]["K"].shape == (3, 3)
    assert (info["camera"]["width"], info["camera"]["height"]) == (SIZE, SIZE)
    assert observation["image"].std() > 20
    np.testing.assert_array_equal(env.render(), observation["image"])


def test_same_seed_same_pixels_and_nothing_is_done_by_itself(env: AdaptedEnv, simulator: Simulator) -> None:
    runs = []
    for _ in range(2):
        observations = [env.reset(seed=11, options={"task": simulator.sentence})[0]]
        for _ in range(4):
            observation, reward, terminated, _, info = env.step(STILL)
            observations.append(observation)
            assert reward == 0.0
            assert not terminated
            assert not info["is_success"]
        runs.append(observations)
    for first, second in zip(*runs, strict=True):
        for key, value in first.items():
            np.testing.assert_array_equal(value, second[key], err_msg=key)


def test_another_seed_is_another_scene(env: AdaptedEnv, name: str) -> None:
    if name == "franka-kitchen":
        pytest.skip("its scene is always the same")
    pictures = [env.reset(seed=seed)[0]["image"].astype(int) for seed in (1, 2)]
    assert np.abs(pictures[0] - pictures[1]).max() > 50


def test_pixels_and_depth_of_a_body_lead_back_to_where_it_is(env: AdaptedEnv, name: str) -> None:
    """Pixels of a body, lifted by its depth and `info["camera"]`, lie within its geoms' spheres."""
    observation, info = env.reset(seed=3)
    camera, model, data = info["camera"], env.mj_model, env.mj_data
    body = model.body(SEEN[name]).id
    view = env._open_view()
    renderer = mujoco.Renderer(model, SIZE, SIZE)
    renderer.enable_segmentation_rendering()
    renderer.update_scene(data, view._camera, view._option)
    seen = renderer.render()
    renderer.close()
    geoms = [geom for geom in range(model.ngeom) if model.geom_bodyid[geom] == body]
    mask = (seen[..., 1] == mujoco.mjtObj.mjOBJ_GEOM) & np.isin(seen[..., 0], geoms)
    assert mask.sum() >= 8, "the body is not in the picture"
    rows, columns = np.nonzero(mask)
    pixels = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))], axis=-1)
    local = pixels @ np.linalg.inv(camera["K"]).T * observation["depth"][mask][:, None]
    world = local @ camera["T_world_camera"][:3, :3].T + camera["T_world_camera"][:3, 3]
    for geom, point in zip(seen[..., 0][mask], world, strict=True):
        assert np.linalg.norm(point - data.geom_xpos[geom]) <= model.geom_rbound[geom] + 0.01
    back = project(camera, world) * SIZE
    np.testing.assert_allclose(back, pixels[:, :2], atol=1e-6)


def test_asking_for_what_is_left_to_go_leads_there(env: AdaptedEnv, simulator: Simulator) -> None:
    """The action's translation is in the world's axes, 1 is 5 cm: the plainest servo reaches a point, unturned."""
    start = env.reset(seed=4, options={"task": simulator.sentence})[0]["proprio"]
    target, now = start[:3] + np.array([-0.03, 0.05, 0.04]), start
    for _ in range(20):
        action = np.concatenate([(target - now[:3]) / 0.05, [0, 0, 0, -1]]).astype(np.float32)
        now = env.step(np.clip(action, -1, 1))[0]["proprio"]
    assert np.linalg.norm(target - now[:3]) < 0.012, target - now[:3]
    assert abs(float(start[3:7] @ now[3:7])) > 0.99


def test_the_gripper_opens_and_closes(env: AdaptedEnv) -> None:
    env.reset(seed=5)
    for gripper, low, high in ((1.0, -0.01, 0.25), (-1.0, 0.75, 1.01)):
        for _ in range(10):
            observation, *_ = env.step(np.array([0, 0, 0, 0, 0, 0, gripper], np.float32))
        assert low <= observation["proprio"][7] <= high


def test_the_gripper_s_axes_are_the_kitchen_s(env: AdaptedEnv, name: str) -> None:
    """z approaches (from the hand to the fingertips), x goes from the left to the right finger."""
    observation, _ = env.reset(seed=6)
    rotation = np.zeros(9)
    mujoco.mju_quat2Mat(rotation, observation["proprio"][3:7].astype(np.float64))
    hand, left, right = {
        "robosuite": ("robot0_right_hand", "gripper0_right_leftfinger", "gripper0_right_rightfinger"),
        "franka-kitchen": ("panda0_link7", "panda0_leftfinger", "panda0_rightfinger"),
        "metaworld": ("hand", "leftpad", "rightpad"),
    }[name.split("/")[0]]
    position = {body: env.mj_data.body(body).xpos for body in (hand, left, right)}
    axes = rotation.reshape(3, 3)
    for axis, wanted in ((0, position[right] - position[left]), (2, observation["proprio"][:3] - position[hand])):
        assert axes[:, axis] @ wanted / np.linalg.norm(wanted) > 0.98


def test_words_that_it_has_no_task_for_are_accepted_and_not_scored(env: AdaptedEnv) -> None:
    _, info = env.reset(seed=0, options={"task": "knead the dough"})
    assert (info["scored"], info["task"], info["text"]) == (False, None, "knead the dough")
    assert env.step(STILL)[1] == 0.0


def test_bad_calls_are_named(env: AdaptedEnv, name: str) -> None:
    env.reset(seed=0)
    with pytest.raises(EnvsError, match="must be 7 finite numbers"):
        env.step(np.full(7, np.nan, np.float32))
    with pytest.raises(EnvsError, match="unknown reset option 'tsk'"):
        env.reset(options={"tsk": "x"})
    with pytest.raises(EnvsError, match="camera_size 8"):
        make(name, camera_size=8)


def test_the_horizon_truncates(name: str) -> None:
    env = make(name, camera_size=32, horizon=2)
    with pytest.raises(EnvsError, match="call reset"):
        env.step(STILL)
    env.reset(seed=0)
    assert [env.step(STILL)[3] for _ in range(2)] == [False, True]
    env.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", [case for case in cases(all_tasks=True) if case.id.startswith("metaworld/")])
def test_every_task_of_meta_world_starts(name: str) -> None:
    env = gymnasium.make(f"ivg.envs:ivg/MetaWorld-{name.split('/')[1]}-v0", camera_size=64)
    _, info = env.reset(seed=0)
    assert info["scored"]
    assert not info["is_success"]
    assert not env.step(STILL)[2]
    env.close()
