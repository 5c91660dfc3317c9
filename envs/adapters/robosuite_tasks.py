"""robosuite's own tasks: Lift, Stack, Door, PickPlaceCan, with a Panda."""

from typing import Any

from ..rendering import load_mujoco, scene_option

load_mujoco()

import mujoco  # noqa: E402 (it chooses its OpenGL when it is imported)
import numpy as np  # noqa: E402

from ..errors import unknown_option  # noqa: E402
from ..interface import ArmState  # noqa: E402
from ..panda import panda_settings, panda_state  # noqa: E402 (it imports robosuite without its warnings)
from .base import AdaptedEnv, AdaptedTask, Viewpoint  # noqa: E402

# isort: split
import robosuite  # noqa: E402

_TASKS = {
    "Lift": AdaptedTask.of("lift the cube; pick up the cube", "lift pick raise grab", "cube block"),
    "Stack": AdaptedTask.of(
        "stack the red cube on the green cube; stack the cubes", "stack put place set pile", "cube block"
    ),
    "Door": AdaptedTask.of("open the door", "open pull push", "door"),
    "PickPlaceCan": AdaptedTask.of(
        "put the can in the bin; pick up the can and place it in the bin",
        "put place drop move transfer",
        "can tin",
        "bin box compartment",
    ),
}
_VIEWPOINTS = {  # across the table from the robot, as in the kitchen; the door is seen from the side of its handle
    "Lift": Viewpoint((0.0, 0.0, 0.85), 0.85, 180.0, -45.0, 37.0),
    "Stack": Viewpoint((0.0, 0.0, 0.85), 0.85, 180.0, -45.0, 37.0),
    "Door": Viewpoint((-0.12, -0.33, 1.05), 0.9, -110.0, -30.0, 50.0),
    "PickPlaceCan": Viewpoint((0.12, 0.0, 0.85), 1.05, 180.0, -50.0, 50.0),
}


class RobosuiteEnv(AdaptedEnv):
    """Lift, Stack, Door or PickPlaceCan with a Panda under robosuite's OSC_POSE: the kitchen's own action.

    World frame: robosuite's, whose tables stand 0.8 m above its floor. Success is robosuite's own predicate. Arguments
    other than the name are those of `AdaptedEnv`; a value out of its range raises an `EnvsError`.
    """

    def __init__(self, name: str, task: str | None = None, *, horizon: int = 400, **settings: Any) -> None:
        if name not in _TASKS:
            raise unknown_option("robosuite task", name, _TASKS)
        super().__init__({name: _TASKS[name]}, _VIEWPOINTS[name], task, horizon=horizon, **settings)
        self._simulation = robosuite.make(name, **panda_settings(horizon))
        self._robot = self._simulation.robots[0]

    def _physics(self) -> tuple[mujoco.MjModel, mujoco.MjData]:
        return self._simulation.sim.model._model, self._simulation.sim.data._data

    def _draw_option(self) -> mujoco.MjvOption:
        return scene_option()

    def _restart(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self._simulation.rng = generator
        for sampler in _with_parts(self._simulation.placement_initializer):
            sampler.rng = generator
        self._simulation.reset()

    def _advance(self, action: np.ndarray) -> None:
        self._simulation.step(action)

    def _done(self, task: str) -> bool:
        return bool(self._simulation._check_success())

    def _arm(self) -> ArmState:
        return panda_state(self._robot, self.mj_model, self.mj_data)


def _with_parts(sampler: Any) -> list[Any]:
    parts = getattr(sampler, "samplers", {})
    return [sampler, *(inner for part in parts.values() for inner in _with_parts(part))]
