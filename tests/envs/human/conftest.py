"""One demonstrator for all tests: compiling its model takes two seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ivg.envs.human.clip import HumanClip
from ivg.envs.human.demonstrator import HumanDemonstrator
from ivg.envs.kitchen.tasks import TASKS


@pytest.fixture(scope="session")
def demonstrator() -> Iterator[HumanDemonstrator]:
    """A demonstrator with 96 px frames."""
    made = HumanDemonstrator(size=96)
    yield made
    made.close()


@pytest.fixture(scope="session")
def clips(demonstrator: HumanDemonstrator) -> dict[str, HumanClip]:
    """One clip of every task; which hand acts differs."""
    return {task: demonstrator.render(task, 11 + index) for index, task in enumerate(TASKS)}
