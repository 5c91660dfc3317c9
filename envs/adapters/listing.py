"""Which simulators there are, and how they look."""

from collections.abc import Sequence

import gymnasium
import numpy as np

from .register import SIMULATORS, check_installed, register_simulators

# Simulators of the documentation's image
SHOWN = (
    *("robosuite/Lift", "robosuite/Stack", "robosuite/Door", "robosuite/PickPlaceCan"),
    *("franka-kitchen", "metaworld/drawer-open", "metaworld/pick-place", "metaworld/button-press"),
)


def list_simulators() -> list[str]:
    """Return a line for each simulator: its name and id, a sentence, and how to install it where it is missing."""
    return [
        f"{simulator.name:<36}{simulator.id:<46}{simulator.sentence}"
        + ("" if simulator.installed else f"   pip install {simulator.install}")
        for simulator in SIMULATORS.values()
    ]


def draw_simulators(names: Sequence[str] = SHOWN, seed: int = 0, columns: int = 4, size: int = 192) -> np.ndarray:
    """Return the first frames of simulators side by side, uint8 `(rows * size, columns * size, 3)`.

    Args:
        names: Keys of `SIMULATORS`, a multiple of `columns`.
        seed: Of the scenes.
        columns: Images in a row.
        size: Side of one image, px.

    Raises:
        EnvsError: If one is not installed.
    """
    for name in names:
        check_installed(SIMULATORS[name])
    register_simulators()
    frames = []
    for name in names:
        env = gymnasium.make(SIMULATORS[name].id, camera_size=size, disable_env_checker=True)
        frames.append(env.reset(seed=seed)[0]["image"])
        env.close()
    rows = [np.concatenate(frames[start : start + columns], axis=1) for start in range(0, len(frames), columns)]
    return np.concatenate(rows, axis=0)
