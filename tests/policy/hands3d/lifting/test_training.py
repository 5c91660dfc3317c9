"""Training the lifter: it learns, it repeats itself, its noise is that that were asked for."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ivg.data.clip_store import ClipStore
from ivg.errors import ConfigError, StoreError
from ivg.policy.hands3d.training.evaluation import INPUTS, evaluate_lifting, lifted_by_network
from ivg.policy.hands3d.training.samples import StoreHands, lifting_samples
from ivg.policy.hands3d.training.training import LifterTraining, NoiseAugmentation, train_lifter

TINY = {"batch_size": 4, "width": 32, "layers": 1, "heads": 2}


@pytest.fixture(scope="module")
def hands(store):
    return StoreHands.read(store, np.arange(2))


def test_samples_are_one_a_hand_that_is_seen(hands, human_clip):
    from ivg.policy.hands3d.lifting import CanonicalCamera

    level = CanonicalCamera.mean_of(np.stack([camera.T_world_camera for camera in hands.cameras]))
    samples = SimpleNamespace(**lifting_samples(hands, level))
    assert len(samples.position) == 2
    assert samples.is_right.tolist() == [human_clip.side == "right"] * 2
    np.testing.assert_array_equal(samples.contact[0], human_clip.contact)
    rays = samples.joints[..., :2] / np.maximum(samples.joints[..., 2:], 1e-6)
    np.testing.assert_allclose(samples.true[samples.known], rays[samples.known], atol=1e-5)


def test_training_learns_the_clip_it_sees(hands):
    losses = []
    settings = LifterTraining(
        steps=150, lr=1e-2, noise=NoiseAugmentation(clean_share=1, dropped=0, gap=0, strangers=0), **TINY
    )
    lifter, notes = train_lifter(hands, settings, lambda step, loss: losses.append(loss))
    assert np.mean(losses[-10:]) < 0.25 * losses[0]
    assert notes["training"]["hands"] == 2
    figures = evaluate_lifting(lifted_by_network(lifter, hands, fps=8), INPUTS, hands)
    assert figures["found"]["all"]["pinch_mm"]["median"] < 20
    assert figures["jittered"]["all"]["n"] <= figures["found"]["all"]["n"]
    assert figures["found"]["tasks"]["mug_to_plate"]["contact"]["n"] == 2 * hands.contact[0].sum()


def test_the_same_seed_gives_the_same_weights(hands):
    states = [train_lifter(hands, LifterTraining(steps=3, **TINY))[0].network.state_dict() for _ in range(2)]
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name], rtol=0, atol=0)


def test_noise_keeps_a_frame_of_every_clip_and_no_more_than_there_are():
    torch.manual_seed(0)
    rays, present = torch.rand(64, 16, 21, 2), torch.rand(64, 16) < 0.3
    present[:, 3] = True
    out, kept, score = NoiseAugmentation(dropped=1.0, gap=16)(
        rays, rays + 1, present, present, torch.full((64, 16), 0.5)
    )
    assert kept.any(1).all()
    assert not (kept & ~present).any()
    assert kept.sum() < present.sum()
    assert set(score.unique().tolist()) <= {0.5, 1.0}
    assert out.shape == rays.shape


def test_jitter_is_as_large_as_asked_for():
    torch.manual_seed(0)
    rays, present = torch.zeros(256, 16, 21, 2), torch.ones(256, 16, dtype=torch.bool)
    noise = NoiseAugmentation(true_share=0, clean_share=0, jitter=0.01, sway=0, breathing=0, strangers=0)
    out, _, _ = noise(rays, rays, present, present, torch.ones(256, 16))
    spread = out.flatten(1).std(1)
    assert spread.max() < 0.011
    assert 0.004 < spread.mean() < 0.006


def test_clips_without_ground_truth_are_refused(tmp_path, store):
    empty = ClipStore.create(tmp_path / "store", count=1, size=128, fps=8, source="video")
    record = store.read(0)
    from dataclasses import replace

    empty.write(0, replace(record, joints_world_m=None))
    with pytest.raises(StoreError, match="no ground truth"):
        StoreHands.read(empty, np.arange(1))
    with pytest.raises(StoreError, match="no clip"):
        StoreHands.read(empty, np.arange(0))


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match="steps"):
        LifterTraining(steps=0)
