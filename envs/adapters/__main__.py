"""``python -m ivg.envs.adapters``: which simulators there are, which are installed, and how each looks."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import gymnasium
import numpy as np
from PIL import Image

from ..errors import EnvsError
from . import SIMULATORS, Simulator, register_simulators

SHOWN = (
    "robosuite/Lift",
    "robosuite/Stack",
    "robosuite/Door",
    "robosuite/PickPlaceCan",
    "franka-kitchen",
    "metaworld/drawer-open",
    "metaworld/pick-place",
    "metaworld/button-press",
)


def main() -> None:
    """Print the list, or draw the sheet."""
    parser = argparse.ArgumentParser(prog="python -m ivg.envs.adapters", description=__doc__)
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write a picture of the first frames of some")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the scenes (default: 0)")
    options = parser.parse_args()
    if options.sheet is None:
        print("\n".join(_line(simulator) for simulator in SIMULATORS.values()))
        return
    missing = [name for name in SHOWN if not _installed(SIMULATORS[name])]
    if missing:
        parser.error(f"not installed: {', '.join(missing)}; docs/simulators.md says how")
    register_simulators()
    try:
        sheet = draw_grid(SHOWN, options.seed)
    except EnvsError as error:
        parser.error(str(error))
    options.sheet.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(options.sheet)
    print(options.sheet)


def draw_grid(names: tuple[str, ...], seed: int, columns: int = 4, size: int = 192) -> np.ndarray:
    """Return the first frames of simulators side by side.

    Args:
        names: Keys of `SIMULATORS`, a multiple of `columns`.
        seed: Of the scenes.
        columns: Pictures in a row.
        size: Side of one picture, px.

    Returns:
        uint8 `(rows * size, columns * size, 3)`.
    """
    frames = []
    for name in names:
        env = gymnasium.make(SIMULATORS[name].id, camera_size=size, disable_env_checker=True)
        frames.append(env.reset(seed=seed)[0]["image"])
        env.close()
    rows = [np.concatenate(frames[start : start + columns], axis=1) for start in range(0, len(frames), columns)]
    return np.concatenate(rows, axis=0)


def _line(simulator: Simulator) -> str:
    state = "" if _installed(simulator) else f"   pip install {simulator.install}"
    return f"{simulator.name:<36}{simulator.id:<46}{simulator.sentence}{state}"


def _installed(simulator: Simulator) -> bool:
    return importlib.util.find_spec(simulator.package) is not None


if __name__ == "__main__":
    main()
