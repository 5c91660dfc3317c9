"""Renders a person's hand doing a task of the kitchen, with its ground truth."""

from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..camera import camera_of, project
from ..errors import EnvsError
from ..kitchen.scene.appearance import show_burner
from ..kitchen.scene.scene import KitchenScene, apply_scene, sample_scene
from ..kitchen.tasks import Task, get_task
from ..rendering import make_renderer, scene_option
from .acts import choreograph
from .clip import HumanClip
from .hand.avatar import SIDES, HandAvatar
from .hand.kinematics import HandState
from .hand.poses import gripper_pose
from .model import compile_model, label_table, robot_geoms, visible_fraction
from .motion import FPS, NUM_FRAMES
from .plan import Plan, Stage, body_of
from .style import draw_style

CAMERA = "egocentric"


class HumanDemonstrator:
    """Renders clips of a human hand in the kitchen; one model, compiled once, serves every scene.

    The robot rests as it does after the environment's reset, so that frame 0 of a clip is the environment's own
    context image. Frames are squares of `size` px.
    """

    def __init__(self, size: int = 128) -> None:
        if not 32 <= size <= 1024:
            raise EnvsError(f"size {size}: it must be from 32 to 1024 px.")
        self.size = size
        self.model, self._rest_qpos = compile_model()
        self.data = mujoco.MjData(self.model)
        self._renderer = make_renderer(self.model, size, size)
        self._option = scene_option()
        self._avatars = {side: HandAvatar(self.model, side) for side in SIDES}
        self._robot_geoms = robot_geoms(self.model)
        self._groups = self.model.geom_group.copy()

    def render(self, task: str, seed: int, scene: KitchenScene | None = None) -> HumanClip:
        """Render one clip of a task (a key of the kitchen's `TASKS`); the same non-negative seed gives the same bytes.

        The seed is the scene's and the performance's. A `scene` says where to act instead, for instance one laid out
        for another task that has what this one needs (see `kitchen.feasibility`); the seed is then the performance's
        alone.

        Raises:
            EnvsError: No task has that name, or the seed is negative.
        """
        described = get_task(task)
        if seed < 0:
            raise EnvsError(f"seed {seed}: it must not be negative.")
        stage = self.stage(task, seed, scene)
        plan = choreograph(task, stage)
        for avatar in self._avatars.values():
            avatar.dress(stage.style.shape, stage.style.skin_rgb)
        return self._clip(self._record(plan, stage, described), plan, stage, described)

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

    def _record(self, plan: Plan, stage: Stage, task: Task) -> dict[str, NDArray[np.generic]]:
        """Render all frames; returns the arrays of a clip, (t, ...) each, by the names of its fields."""
        labels_of = label_table(self.model, task.moved)
        hide_robot = False
        rows: list[dict[str, NDArray[np.generic]]] = []
        for frame in range(NUM_FRAMES):
            states = self.pose(plan, float(frame))
            self._option.skingroup[:] = 0
            for side in states:
                self._option.skingroup[SIDES.index(side)] = 1
            self.model.geom_group[self._robot_geoms] = 5 if hide_robot else self._groups[self._robot_geoms]
            image, segments = self._image()
            if frame == 0:
                hide_robot = not np.isin(segments[..., 0], self._robot_geoms).any()
            labels = self._labels(segments, labels_of)
            acting = plan.hands[stage.style.side].state(float(frame))
            body = self.data.body(body_of(task.moved[0]))
            rows.append(
                {
                    "frames": image,
                    "labels": labels,
                    **self._hands(states, labels),
                    "gripper_trajectory": gripper_pose(acting, stage.style.shape).astype(np.float32),
                    "object_pose": np.concatenate([body.xpos, body.xquat]).astype(np.float32),
                }
            )
        self.model.geom_group[:] = self._groups
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    def _image(self) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """Return the image uint8 (h, w, 3), and ids and kinds of what it shows (h, w, 2)."""
        self._renderer.update_scene(self.data, CAMERA, self._option)
        frame = self._renderer.render().copy()
        self._renderer.enable_segmentation_rendering()
        segments = self._renderer.render().copy()
        self._renderer.disable_segmentation_rendering()
        return frame, segments

    def _labels(self, segments: NDArray[np.int32], labels_of: NDArray[np.uint8]) -> NDArray[np.uint8]:
        ids, kinds = segments[..., 0], segments[..., 1]
        is_geom = kinds == int(mujoco.mjtObj.mjOBJ_GEOM)
        labels = np.where(is_geom, labels_of[np.where(is_geom, ids, 0)], 0).astype(np.uint8)
        for index, side in enumerate(SIDES):
            skin = (kinds == int(mujoco.mjtObj.mjOBJ_SKIN)) & (ids == self._avatars[side].skin_id)
            labels[skin] = 1 + index
        return labels

    def _hands(self, states: dict[str, HandState], labels: NDArray[np.uint8]) -> dict[str, NDArray[np.generic]]:
        """Return joints in the world and in the image, and how far each hand is visible; NaN and 0 where it is not."""
        camera = camera_of(self.model, self.data, CAMERA, self.size, self.size)
        joints = np.full((2, 21, 3), np.nan, np.float32)
        keypoints = np.full((2, 21, 2), np.nan, np.float32)
        visible = np.zeros(2, np.float32)
        for side, state in states.items():
            hand = SIDES.index(side)
            points = project(camera, state.joints)
            joints[hand], keypoints[hand] = state.joints, points
            visible[hand] = visible_fraction(points, labels == 1 + hand)
        return {"joints_world_m": joints, "keypoints": keypoints, "visible": visible}

    def _clip(self, arrays: dict[str, NDArray[np.generic]], plan: Plan, stage: Stage, task: Task) -> HumanClip:
        camera = camera_of(self.model, self.data, CAMERA, self.size, self.size)
        times = np.arange(NUM_FRAMES)
        rng = np.random.default_rng([stage.scene.seed, 0x7E87, *task.name.encode()])
        return HumanClip(
            **arrays,  # type: ignore[arg-type]
            object_name=body_of(task.moved[0]),
            grasp_point_world_m=np.asarray(plan.grasp_point_world_m, np.float32),
            contact=(times >= plan.contact[0]) & (times <= plan.contact[1]),
            camera_K=camera["K"],
            T_world_camera=camera["T_world_camera"],
            skin_rgb=stage.style.skin_rgb.astype(np.float32),
            hand_scale=float(stage.style.shape.scale),
            side=stage.style.side,
            task=task.name,
            text=str(task.texts[rng.integers(len(task.texts))]),
            seed=stage.scene.seed,
            fps=FPS,
        )


def _forced_side(scene: KitchenScene) -> str | None:
    """The knife decides which hand cuts: the one on its side of the carrot."""
    if scene.task != "cut_carrot":
        return None
    knife, carrot = scene.objects["knife"], scene.objects["carrot"]
    return "left" if knife.position[1] > carrot.position[1] else "right"
