"""Intervals, rollouts, outcomes that survive a stop."""

import gymnasium as gym
import numpy as np
import pytest

from ivg.errors import InputError, StoreError
from ivg.policy.evaluation import Outcome, OutcomeLog, SuccessRate, reasons, rollout, success_rates_by, wilson_interval


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_intervals_have_known_values(successes, count, low, high):
    assert wilson_interval(successes, count) == pytest.approx((low, high), abs=2e-4)


def test_intervals_contain_the_rate_and_shrink():
    for count in (5, 50, 500):
        low, high = wilson_interval(count // 5, count)
        assert low < 0.2 < high
    assert wilson_interval(0, 0) == (0, 1)
    with pytest.raises(InputError, match="from 0 to the number of trials"):
        wilson_interval(3, 2)
    assert str(SuccessRate(1, 2)) == "50 % (9 to 91)"


class Counter(gym.Env):
    """Done after a number of steps that the seed says."""

    def reset(self, *, seed=None, options=None):
        self.left = seed
        return {"image": np.zeros((8, 8, 3), np.uint8)}, {"options": options}

    def step(self, action):
        self.left -= int(action[0])
        return {"image": np.zeros((8, 8, 3), np.uint8)}, 0.0, False, False, {"is_success": self.left == 0}


class Walker:
    """Acts, and keeps what it received."""

    def reset(self, demonstration=None, text=None, seed=0):
        self.received = demonstration, text, seed

    def act(self, observation):
        return np.ones(7, np.float32)


def test_a_rollout_ends_with_success_or_with_time():
    walker = Walker()
    done = rollout(Counter(), walker, seed=4, max_steps=9, text="go", demonstrate=lambda o, i: {"demo_path": i})
    assert (done.success, done.steps) == (True, 4)
    assert walker.received == ({"demo_path": {"options": None}}, "go", 4)
    late = rollout(Counter(), walker, seed=4, max_steps=3)
    assert (late.success, late.steps) == (False, 3)
    assert walker.received[0] is None
    with pytest.raises(InputError, match="max_steps"):
        rollout(Counter(), walker, seed=4, max_steps=0)


def test_outcomes_survive_a_stop(tmp_path):
    log = OutcomeLog(tmp_path / "new" / "outcomes.jsonl")
    assert log.read() == []
    first = Outcome("demo@1", "truth", "open_drawer", 7, "", steps=80, seconds=1.5)
    second = Outcome("demo@1", "truth", "push_plate", 7, "crashed", "its process died")
    log.add([first])
    log.add([second])
    assert log.read() == [first, second]
    with log.path.open("a") as file:
        file.write('{"policy": "demo@1", "sou')
    assert log.read() == [first, second]
    log.add([first])
    assert log.read() == [first, second, first]
    log.path.write_text("{}\n")
    with pytest.raises(StoreError, match="no outcome"):
        log.read()


def test_crashes_count_as_failures():
    outcomes = [Outcome("p", "none", task, seed, reason) for seed, (task, reason) in enumerate(
        [("a", ""), ("a", "crashed"), ("b", "not_done"), ("b", "no_hand"), ("b", "not_done")])]  # fmt: skip
    rates = success_rates_by(outcomes, "task")
    assert rates == {"a": SuccessRate(1, 2), "b": SuccessRate(0, 3)}
    assert reasons(outcomes) == "2 not_done, 1 crashed, 1 no_hand"
