"""Episodes: when they stop, and what is kept of them; one in the kitchen."""

import gymnasium
import numpy as np
import pytest

from ivg.envs.human import HumanDemonstrator
from ivg.errors import InputError
from ivg.policy.control import execute, plan_gripper
from ivg.types import HANDS, Camera


class PointMass:
    """Does at once what it is asked; success, end and truncation at given steps."""

    def __init__(self, **ends):
        self.ends, self.position, self.steps, self.received = ends, np.array([0.0, 0, 0.3]), 0, []

    def observe(self):
        proprio = np.concatenate([self.position, [0, 1, 0, 0], [1.0]]).astype(np.float32)
        return {"proprio": proprio, "count": np.array(self.steps)}

    def step(self, action):
        self.received.append(action)
        self.position = self.position + 0.05 * action[:3]
        self.steps += 1
        at = {name: self.steps == step for name, step in self.ends.items()}
        info = {"is_success": at["success"]} if "success" in at else {}
        return self.observe(), 0.0, at.get("terminated", False), at.get("truncated", False), info


@pytest.fixture
def plan(made_up):
    return made_up.plan_of(np.array([[0, 0, 0.2], [0.3, 0, 0.2], [0.3, 0.3, 0.2]]))


@pytest.mark.parametrize(
    ("ends", "success"),
    [
        ({"success": 5}, True),
        ({"truncated": 5}, False),
        ({"terminated": 5}, False),
        ({"truncated": 5, "success": 5}, True),
    ],
)
def test_it_stops_where_the_environment_ends(plan, ends, success):
    env = PointMass(**ends)
    done = execute(env, plan, env.observe())
    assert (len(done), env.steps, done.success) == (5, 5, success)


def test_it_goes_to_the_plan_s_end_and_waits_there(plan):
    counts = {}
    for settle in (1, 10):
        env = PointMass()
        done = execute(env, plan, env.observe(), settle_steps=settle)
        assert not done.success
        assert len(done) == env.steps
        counts[settle] = env.steps
    np.testing.assert_allclose(env.position, plan.pos_world_m[-1], atol=0.01)
    assert counts[10] - counts[1] == 9


def test_observations_and_actions_belong_together(plan):
    env = PointMass(success=12)
    done = execute(env, plan, env.observe())
    assert done.observations["count"].tolist() == list(range(12))
    np.testing.assert_array_equal(done.actions, env.received)
    assert done.actions.dtype == done.phase.dtype == np.float32
    assert done.actions.shape == (12, 7)
    places = np.concatenate([done.observations["proprio"], done.last["proprio"][None]])[:, :3]
    np.testing.assert_allclose(np.diff(places, axis=0), 0.05 * done.actions[:, :3], atol=1e-6)
    assert done.last["count"] == 12
    assert done.phase.shape == (12,)
    assert (np.diff(done.phase) >= 0).all()
    assert done.phase[0] == plan.phase[0]


@pytest.mark.parametrize("observation", [{"image": np.zeros((2, 2, 3))}, {"proprio": np.zeros(6)}])
def test_without_a_pose_there_is_nothing_to_follow_by(plan, observation):
    with pytest.raises(InputError, match=f"'proprio' of 7 or more numbers, got .*{next(iter(observation))}"):
        execute(PointMass(), plan, observation)


def test_settling_takes_a_step_at_least(plan):
    with pytest.raises(InputError, match="settle_steps must be 1 or more, got 0"):
        execute(None, plan, {"proprio": np.zeros(16)}, settle_steps=0)


@pytest.mark.slow
def test_the_true_joints_push_the_plate_in_the_kitchen():
    demonstrator = HumanDemonstrator(size=32)
    clip = demonstrator.render("push_plate", 0)
    demonstrator.close()
    joints = clip.joints_world_m[:, HANDS.index(clip.side)].copy()
    joints[0] = np.nan
    options = {"camera_size": 64, "image": False, "render_mode": "rgb_array", "horizon": 600}
    env = gymnasium.make("ivg.envs:ivg/Kitchen-v0", disable_env_checker=True, **options)
    observation, info = env.reset(seed=0, options={"task": "push_plate"})
    plan = plan_gripper(joints, env.render(), Camera(**info["camera"]))
    done = execute(env, plan, observation)
    env.close()
    assert plan.interaction_type == "push"
    assert done.success
    assert set(done.observations) == {"proprio"}
    assert len(done.actions) == len(done.observations["proprio"]) == len(done.phase)
