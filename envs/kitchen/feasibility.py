"""Which tasks a scene allows besides the one that it was laid out for."""

import numpy as np

from .scene.scene import KitchenScene, sample_scene
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
_PUSH_M = 0.07
# How far before its origin, and to the sides of it, a body takes room on the counter, m
_IN_THE_WAY = {
    "drawer_unit": (0.125, 0.10),
    "stove": (0.095, 0.085),
    "pot": (0.09, 0.09),
    "mug": (0.04, 0.06),
    "board": (0.11, 0.12),
    "sponge": (0.04, 0.05),
    "knife_rest": (0.05, 0.04),
}


def feasible_tasks(scene: KitchenScene) -> list[str]:
    """Return the tasks that the scene has everything for, and room, in the order of `TASKS`."""
    ready = {
        "push_plate": scene.task == "push_plate" or _room_behind_plate(scene),
        "open_drawer": scene.drawer_open_m == 0,
        "close_drawer": scene.drawer_open_m > 0,
        "wipe_counter": scene.stains_xy_m is not None,
        "stir_pot": scene.spoon_xy_m is not None,
    }
    return [task for task in TASKS if _OBJECTS[task] <= set(scene.objects) and ready.get(task, True)]


def _room_behind_plate(scene: KitchenScene) -> bool:
    """Whether the plate can be pushed away from the person without touching what stands there."""
    plate = scene.objects.get("plate")
    if plate is None:
        return False
    radius = scene.sizes["plate_radius"]
    x, y, _ = plate.position
    edge = x + _PUSH_M + radius
    for name, (depth, half_width) in _IN_THE_WAY.items():
        other = scene.objects.get(name)
        if other is None or other.position[0] < x:
            continue
        if abs(other.position[1] - y) < radius + half_width and edge + depth > other.position[0]:
            return False
    return True


def sample_foreign_scene(task: str, seed: int) -> KitchenScene | None:
    """Draw a scene laid out for another task in which `task` can be done as well; None if this seed has none.

    Without such scenes in its training clips a model need not read the text: the layout gives the task away. The same
    task and seed (non-negative) give the same scene.
    """
    others = [other for other in TASKS if other != task]
    order = np.random.default_rng([seed, *task.encode()]).permutation(len(others))
    for number in order:
        scene = sample_scene(others[number], seed)
        if task in feasible_tasks(scene):
            return scene
    return None
