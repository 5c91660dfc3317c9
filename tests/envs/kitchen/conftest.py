"""One kitchen for the tests that only read it or reset it: making one takes two seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ivg.envs.kitchen.env import KitchenEnv


@pytest.fixture(scope="session")
def kitchen() -> Iterator[KitchenEnv]:
    """A kitchen with a 64 px camera."""
    env = KitchenEnv(camera_size=64)
    env.reset(seed=0)
    yield env
    env.close()
