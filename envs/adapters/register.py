"""Which simulators there are, by which gymnasium id, and what has to be installed for each."""

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import gymnasium
import numpy as np

from ..errors import EnvsError
from .metaworld_tasks import METAWORLD_SENTENCES


@dataclass(frozen=True)
class Simulator:
    """An environment of another project behind our interface."""

    name: str  # As ``--env`` takes it, such as ``"robosuite/Lift"``
    id: str  # The gymnasium id
    sentence: str  # A task that it scores, as a person asks for it
    entry_point: str  # Module and class
    settings: dict[str, str] = field(default_factory=dict)  # Arguments of its class besides the user's
    package: str = "robosuite"  # The module that it needs
    install: str | None = None  # Arguments of pip that install it; None where it comes with ivg

    @property
    def installed(self) -> bool:
        """Whether its package is there."""
        return importlib.util.find_spec(self.package) is not None


_ROBOSUITE = {
    "Lift": "lift the cube",
    "Stack": "stack the red cube on the green cube",
    "Door": "open the door",
    "PickPlaceCan": "put the can in the bin",
}


def _simulators() -> Iterator[Simulator]:
    module = "ivg.envs.adapters"
    for task, sentence in _ROBOSUITE.items():
        entry = f"{module}.robosuite_tasks:RobosuiteEnv"
        yield Simulator(f"robosuite/{task}", f"ivg/robosuite-{task}-v0", sentence, entry, {"name": task})
    kitchen = ("franka-kitchen", "ivg/FrankaKitchen-v0", "open the microwave")
    entry, install = f"{module}.franka_kitchen:FrankaKitchenEnv", '"ivg[franka-kitchen]"'
    yield Simulator(*kitchen, entry, package="gymnasium_robotics", install=install)
    for task, sentence in METAWORLD_SENTENCES.items():
        name, entry = (f"metaworld/{task}", f"ivg/MetaWorld-{task}-v0"), f"{module}.meta_world:MetaWorldEnv"
        yield Simulator(*name, sentence, entry, {"name": task}, "metaworld", '"ivg[metaworld]"')


# All of them, by the name that ``--env`` takes
SIMULATORS: dict[str, Simulator] = {simulator.name: simulator for simulator in _simulators()}


def check_installed(simulator: Simulator) -> None:
    """Raise an `EnvsError` with the command that installs it where a simulator's package is missing."""
    if not simulator.installed:
        raise EnvsError(
            f"environment {simulator.name!r} needs the package '{simulator.package}', which is not installed: "
            f"pip install {simulator.install or simulator.package} (docs/simulators.md says what goes together)."
        )


def register_simulators() -> None:
    """Register every id with gymnasium; nothing is imported until one is made."""
    for simulator in SIMULATORS.values():
        if simulator.id not in gymnasium.registry:
            gymnasium.register(id=simulator.id, entry_point=simulator.entry_point, kwargs=dict(simulator.settings))


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
    """Return the first frames of simulators (keys of `SIMULATORS`, a multiple of `columns`) side by side.

    They are uint8 `(rows * size, columns * size, 3)`. An `EnvsError` if one is not installed.
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
