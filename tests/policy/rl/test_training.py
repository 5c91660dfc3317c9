"""Training with stable-baselines3: it learns, stops, goes on, is saved without pickle, and is compared."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from stable_baselines3 import SAC

from ivg.errors import ConfigError, InputError, WeightsError
from ivg.policy.rl.curve import COLUMNS, LearningCurve
from ivg.policy.rl.environment import conditioned_environment
from ivg.policy.rl.evaluation import play, summarise
from ivg.policy.rl.learner import load_policy
from ivg.policy.rl.settings import ReinforcementSettings
from ivg.policy.rl.training import is_finished, train_reinforcement

TINY = ReinforcementSettings(
    steps=60,
    evaluate_every=30,
    scenes=3,
    evaluation_scenes=2,
    repeat=1,
    follow="demo_path",
    observe=["proprio", "demo_path"],
    net_arch=[16],
    learner={"learning_starts": 20, "batch_size": 8, "buffer_size": 200},
)


@pytest.fixture
def make_env(make_reach):
    return partial(make_reach, images=False, horizon=12)


def states(folder):
    return load_policy(folder)[0].state_dict()


@pytest.mark.parametrize("reward", ["tracking", "sparse", "goals"])
def test_a_run_leaves_curve_picture_policy_and_checkpoint(make_env, guide, tmp_path, reward):
    seen, out = [], tmp_path / "run"
    result = train_reinforcement(make_env, guide, replace(TINY, reward=reward), out, progress=seen.append)
    assert [row["step"] for row in seen] == [0, 30, 60]
    assert LearningCurve(out / "curve.csv").column("step") == [0, 30, 60]
    assert (out / "curve.csv").read_text().splitlines()[0] == ",".join(COLUMNS)
    assert (out / "curve.png").read_bytes()[:4] == b"\x89PNG"
    assert result.scenes == 3
    assert is_finished(out)
    assert len(guide.calls) == 5  # three scenes to train in, two to evaluate in, each watched once
    allowed = {".csv", ".png", ".json", ".safetensors", ".npz"}
    assert {file.suffix for file in out.rglob("*") if file.is_file()} == allowed


def test_the_loaded_policy_acts_as_the_trained_one(make_env, guide, tmp_path):
    out = tmp_path / "run"
    train_reinforcement(make_env, guide, TINY, out)
    policy, settings = load_policy(out / "policy")
    assert settings == TINY
    env = conditioned_environment(make_env, guide, out / "demonstrations", settings)
    episodes = play(policy, env, settings.held_out_scenes)
    row = LearningCurve(out / "curve.csv").rows[-1]
    assert summarise(episodes)["return"] == pytest.approx(row["return"], abs=1e-3)
    assert all(episode.demo_found for episode in episodes)


def test_a_run_goes_on_where_it_stopped(make_env, guide, tmp_path):
    out = tmp_path / "run"
    train_reinforcement(make_env, guide, TINY, out)
    before = states(out / "policy")
    train_reinforcement(make_env, guide, replace(TINY, steps=90), out, resume=True)
    assert LearningCurve(out / "curve.csv").column("step") == [0, 30, 60, 90]
    assert json.loads((out / "checkpoint" / "progress.json").read_text())["replay_position"] == 90
    after = states(out / "policy")
    assert any(not torch.equal(before[name], after[name]) for name in before)
    train_reinforcement(make_env, guide, replace(TINY, steps=90), out, resume=True)  # nothing left to do
    assert all(torch.equal(value, after[name]) for name, value in states(out / "policy").items())
    with pytest.raises(ConfigError, match="gamma"):
        train_reinforcement(make_env, guide, replace(TINY, gamma=0.5), out, resume=True)


@pytest.mark.parametrize("algorithm", ["sac", "td3", "ppo"])
def test_a_checkpoint_brings_back_every_number(make_env, guide, tmp_path, algorithm):
    from ivg.policy.conditioning.cache import DemonstrationCache
    from ivg.policy.rl.checkpoint import load_checkpoint, save_checkpoint
    from ivg.policy.rl.environment import training_environments
    from ivg.policy.rl.learner import make_learner

    learner_settings = {"n_steps": 16, "batch_size": 8} if algorithm == "ppo" else TINY.learner
    settings = replace(TINY, algorithm=algorithm, learner=learner_settings)
    envs = training_environments(make_env, guide, DemonstrationCache(), settings, [0, 1])
    learner, other = make_learner(envs, settings), make_learner(envs, replace(settings, seed=5))
    learner.learn(40)
    save_checkpoint(learner, tmp_path / "checkpoint")
    load_checkpoint(other, tmp_path / "checkpoint")
    assert other.num_timesteps == learner.num_timesteps
    for name, value in learner.get_parameters().items():
        _same(value, other.get_parameters()[name])
    if algorithm != "ppo":
        size = learner.replay_buffer.size()
        assert other.replay_buffer.size() == size == 40
        for key, array in learner.replay_buffer.observations.items():
            np.testing.assert_array_equal(array[:size], other.replay_buffer.observations[key][:size])
    if algorithm == "sac":
        assert torch.equal(learner.log_ent_coef, other.log_ent_coef)
        assert other.ent_coef_optimizer.param_groups[0]["params"][0] is other.log_ent_coef
    other.learn(20, reset_num_timesteps=False)
    with pytest.raises(WeightsError, match="another learner"):
        load_checkpoint(make_learner(envs, replace(settings, net_arch=[8])), tmp_path / "checkpoint")
    envs.close()


def _same(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            _same(one[key], other[key])
    elif torch.is_tensor(one):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_pickles_are_refused(make_env, guide, tmp_path):
    envs = conditioned_environment(make_env, guide, None, TINY)
    file = tmp_path / "policy.zip"
    SAC("MultiInputPolicy", envs, buffer_size=10, policy_kwargs={"net_arch": [8]}, device="cpu").save(file)
    with pytest.raises(WeightsError, match="pickle"):
        load_policy(file)
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match=r"config\.json"):
        load_policy(tmp_path / "empty")


def test_a_damaged_policy_is_refused(make_env, guide, tmp_path):
    train_reinforcement(make_env, guide, TINY, tmp_path / "run")
    folder = tmp_path / "run" / "policy"
    (folder / "model.safetensors").write_bytes(b"\x80\x04evil")
    with pytest.raises(WeightsError, match="can be read"):
        load_policy(folder)


def test_scenes_without_a_hand_are_not_trained_in(make_env, make_guide, tmp_path):
    told = []
    guide = make_guide(blind=[1, 1_000_001])
    result = train_reinforcement(
        make_env, guide, TINY, tmp_path / "run", scene_progress=lambda *call: told.append(call)
    )
    assert result.scenes == 2
    assert told == [(0, True), (1, False), (2, True), (1_000_000, True), (1_000_001, False)]
    with pytest.raises(InputError, match="no hand"):
        train_reinforcement(make_env, make_guide(blind=range(9)), TINY, tmp_path / "other")


def test_processes_read_the_demonstrations_that_the_parent_made(make_reach, make_guide, tmp_path):
    import sys

    import cloudpickle

    module = sys.modules[make_reach.__module__]
    cloudpickle.register_pickle_by_value(module)  # the children cannot import this folder
    try:
        guide = make_guide()
        settings = replace(TINY, environments=2, steps=24, evaluate_every=24)
        train_reinforcement(partial(make_reach, images=False, horizon=6), guide, settings, tmp_path / "run")
    finally:
        cloudpickle.unregister_pickle_by_value(module)
    assert len(guide.calls) == 5


@pytest.mark.slow
def test_the_tracking_reward_teaches_what_the_sparse_one_does_not(make_reach, guide, tmp_path):
    learner = {"learning_starts": 100, "batch_size": 64, "buffer_size": 5000, "ent_coef": "auto_0.02"}
    settings = ReinforcementSettings(
        steps=1200,
        evaluate_every=1200,
        scenes=12,
        evaluation_scenes=6,
        repeat=1,
        reach_m=0.04,
        follow="demo_path",
        observe=["proprio", "demo_path"],
        net_arch=[64, 64],
        learner={**learner, "learning_rate": 2e-3},
        features={"frame_features": 0},
    )
    make_env = partial(make_reach, images=False, horizon=20)
    figures = {
        reward: train_reinforcement(make_env, guide, replace(settings, reward=reward), tmp_path / reward).figures
        for reward in ("tracking", "sparse")
    }
    assert figures["tracking"]["success"] >= 0.5
    assert figures["sparse"]["success"] < figures["tracking"]["success"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"algorithm": "sacc"}, "did you mean 'sac'"),
        ({"reward": "dense"}, "options: tracking, sparse, goals"),
        ({"steps": 0}, "steps"),
        ({"gamma": 0.0}, "gamma"),
        ({"algorithm": "ppo", "reward": "goals"}, "ppo"),
        ({"observe": ["proprio"]}, "demo_plan"),
        ({"follow": "demo_paths"}, "did you mean 'demo_path'"),
        ({"scenes": 2_000_000}, "overlap"),
    ],
)
def test_impossible_settings_are_refused(values, message):
    with pytest.raises((ConfigError, InputError), match=message):
        ReinforcementSettings(**values)


def test_what_the_learner_does_not_know_is_refused(make_env, guide, tmp_path):
    with pytest.raises(InputError, match="did you mean 'learning_rate'"):
        train_reinforcement(make_env, guide, replace(TINY, learner={"learning_rat": 1}), tmp_path / "run")
