"""A kitchen scene as numbers: sizes, colours, positions, camera and light, drawn from a task and a seed.

`sample_scene` draws, `apply_scene` writes a scene into any compiled model that contains the kitchen. Both the
environment and the human demonstrator use them, so that both show the same pixels.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from ..state import CARROT_PITCH_M, CARROT_SEGMENTS, STAIN_SPOTS
from .appearance import draw_colours, paint
from .layout import Placement, draw_layout
from .sizes import carrot_slope, draw_sizes, resize

_AWAY_Z = -0.57  # What a scene lacks floats below the counter, out of view and of contact


@dataclass(frozen=True)
class KitchenScene:
    """One kitchen."""

    task: str  # Name of the task that the scene is laid out for
    seed: int  # What it was drawn from
    sizes: dict[str, float]  # Name to length in metres, see `sizes.draw_sizes`
    colours: dict[str, tuple[float, float, float]]  # Geom-name prefix to RGB in [0, 1], see `appearance.draw_colours`
    counter: str  # Name of the counter's material
    objects: dict[str, Placement]  # Name to placement, fixtures and free objects alike; an absent object has none
    drawer_open_m: float  # How far the drawer stands open, m
    spoon_xy_m: tuple[float, float] | None  # The spoon's offset in the pot, m; None where there is no spoon
    stains_xy_m: np.ndarray | None  # Centres of the stain's spots on the counter, `(8, 2)` m; None where it is clean
    camera_position: tuple[float, float, float]  # Egocentric camera, m
    camera_target: tuple[float, float, float]  # What it looks at, m
    lamp_position: tuple[float, float, float]  # The lamp, m
    brightness: float  # Factor of the lamp and the ambient light


def sample_scene(task: str, seed: int) -> KitchenScene:
    """Draw a scene that a task (a key of `tasks.TASKS`) can be done in; the same non-negative seed gives the same."""
    rng = np.random.default_rng([seed, sum(ord(c) * 31**i for i, c in enumerate(task)) % (2**31)])
    sizes = draw_sizes(rng)
    layout = draw_layout(task, sizes, rng)
    colours = draw_colours(rng)
    camera = np.array([-0.30, 0.0, 0.62]) + rng.uniform(-0.012, 0.012, 3)
    target = np.array([0.145, 0.0, 0.0]) + rng.uniform(-0.01, 0.01, 3) * [1, 1, 0]
    lamp = np.array([0.25, 0.2, 1.2]) + rng.uniform(-0.35, 0.35, 3) * [1, 1, 0.5]
    return KitchenScene(
        task=task,
        seed=seed,
        sizes=sizes,
        colours=colours,
        counter=str(rng.choice(["counter_oak", "counter_walnut", "counter_stone"])),
        objects=layout.objects,
        drawer_open_m=layout.drawer_open_m,
        spoon_xy_m=layout.spoon_xy_m,
        stains_xy_m=layout.stains_xy_m,
        camera_position=tuple(camera.tolist()),
        camera_target=tuple(target.tolist()),
        lamp_position=tuple(lamp.tolist()),
        brightness=float(rng.uniform(0.9, 1.08)),
    )


def apply_scene(model: mujoco.MjModel, data: mujoco.MjData, scene: KitchenScene) -> None:
    """Write a scene into a model that contains the kitchen, and its data; everything else (the robot) stays as it is.

    The caller runs ``mj_forward`` afterwards. Velocities of the kitchen's joints are set to zero.
    """
    resize(model, scene.sizes)
    paint(model, scene.colours, scene.counter)
    _place_fixtures(model, scene)
    _place_objects(model, data, scene)
    _place_stains(model, scene)
    _aim_camera(model, scene)
    model.light("lamp").pos = scene.lamp_position
    lamp = np.array(scene.lamp_position)
    model.light("lamp").dir = (np.array([0.18, 0.0, 0.0]) - lamp) / np.linalg.norm(lamp)
    model.light("lamp").diffuse = np.array([0.5, 0.5, 0.48]) * scene.brightness
    model.vis.headlight.ambient = np.full(3, 0.42) * scene.brightness
    model.vis.headlight.diffuse = np.full(3, 0.28) * scene.brightness
    model.vis.headlight.specular = np.full(3, 0.05)


def yaw_quaternion(yaw_rad: float) -> np.ndarray:
    """Return the quaternion (wxyz) of a turn about z."""
    return np.array([np.cos(yaw_rad / 2), 0.0, 0.0, np.sin(yaw_rad / 2)])


def set_free_joint(data: mujoco.MjData, name: str, position: np.ndarray, quaternion: np.ndarray) -> None:
    """Put a free body at a pose, at rest."""
    joint = data.joint(name)
    joint.qpos[:] = np.concatenate([position, quaternion])
    joint.qvel[:] = 0.0


def set_carrot(data: mujoco.MjData, centre: np.ndarray, yaw_rad: float, slope_rad: float = 0.0) -> None:
    """Put the whole carrot, its middle segment at `centre`, (3,) m.

    Its axis (y at yaw 0) is rotated by `yaw_rad` about z, its thick end (+y) raised by `slope_rad`: a lying carrot is a
    cone, see `sizes.carrot_slope`.
    """
    turn = np.zeros(4)
    mujoco.mju_mulQuat(turn, yaw_quaternion(yaw_rad), np.array([np.cos(slope_rad / 2), np.sin(slope_rad / 2), 0, 0]))
    axis = np.zeros(3)
    mujoco.mju_rotVecQuat(axis, np.array([0.0, 1.0, 0.0]), turn)
    for i in range(CARROT_SEGMENTS):
        along = (i - CARROT_SEGMENTS // 2) * CARROT_PITCH_M
        set_free_joint(data, f"carrot_{i}_joint", centre + axis * along, turn)


def _place_fixtures(model: mujoco.MjModel, scene: KitchenScene) -> None:
    for i, name in enumerate(("board", "knife_rest", "stove", "drawer_unit")):
        placement = scene.objects.get(name)
        body = model.body(name)
        body.pos = placement.position if placement else (-0.5, -0.6 + 0.4 * i, _AWAY_Z)
        body.quat = yaw_quaternion(placement.yaw_rad if placement else 0.0)


def _place_objects(model: mujoco.MjModel, data: mujoco.MjData, scene: KitchenScene) -> None:
    for i, name in enumerate(("knife", "mug", "plate", "pot", "sponge")):
        placement = scene.objects.get(name)
        position = np.array(placement.position) if placement else np.array([-0.25, -0.6 + 0.3 * i, _AWAY_Z])
        set_free_joint(data, f"{name}_joint", position, yaw_quaternion(placement.yaw_rad if placement else 0.0))
        for body in (name, "spoon") if name == "pot" else (name,):
            model.body_gravcomp[model.body(body).id] = 0.0 if placement else 1.0
    _place_carrot(model, data, scene)
    has_spoon = scene.spoon_xy_m is not None
    for geom in ("spoon_stick", "spoon_knob"):
        model.geom(geom).rgba[3] = 1.0 if has_spoon else 0.0
    model.geom("spoon_stick").contype = model.geom("spoon_stick").conaffinity = 1 if has_spoon else 0
    values = dict(zip(("spoon_x", "spoon_y"), scene.spoon_xy_m or (0.0, 0.0), strict=True))
    values |= {"drawer_slide": scene.drawer_open_m, "knob_hinge": 0.0}
    for name, value in values.items():
        data.joint(name).qpos[0] = value
        data.joint(name).qvel[0] = 0.0


def _place_carrot(model: mujoco.MjModel, data: mujoco.MjData, scene: KitchenScene) -> None:
    """Lay the carrot down in one piece; where there is none, its segments float apart."""
    carrot = scene.objects.get("carrot")
    if carrot:
        set_carrot(data, np.array(carrot.position), carrot.yaw_rad, carrot_slope(scene.sizes["carrot_radius"]))
    for i in range(CARROT_SEGMENTS):
        model.body_gravcomp[model.body(f"carrot_{i}").id] = 0.0 if carrot else 1.0
        if not carrot:
            set_free_joint(data, f"carrot_{i}_joint", np.array([-0.75, 0.1 * i, _AWAY_Z]), yaw_quaternion(0.0))
    for i in range(CARROT_SEGMENTS - 1):
        data.eq_active[model.equality(f"carrot_weld_{i}").id] = bool(carrot)


def _place_stains(model: mujoco.MjModel, scene: KitchenScene) -> None:
    parked = np.tile([0.1, 0.0], (STAIN_SPOTS, 1))
    places = parked if scene.stains_xy_m is None else scene.stains_xy_m
    for i, place in enumerate(places):
        model.body(f"stain_{i}").pos = (*place, _AWAY_Z if scene.stains_xy_m is None else 0.0)
        model.geom(f"stain_{i}").rgba[3] = 0.0 if scene.stains_xy_m is None else 1.0


def _aim_camera(model: mujoco.MjModel, scene: KitchenScene) -> None:
    """Point the egocentric camera; MuJoCo cameras look along -z with y up."""
    position = np.array(scene.camera_position)
    forward = np.array(scene.camera_target) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.stack([right, np.cross(right, forward), -forward], axis=1).ravel())
    model.camera("egocentric").pos = position
    model.camera("egocentric").quat = quaternion
