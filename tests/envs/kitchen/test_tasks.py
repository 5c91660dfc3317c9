"""Tasks: texts map to the task they mean; predicates say yes to the goal and no to the start."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ivg.envs.errors import EnvsError
from ivg.envs.kitchen.scene.scene import sample_scene
from ivg.envs.kitchen.state import STAIN_SPOTS, KitchenState, StirCounter
from ivg.envs.kitchen.tasks import TASKS, get_task, match_task


@pytest.mark.parametrize("name", TASKS)
def test_every_text_of_a_task_maps_to_it(name: str) -> None:
    task = TASKS[name]
    for text in (*task.texts, *task.held_out_paraphrases, name, task.sentence.upper()):
        assert match_task(text).task == name, text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("please slice the carrots", "cut_carrot"),
        ("the cook is cutting a carrot", "cut_carrot"),
        ("push the drawer in", "close_drawer"),
        ("lay the carrot into the pan", "carrot_to_pot"),
        ("switch the cooker on", "turn_on_stove"),
    ],
)
def test_free_text_maps_to_the_nearest_task(text: str, name: str) -> None:
    assert match_task(text).task == name


@pytest.mark.parametrize("text", ["play the violin", "knead the dough", "carrot", "put it there"])
def test_text_that_is_near_none_is_not_scored(text: str) -> None:
    match = match_task(text)
    assert match.task is None
    assert not match.scored


@pytest.mark.parametrize("text", ["", "   ", "123 !"])
def test_text_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(EnvsError, match="must contain a word"):
        match_task(text)


def test_unknown_task_name_gets_a_suggestion() -> None:
    with pytest.raises(EnvsError, match="Did you mean 'cut_carrot'"):
        get_task("cut_carot")


def _start(name: str, seed: int = 0) -> tuple[KitchenState, object]:
    scene = sample_scene(name, seed)
    poses = {
        key: np.array([*scene.objects[key].position, 1, 0, 0, 0])
        if key in scene.objects
        else np.array([0, 0, -0.6, 1, 0, 0, 0])
        for key in ("knife", "mug", "plate", "pot", "sponge")
    }
    carrot = np.array(scene.objects["carrot"].position) if "carrot" in scene.objects else np.array([0.1, 0.4, -0.6])
    state = KitchenState(
        carrot_pos_world_m=carrot + np.outer(np.arange(-2, 3), [0, 0.02, 0]),
        carrot_parted=np.zeros(4, dtype=bool),
        drawer_slide_m=scene.drawer_open_m,
        knob_angle_rad=0.0,
        stains_wiped=np.zeros(STAIN_SPOTS, dtype=bool),
        stirred_rad=0.0,
        object_pose=poses,
    )
    return state, scene


def _goal(name: str, state: KitchenState, scene) -> KitchenState:  # type: ignore[no-untyped-def]
    poses = {key: pose.copy() for key, pose in state.object_pose.items()}
    pot = poses["pot"][:3]
    changes: dict[str, dict[str, object]] = {
        "cut_carrot": {"carrot_parted": np.array([False, True, False, False])},
        "carrot_to_pot": {"carrot_pos_world_m": pot + np.outer(np.arange(-2, 3), [0, 0.02, 0]) + [0, 0, 0.03]},
        "open_drawer": {"drawer_slide_m": 0.1},
        "close_drawer": {"drawer_slide_m": 0.0},
        "turn_on_stove": {"knob_angle_rad": 1.5},
        "wipe_counter": {"stains_wiped": np.arange(STAIN_SPOTS) < 7},
        "stir_pot": {"stirred_rad": -7.0},
    }
    if name == "mug_to_plate":
        poses["mug"][:3] = poses["plate"][:3] + [
            0.01,
            0,
            scene.sizes["mug_height"] / 2 + scene.sizes["plate_thickness"],
        ]
    if name == "push_plate":
        poses["plate"][0] += 0.08
    return dataclasses.replace(state, object_pose=poses, **changes.get(name, {}))


@pytest.mark.parametrize("name", TASKS)
def test_the_start_is_not_the_goal_and_the_goal_is(name: str) -> None:
    state, scene = _start(name)
    assert not TASKS[name].success(state, scene)  # type: ignore[arg-type]
    assert TASKS[name].success(_goal(name, state, scene), scene)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TASKS)
def test_one_task_s_goal_is_not_another_s(name: str) -> None:
    state, scene = _start(name)
    goal = _goal(name, state, scene)
    others = [other for other in TASKS if other not in (name, "close_drawer", "open_drawer")]
    assert not any(
        TASKS[other].success(goal, scene) for other in others if other in ("cut_carrot", "stir_pot", "turn_on_stove")
    )  # type: ignore[arg-type]


def test_a_tipped_mug_is_not_on_the_plate() -> None:
    state, scene = _start("mug_to_plate")
    goal = _goal("mug_to_plate", state, scene)
    goal.object_pose["mug"][3:] = [np.sqrt(0.5), np.sqrt(0.5), 0, 0]
    assert not TASKS["mug_to_plate"].success(goal, scene)  # type: ignore[arg-type]


def test_stirring_counts_turns_and_not_jitter() -> None:
    counter = StirCounter()
    for angle in np.linspace(0, 4 * np.pi, 50):
        counter.update(0.02 * np.array([np.cos(angle), np.sin(angle)]))
    assert counter.angle_rad == pytest.approx(4 * np.pi)
    jitter = StirCounter()
    for sign in (1, -1) * 20:
        jitter.update(0.004 * np.array([sign, sign]))
    assert jitter.angle_rad == 0.0
