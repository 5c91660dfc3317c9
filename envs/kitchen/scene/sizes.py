"""How large the kitchen's objects are, drawn from the seed and written into a compiled model."""

import mujoco
import numpy as np

from ..state import CARROT_PITCH_M, CARROT_SEGMENTS, POT_WALLS

_RANGES_M = {
    "carrot_radius": (0.0115, 0.0145),
    "mug_radius": (0.031, 0.036),
    "mug_height": (0.075, 0.09),
    "plate_radius": (0.072, 0.088),
    "plate_thickness": (0.016, 0.016),
    "pot_radius": (0.062, 0.072),
    "pot_height": (0.05, 0.062),
    "sponge_length": (0.085, 0.098),
    "sponge_width": (0.056, 0.066),
    "board_length": (0.19, 0.225),
    "board_width": (0.135, 0.16),
}
BOARD_THICKNESS_M = 0.012
SPONGE_HEIGHT_M = 0.028


def draw_sizes(rng: np.random.Generator) -> dict[str, float]:
    """Draw every size, m; widths and heights are whole, radii are radii."""
    return {name: float(rng.uniform(low, high)) for name, (low, high) in _RANGES_M.items()}


def carrot_radii(radius: float) -> np.ndarray:
    """Return the radii of the carrot's segments from its thin end, `(5,)` m."""
    return radius * np.linspace(0.68, 1.0, CARROT_SEGMENTS)


def carrot_slope(radius: float) -> float:
    """Return the angle between a lying carrot's axis and the ground, rad, for its largest radius, m."""
    radii = carrot_radii(radius)
    return float(np.arcsin((radii[-1] - radii[0]) / (CARROT_PITCH_M * (CARROT_SEGMENTS - 1))))


def resize(model: mujoco.MjModel, sizes: dict[str, float]) -> None:
    """Write sizes into the model's geoms, with their bounding spheres and boxes."""
    _resize_carrot(model, sizes["carrot_radius"])
    _resize_mug(model, sizes["mug_radius"], sizes["mug_height"])
    _resize_pot(model, sizes["pot_radius"], sizes["pot_height"])
    radius = sizes["plate_radius"]
    _set(model, "plate_rim", (radius, 0.008, 0))
    _set(model, "plate_well", (0.68 * radius, 0.0006, 0))
    length, width = sizes["sponge_length"] / 2, sizes["sponge_width"] / 2
    _set(model, "sponge_foam", (length, width, SPONGE_HEIGHT_M / 2))
    _set(model, "sponge_scourer", (length + 0.0003, width + 0.0003, 0.004))
    _set(model, "board_top", (sizes["board_width"] / 2, sizes["board_length"] / 2, BOARD_THICKNESS_M / 2))


def _set(
    model: mujoco.MjModel,
    name: str,
    size: tuple[float, float, float],
    position: tuple[float, float, float] | None = None,
    quaternion: np.ndarray | None = None,
) -> None:
    """Write a primitive's size and place, and the bounds that collision detection and rendering rely on."""
    geom = model.geom(name)
    geom.size = size
    if position is not None:
        geom.pos = position
    if quaternion is not None:
        geom.quat = quaternion
    model.geom_sameframe[geom.id] = 0  # else MuJoCo goes on using the body's frame where compilation found them equal
    kind = int(geom.type[0])
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        half, bound = np.array(size), float(np.linalg.norm(size))
    elif kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        half, bound = np.array([size[0], size[0], size[1]]), float(np.hypot(size[0], size[1]))
    elif kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        half, bound = np.array([size[0], size[0], size[0] + size[1]]), size[0] + size[1]
    else:
        half, bound = np.array(size), max(size)
    model.geom_rbound[geom.id] = bound
    model.geom_aabb[geom.id] = np.concatenate([np.zeros(3), half])


def _set_capsule(model: mujoco.MjModel, name: str, start: np.ndarray, end: np.ndarray, radius: float) -> None:
    axis = (end - start) / np.linalg.norm(end - start)
    quaternion = np.zeros(4)
    mujoco.mju_quatZ2Vec(quaternion, axis)
    middle = (start + end) / 2
    half = float(np.linalg.norm(end - start) / 2)
    _set(model, name, (radius, half, 0), (middle[0], middle[1], middle[2]), quaternion)


def _resize_carrot(model: mujoco.MjModel, radius: float) -> None:
    radii = carrot_radii(radius)
    for i, segment in enumerate(radii):
        _set(model, f"carrot_{i}_geom", (segment, CARROT_PITCH_M / 2, 0))
    _set(model, "carrot_tip", (radii[0], 0.016, radii[0]))
    _set(model, "carrot_crown", (0.93 * radius, 0.005, 0.93 * radius))


def _resize_mug(model: mujoco.MjModel, radius: float, height: float) -> None:
    half = height / 2
    _set(model, "mug_wall", (radius, half, 0))
    _set(model, "mug_inside", (radius - 0.004, 0.0006, 0), (0, 0, half))
    out, up = radius + np.array([-0.002, 0.021, 0.021, -0.002]), half * np.array([0.5, 0.42, -0.42, -0.5])
    corners = np.stack([out, np.zeros(4), up], axis=1)
    for i in range(3):
        _set_capsule(model, f"mug_handle_{i}", corners[i], corners[i + 1], 0.0055)


def _resize_pot(model: mujoco.MjModel, radius: float, height: float) -> None:
    _set(model, "pot_bottom", (radius, 0.004, 0))
    _set(model, "pot_soup", (radius - 0.003, 0.006, 0))
    # walls end a millimetre above the ground: the bottom stands on it, and 16 boxes would make 64 more contacts
    wall = (0.003, radius * np.tan(np.pi / POT_WALLS) + 0.001, height / 2 - 0.0005)
    for i in range(POT_WALLS):
        turn = 2 * np.pi * i / POT_WALLS
        place = (radius * np.cos(turn), radius * np.sin(turn), height / 2 + 0.0005)
        _set(model, f"pot_wall_{i}", wall, place, np.array([np.cos(turn / 2), 0, 0, np.sin(turn / 2)]))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        rim, out = sign * (radius + 0.001), sign * (radius + 0.024)
        level = height - 0.012
        near, far = np.array([-0.02, rim, level]), np.array([0.02, rim, level])
        near_out, far_out = np.array([-0.017, out, level]), np.array([0.017, out, level])
        for part, start, end in (("near", near, near_out), ("far", far, far_out), ("grip", near_out, far_out)):
            _set_capsule(model, f"pot_handle_{side}_{part}", start, end, 0.0055)
