"""The fetched networks. Their shapes are tested with random weights; what they answer, where they have been fetched.

The known answers were computed by other implementations of the same networks: FID's features by the TorchScript file
itself, I3D's logits and LPIPS by the archives' own flax code (flax 0.11.2, jax 0.7.1) on the CPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ivg.errors import InputError
from ivg.metrics.networks.fetch import load, network_file
from ivg.metrics.networks.i3d import I3D
from ivg.metrics.networks.inception import Inception
from ivg.metrics.networks.lpips import Lpips


def fetched(name: str) -> Any:
    if not network_file(name).exists():
        pytest.skip(f"{name} has not been fetched: ivg-eval fetch-networks {name}")
    return load(name)


def noise(*shape: int, low: float = -1.0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(low, 1, shape).astype(np.float32))


def test_counts_of_parameters() -> None:
    """Those of the published networks, their batch norms folded into the biases, their unused heads left out."""
    counts = [sum(p.numel() for p in net().parameters()) for net in (Inception, I3D, Lpips)]
    assert counts == [21_768_352, 12_689_984, 2_470_848]


@torch.no_grad()
def test_i3d_pads_as_tensorflow_does() -> None:
    """15 frames of 224 px come out as 8 x 112, 8 x 28, 4 x 14 and 2 x 7 on their way; 9 frames are enough."""
    from ivg.metrics.networks.i3d import _pad_same

    x = torch.ones(1, 1, 15, 224, 224)
    assert _pad_same(x, (7, 7, 7), (2, 2, 2)).shape[2:] == (21, 229, 229)
    assert _pad_same(x, (1, 3, 3), (1, 2, 2)).shape[2:] == (15, 225, 225)
    assert _pad_same(x, (7, 7, 7), (2, 2, 2))[0, 0, 3, 2].sum() == 224, "the odd one comes at the end"
    with pytest.raises(InputError, match="at least 9 frames, got 8"):
        I3D()(torch.zeros(1, 3, 8, 224, 224))


def test_lpips_is_zero_for_equal_pictures_and_the_same_both_ways() -> None:
    torch.manual_seed(0)
    network = Lpips()
    for weight in network.weights:
        torch.nn.init.uniform_(weight)
    one, other = (torch.randint(0, 256, (2, 40, 36, 3), dtype=torch.uint8) for _ in range(2))
    assert network.distances(one, one).tolist() == [0, 0]
    assert (network.distances(one, other) > 0).all()
    torch.testing.assert_close(network.distances(one, other), network.distances(other, one))
    with pytest.raises(InputError, match="at least 32 px"):
        network.distances(one[:, :30], other[:, :30])


@torch.no_grad()
def test_inception_gives_the_torchscripts_features() -> None:
    features = fetched("inception")(noise(1, 3, 299, 299))
    assert features.shape == (1, 2048)
    np.testing.assert_allclose(
        features[0, :6], [0.2052151, 0.0005540, 0.2292078, 0.0067652, 0.0209580, 0.0000000], rtol=1e-4, atol=1e-5
    )


@pytest.mark.slow
@torch.no_grad()
def test_i3d_gives_the_flax_networks_logits() -> None:
    logits = fetched("i3d")(noise(2, 15, 224, 224, 3).permute(0, 4, 1, 2, 3)[:1])
    assert logits.shape == (1, 400)
    expected = [0.44912302, 3.8102891, 1.8099606, 2.8053439, -1.2046027, 2.4284663]
    np.testing.assert_allclose(logits[0, :6], expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_lpips_gives_the_flax_networks_distances() -> None:
    network = fetched("lpips")
    known = np.random.default_rng(1)
    one = known.uniform(-1, 1, (4, 64, 64, 3)).astype(np.float32)
    other = np.clip(one + known.normal(0, 0.3, one.shape), -1, 1).astype(np.float32)
    distances = network(*(torch.from_numpy(frames).permute(0, 3, 1, 2) for frames in (one, other)))
    np.testing.assert_allclose(distances, [0.0443709, 0.0249866, 0.0295454, 0.0251986], rtol=1e-4)
