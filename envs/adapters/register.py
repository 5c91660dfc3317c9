"""Which simulators there are, by which gymnasium id, and what has to be installed for each."""

import importlib.util
from dataclasses import dataclass, field

import gymnasium

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


def _simulators() -> list[Simulator]:
    module = "ivg.envs.adapters"
    return [
        *(
            Simulator(
                f"robosuite/{task}",
                f"ivg/robosuite-{task}-v0",
                sentence,
                f"{module}.robosuite_tasks:RobosuiteEnv",
                {"name": task},
            )
            for task, sentence in _ROBOSUITE.items()
        ),
        Simulator(
            "franka-kitchen",
            "ivg/FrankaKitchen-v0",
            "open the microwave",
            f"{module}.franka_kitchen:FrankaKitchenEnv",
            package="gymnasium_robotics",
            install='"ivg[franka-kitchen]"',
        ),
        *(
            Simulator(
                f"metaworld/{task}",
                f"ivg/MetaWorld-{task}-v0",
                sentence,
                f"{module}.meta_world:MetaWorldEnv",
                {"name": task},
                package="metaworld",
                install='"ivg[metaworld]"',
            )
            for task, sentence in METAWORLD_SENTENCES.items()
        ),
    ]


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
