"""When the kitchen's tasks are done."""

import numpy as np

from .scene.scene import KitchenScene
from .state import KitchenState


def cut(state: KitchenState, scene: KitchenScene) -> bool:
    """A joint of the carrot is cut."""
    return "carrot" in scene.objects and bool(state.carrot_parted.any())


def carrot_in_pot(state: KitchenState, scene: KitchenScene) -> bool:
    """Carrot's centre inside the pot's wall, below its rim."""
    offset = state.carrot_pos_world_m.mean(axis=0) - state.position("pot")
    inside = np.hypot(offset[0], offset[1]) <= scene.sizes["pot_radius"]
    return bool(inside and 0.0 <= offset[2] <= scene.sizes["pot_height"] + 0.01)


def drawer_open(state: KitchenState, scene: KitchenScene) -> bool:
    """The drawer stands open by 8 cm or more."""
    return state.drawer_slide_m >= 0.08


def drawer_closed(state: KitchenState, scene: KitchenScene) -> bool:
    """The drawer stands open by no more than 12 mm."""
    return state.drawer_slide_m <= 0.012


def stove_on(state: KitchenState, scene: KitchenScene) -> bool:
    """The knob is turned by 1.2 rad or more."""
    return state.knob_angle_rad >= 1.2


def mug_on_plate(state: KitchenState, scene: KitchenScene) -> bool:
    """Mug upright, its axis within 60 % of the plate's radius, its bottom on the plate."""
    offset = state.position("mug") - state.position("plate")
    over = np.hypot(offset[0], offset[1]) <= 0.6 * scene.sizes["plate_radius"]
    gap = offset[2] - scene.sizes["mug_height"] / 2 - scene.sizes["plate_thickness"]
    return bool(over and abs(gap) <= 0.012 and state.upright("mug") > 0.95)


def plate_pushed(state: KitchenState, scene: KitchenScene) -> bool:
    """Plate moved at least 6 cm away from the person, still flat on the counter."""
    start = np.array(scene.objects["plate"].position)
    moved = state.position("plate") - start
    return bool(moved[0] >= 0.06 and abs(moved[2]) <= 0.02 and state.upright("plate") > 0.95)


def counter_wiped(state: KitchenState, scene: KitchenScene) -> bool:
    """At least three quarters of the stain's spots wiped off."""
    return bool(state.stains_wiped.mean() >= 0.75)


def pot_stirred(state: KitchenState, scene: KitchenScene) -> bool:
    """The spoon went round the pot's centre at least once."""
    return abs(state.stirred_rad) >= 2 * np.pi
