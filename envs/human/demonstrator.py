"""Renders a person's hand doing a task of the kitchen, with everything that is known about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..camera import camera_of, project
from ..errors import EnvsError
from ..kitchen.scene.appearance import show_burner
from ..kitchen.scene.scene import KitchenScene, apply_scene, sample_scene
from ..kitchen.simulation import KitchenSimulation
from ..kitchen.state import CARROT_SEGMENTS
from ..kitchen.tasks import Task, get_task
from ..rendering import make_renderer, scene_option
from .choreography import choreograph
from .clip import FIRST_OBJECT, HumanClip
from .hand.avatar import SIDES, HandAvatar, add_hands
from .hand.kinematics import HandState
from .hand.poses import gripper_pose
from .motion import FPS, NUM_FRAMES
from .plan import Plan, Stage, body_of
from .style import Style, draw_style

CAMERA = "egocentric"


@dataclass
class _Recording:
    """The arrays of a clip while it is rendered."""

    frames: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    visible: NDArray[np.float32]
    joints: NDArray[np.float32]
    gripper: NDArray[np.float32]
    objects: NDArray[np.float32]

    @classmethod
    def empty(cls, size: int) -> _Recording:
        t = NUM_FRAMES
        nan = np.float32(np.nan)
        return cls(
            frames=np.zeros((t, size, size, 3), np.uint8),
            labels=np.zeros((t, size, size), np.uint8),
            keypoints=np.full((t, 2, 21, 2), nan, np.float32),
            visible=np.zeros((t, 2), np.float32),
            joints=np.full((t, 2, 21, 3), nan, np.float32),
            gripper=np.zeros((t, 8), np.float32),
            objects=np.zeros((t, 7), np.float32),
        )


class HumanDemonstrator:
    """Renders clips of a human hand in the kitchen; one model, compiled once, serves every scene.

    The robot rests as it does after the environment's reset, so that frame 0 of a clip is the environment's own
    context picture.

    Args:
        size: side of the square frames, px.
    """

    def __init__(self, size: int = 128) -> None:
        """Compile the kitchen with both hands in it and open a renderer."""
        if not 32 <= size <= 1024:
            raise EnvsError(f"size {size}: it must be from 32 to 1024 px.")
        self.size = size
        self.model, self._rest_qpos = _compile()
        self.data = mujoco.MjData(self.model)
        self._renderer = make_renderer(self.model, size, size)
        self._option = scene_option()
        self._avatars = {side: HandAvatar(self.model, side) for side in SIDES}
        self._robot_geoms = _robot_geoms(self.model)
        self._groups = self.model.geom_group.copy()

    def render(self, task: str, seed: int, scene: KitchenScene | None = None) -> HumanClip:
        """Render one clip.

        Args:
            task: key of the kitchen's `TASKS`.
            seed: of the scene and of the performance, non-negative; the same task and seed give the same bytes.
            scene: where to act instead, for instance one laid out for another task that has what this one needs
                (see `kitchen.feasibility`); the seed is then the performance's alone.

        Raises:
            EnvsError: no task has that name, or the seed is negative.
        """
        described = get_task(task)
        if seed < 0:
            raise EnvsError(f"seed {seed}: it must not be negative.")
        stage = self.stage(task, seed, scene)
        plan = choreograph(task, stage)
        for avatar in self._avatars.values():
            avatar.dress(stage.style.shape, stage.style.skin_rgb)
        recording = self._record(plan, stage, described)
        return self._finish(recording, plan, stage, described)

    def stage(self, task: str, seed: int, scene: KitchenScene | None = None) -> Stage:
        """The scene and the style of a clip, with the simulation at rest."""
        scene = sample_scene(task, seed) if scene is None else replace(scene, task=task, seed=seed)
        self.data.qpos[:] = self._rest_qpos
        self.data.qvel[:] = 0.0
        apply_scene(self.model, self.data, scene)
        show_burner(self.model, False)
        self.update()
        return Stage(scene, self.model, self.data, draw_style(task, seed, _forced_side(scene)))

    def pose(self, plan: Plan, time: float) -> dict[str, HandState]:
        """Put hands and objects where they are at a time (frames); at 0 there are no hands, all is at rest."""
        states: dict[str, HandState] = {}
        if time > 0:
            plan.move_objects(self.model, self.data, time)
            states = {side: track.state(time) for side, track in plan.hands.items()}
        for side, avatar in self._avatars.items():
            avatar.pose(self.data, states.get(side))
        self.update()
        return states

    def update(self) -> None:
        """Bring positions, camera and lights up to date with the joints."""
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()

    def _record(self, plan: Plan, stage: Stage, task: Task) -> _Recording:
        recording = _Recording.empty(self.size)
        table = _label_table(self.model, task)
        hide_robot = False
        for frame in range(NUM_FRAMES):
            states = self.pose(plan, float(frame))
            self._option.skingroup[:] = 0
            for side in states:
                self._option.skingroup[SIDES.index(side)] = 1
            self.model.geom_group[self._robot_geoms] = 5 if hide_robot else self._groups[self._robot_geoms]
            recording.frames[frame], segments = self._picture()
            recording.labels[frame] = self._labels(segments, table)
            if frame == 0:
                hide_robot = not np.isin(segments[..., 0], self._robot_geoms).any()
            self._note(recording, frame, states, stage.style)
            acting = plan.hands[stage.style.side].state(float(frame))
            recording.gripper[frame] = gripper_pose(acting, stage.style.shape)
            body = self.data.body(body_of(task.moved[0]))
            recording.objects[frame] = np.concatenate([body.xpos, body.xquat])
        self.model.geom_group[:] = self._groups
        return recording

    def _picture(self) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        self._renderer.update_scene(self.data, CAMERA, self._option)
        frame = self._renderer.render().copy()
        self._renderer.enable_segmentation_rendering()
        segments = self._renderer.render().copy()
        self._renderer.disable_segmentation_rendering()
        return frame, segments

    def _labels(self, segments: NDArray[np.int32], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
        ids, kinds = segments[..., 0], segments[..., 1]
        is_geom = kinds == int(mujoco.mjtObj.mjOBJ_GEOM)
        labels = np.where(is_geom, table[np.where(is_geom, ids, 0)], 0).astype(np.uint8)
        for index, side in enumerate(SIDES):
            skin = (kinds == int(mujoco.mjtObj.mjOBJ_SKIN)) & (ids == self._avatars[side].skin_id)
            labels[skin] = 1 + index
        return labels

    def _note(self, recording: _Recording, frame: int, states: dict[str, HandState], style: Style) -> None:
        camera = camera_of(self.model, self.data, CAMERA, self.size, self.size)
        for side, state in states.items():
            hand = SIDES.index(side)
            points = project(camera, state.joints)
            recording.joints[frame, hand] = state.joints
            recording.keypoints[frame, hand] = points
            recording.visible[frame, hand] = _visible_share(points, recording.labels[frame] == 1 + hand)

    def _finish(self, recording: _Recording, plan: Plan, stage: Stage, task: Task) -> HumanClip:
        camera = camera_of(self.model, self.data, CAMERA, self.size, self.size)
        times = np.arange(NUM_FRAMES)
        texts = task.texts
        rng = np.random.default_rng([stage.scene.seed, 0x7E87, *task.name.encode()])
        return HumanClip(
            frames=recording.frames,
            keypoints=recording.keypoints,
            visible=recording.visible,
            joints_world_m=recording.joints,
            labels=recording.labels,
            gripper_trajectory=recording.gripper,
            object_pose=recording.objects,
            object_name=body_of(task.moved[0]),
            grasp_point_world_m=np.asarray(plan.grasp_point_world_m, np.float32),
            contact=(times >= plan.contact[0]) & (times <= plan.contact[1]),
            camera_K=camera["K"],
            T_world_camera=camera["T_world_camera"],
            skin_rgb=stage.style.skin_rgb.astype(np.float32),
            hand_scale=float(stage.style.shape.scale),
            side=stage.style.side,
            task=task.name,
            text=str(texts[rng.integers(len(texts))]),
            seed=stage.scene.seed,
            fps=FPS,
        )


def _compile() -> tuple[mujoco.MjModel, NDArray[np.float64]]:
    """The kitchen's model with the hands added, and the joint positions after the environment's reset."""
    simulation = KitchenSimulation()
    simulation.reset()
    plain = simulation.sim.model._model
    qpos = simulation.sim.data._data.qpos.copy()
    spec = mujoco.MjSpec.from_string(simulation.kitchen_xml())
    add_hands(spec)
    model = spec.compile()
    model.stat.extent, model.stat.center[:] = plain.stat.extent, plain.stat.center
    model.stat.meansize, model.stat.meanmass = plain.stat.meansize, plain.stat.meanmass
    simulation.close()
    return model, qpos


def _robot_geoms(model: mujoco.MjModel) -> NDArray[np.int64]:
    prefixes = ("robot", "gripper", "mount", "fixed_mount", "base")
    bodies = [b for b in range(model.nbody) if model.body(b).name.startswith(prefixes)]
    return np.flatnonzero(np.isin(model.geom_bodyid, bodies))


def _label_table(model: mujoco.MjModel, task: Task) -> NDArray[np.uint8]:
    """Label of every geom."""
    table = np.zeros(model.ngeom, np.uint8)
    for index, name in enumerate(task.moved):
        names = [f"carrot_{i}" for i in range(CARROT_SEGMENTS)] if name == "carrot" else [name]
        bodies = [model.body(body).id for body in names]
        table[np.isin(model.geom_bodyid, bodies)] = FIRST_OBJECT + index
    return table


def _visible_share(points: NDArray[np.float64], mask: NDArray[np.bool_]) -> float:
    """Share of joints within one pixel of the hand's mask."""
    height, width = mask.shape
    wide = np.pad(mask, 1)
    near = np.zeros_like(mask)
    for dy in range(3):
        for dx in range(3):
            near |= wide[dy : dy + height, dx : dx + width]
    columns, rows = np.floor(points[:, 0] * width).astype(int), np.floor(points[:, 1] * height).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    shown = near[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    return float((inside & shown).mean())


def _forced_side(scene: KitchenScene) -> str | None:
    """The knife decides which hand cuts: the one on its side of the carrot."""
    if scene.task != "cut_carrot":
        return None
    knife, carrot = scene.objects["knife"], scene.objects["carrot"]
    return "left" if knife.position[1] > carrot.position[1] else "right"
