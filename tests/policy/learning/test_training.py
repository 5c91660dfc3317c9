"""Training: what it leaves, that it goes on after a stop, what it refuses."""

import csv
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ivg.errors import ConfigError, InputError, StoreError, WeightsError
from ivg.policy.learning import DiffusionConfig, EpisodeData, PolicyTraining, load_policy, train_policy
from ivg.policy.learning.data import PolicyData, split_episodes
from ivg.policy.learning.training import build_policy_stage
from ivg.training.device import new_accelerator
from ivg.training.trainer import Trainer

KINDS = ("diffusion", "behaviour_cloning")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("conditioning", ["demo", "text", "none"])
def test_a_training_leaves_log_curves_checkpoint_and_weights(kind, conditioning, new_run):
    run = new_run(kind, conditioning)
    figures = train_policy(run).figures
    assert np.isfinite(list(figures.values())).all()
    assert ("phase_error" in figures) == (conditioning == "demo")
    for name in ("log.jsonl", "curves.png", "sheet_000003.png", "run.json", "checkpoint", "weights"):
        assert (run.output / name).exists(), name
    rows = list(csv.DictReader((run.output / "curves.csv").read_text().splitlines()))
    assert rows[-1]["step"] == "3"
    assert float(rows[-1]["held_out_position_mm"]) == pytest.approx(figures["position_mm"])
    files = {path.suffix for path in run.output.rglob("*") if path.is_file()}
    assert files <= {".json", ".jsonl", ".png", ".csv", ".safetensors"}  # nothing pickled


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_training_goes_on_to_the_very_same_weights(kind, new_run):
    whole, broken = new_run(kind, steps=4, output="whole"), new_run(kind, steps=4, output="broken")
    train_policy(whole)
    torch.manual_seed(broken.train.seed)
    trainer = Trainer(
        build_policy_stage(broken), broken.train, broken.output, False, new_accelerator(broken.train, "cpu")
    )
    torch.set_flush_denormal(True)
    for _ in range(2):
        trainer.step()
    torch.set_flush_denormal(False)
    trainer.save()
    broken.resume = True
    train_policy(broken)
    for name in ("checkpoint/model", "checkpoint/average", "checkpoint/optimizer", "weights/model"):
        first, second = (load_file(run.output / f"{name}.safetensors") for run in (whole, broken))
        assert first.keys() == second.keys()
        for key in first:
            assert torch.equal(first[key], second[key]), (name, key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_comes_back_from_its_folder(kind, new_run, new_env, tmp_path):
    run = new_run(kind)
    train_policy(run)
    env = new_env()
    observation, _ = env.reset(seed=5)
    actions = []
    for folder in (run.output / "weights", tmp_path / "copy"):
        policy = load_policy(folder if folder.exists() else run.output / "weights")
        policy.reset(env.demonstration(), seed=3)
        actions.append(np.stack([policy.act(observation) for _ in range(10)]))
        if not (tmp_path / "copy").exists():
            policy.save_pretrained(tmp_path / "copy")
    np.testing.assert_array_equal(*actions)
    assert actions[0].shape == (10, 7)
    assert np.abs(actions[0]).max() <= 1
    notes = load_policy(tmp_path / "copy").notes["data"]
    assert notes["image"] == [32, 32]
    assert notes["tasks"] == ["left", "right"]
    assert str(tmp_path) not in (run.output / "weights" / "config.json").read_text()


def test_the_demonstration_may_stand_in_the_observation(new_run, new_env):
    run = new_run()
    train_policy(run)
    policy, env = load_policy(run.output / "weights"), new_env()
    observation, _ = env.reset(seed=5)
    policy.reset(env.demonstration())
    told = policy.act(observation)
    policy.reset()
    np.testing.assert_array_equal(policy.act({**observation, **env.demonstration()}), told)
    policy.reset()
    with pytest.raises(InputError, match="needs a demonstration"):
        policy.act(observation)


def test_a_policy_that_reads_wants_a_text(new_run):
    run = new_run(conditioning="text")
    train_policy(run)
    with pytest.raises(InputError, match="reset\\(text="):
        load_policy(run.output / "weights").reset()


def test_windows_are_those_of_the_episodes(dataset, tiny):
    config = tiny("diffusion", actions="commands")
    data = PolicyData(EpisodeData(path=str(dataset)), np.array([1, 3]), config)
    rows = np.arange(len(data))
    batch, windows = data.batch(rows, None, PolicyTraining(steps=1)), data.windows.batch(rows)
    np.testing.assert_array_equal(batch["chunk"].numpy(), windows["action"])
    np.testing.assert_array_equal(batch["proprio"].numpy(), windows["proprio"])
    assert (np.diff(batch["phase"].numpy(), axis=1) >= -1e-6).all()


def test_statistics_bring_chunks_into_range(dataset, tiny):
    from ivg.policy.learning import new_policy

    config = tiny("diffusion")
    data = PolicyData(EpisodeData(path=str(dataset)), np.arange(40), config)
    policy = new_policy(config)
    data.fit(policy)
    chunk = data.batch(np.arange(len(data)), None, PolicyTraining(steps=1))["chunk"]
    scaled = policy.chunk_scale(chunk)
    assert scaled.abs().max() <= 1 + 1e-4
    torch.testing.assert_close(policy.chunk_scale.inverse(scaled), chunk)


def test_what_a_stopped_run_wrote_after_its_checkpoint_is_left_out(tmp_path):
    from ivg.policy.learning.training import read_log

    lines = [{"step": step, "loss": loss} for step, loss in ((1, 9.0), (5, 8.0), (9, 7.0), (5, 6.0), (9, 5.0))]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [(row["step"], row["loss"]) for row in read_log(tmp_path / "log.jsonl")] == [(1, 9), (5, 8), (5, 6), (9, 5)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"conditioning": "demos"}, "did you mean 'demo'"),
        ({"n_action_steps": 16}, "n_action_steps must be from 1 to"),
        ({"image_steps": 3}, "image_steps"),
        ({"image_size": 30}, "multiple of 16"),
        ({"inference_steps": 101}, "inference_steps"),
        ({"prediction": "v"}, "prediction"),
    ],
)
def test_impossible_settings_are_refused(values, message):
    with pytest.raises((ConfigError, InputError), match=message):
        DiffusionConfig(**values)


def test_what_cannot_be_used_is_named(dataset, tmp_path, new_run):
    with pytest.raises(StoreError, match="no dataset of robot episodes"):
        split_episodes(EpisodeData(path=str(tmp_path / "none.zarr")))
    with pytest.raises(StoreError, match="1 successful"):
        split_episodes(EpisodeData(path=str(dataset), limit=1))
    with pytest.raises(WeightsError, match=r"config\.json is missing"):
        load_policy(tmp_path)
    run = new_run()
    train_policy(run)
    with pytest.raises(WeightsError, match="resume=true"):
        train_policy(run)
