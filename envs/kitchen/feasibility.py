"""Which tasks a scene allows besides the one that it was laid out for."""

from __future__ import annotations

import numpy as np

from .scene import KitchenScene, sample_scene
from .tasks import TASKS

_OBJECTS = {
    "cut_carrot": {"carrot", "knife"},
    "carrot_to_pot": {"carrot", "pot"},
    "open_drawer": {"drawer_unit"},
    "close_drawer": {"drawer_unit"},
    "turn_on_stove": {"stove"},
    "mug_to_plate": {"mug", "plate"},
    "push_plate": {"plate"},
    "wipe_counter": {"sponge"},
    "stir_pot": {"pot"},
}


def feasible_tasks(scene: KitchenScene) -> list[str]:
    """Return the tasks that the scene has everything for, in the order of `TASKS`."""
    ready = {
        "open_drawer": scene.drawer_open_m == 0,
        "close_drawer": scene.drawer_open_m > 0,
        "wipe_counter": scene.stains_xy_m is not None,
        "stir_pot": scene.spoon_xy_m is not None,
    }
    return [task for task in TASKS if _OBJECTS[task] <= set(scene.objects) and ready.get(task, True)]


def sample_foreign_scene(task: str, seed: int) -> KitchenScene | None:
    """Draw a scene laid out for another task in which `task` can be done as well.

    Without such scenes in its training clips a model need not read the text: the layout gives the task away.

    Args:
        task: A key of `tasks.TASKS`.
        seed: Non-negative; the same task and seed give the same scene.

    Returns:
        The scene, or None if no other task's scene with this seed has what it takes.
    """
    others = [other for other in TASKS if other != task]
    order = np.random.default_rng([seed, *task.encode()]).permutation(len(others))
    for number in order:
        scene = sample_scene(others[number], seed)
        if task in feasible_tasks(scene):
            return scene
    return None
