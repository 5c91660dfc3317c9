"""Hands to trajectories of dexterous robot hands, by the package dex-retargeting (``pip install 'ivg[dexterous]'``).

Its position retargeting (Qin et al. 2023, AnyTeleop, Sec. IV-B) finds the pose and the joint angles that bring links of
the robot's hand to where joints of the human hand are, frame after frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ivg.errors import InputError, unknown_option
from ivg.hands import JOINT_NAMES

from .gripper import Array, checked_joints

_FREE = 6  # joints that dex-retargeting puts in front of the robot's own: three translations and three rotations
_FEWEST_LINKS = 3
_PRECISION, _COARSE = 1e-10, 1e-5  # change of the loss at which the solver stops; its default leaves links 1 cm off


@dataclass(frozen=True, eq=False)
class DexterousTrajectory:
    """The trajectory of a dexterous hand; NaN where the hand was absent."""

    joint_names: tuple[str, ...]  # the robot's own joints as its URDF names them, n of them
    joint_rad: NDArray[np.float32]  # (t, n), their positions in that order (rad; m for joints that slide)
    base_pose: NDArray[np.float32]  # (t, 7), the root of the URDF in the world: position m, quaternion wxyz
    error_m: NDArray[np.float32]  # (t,), mean distance of the links from the joints that they follow
    present: NDArray[np.bool_]  # (t,)

    def __len__(self) -> int:
        return len(self.joint_rad)


def dexterous_trajectory(
    joints_world_m: NDArray[np.floating], urdf: str | Path, links: Mapping[str, str], *, scale: float = 1.0
) -> DexterousTrajectory:
    """Retarget one hand, float (t, 21, 3), m, MediaPipe's order, NaN where it is absent, within the URDF's limits.

    dex-retargeting carries no URDF; its authors publish many as ``dex-urdf``. `links` says which joint of the hand
    (`ivg.hands.JOINT_NAMES`, such as "index_tip") each of the robot's links follows, by the link's name; three or more,
    not all in a line. Joints are moved away from the wrist by a `scale`, the size of the robot's hand over the human's,
    so that a large hand can close as the human's does.

    Raises:
        InputError: If dex-retargeting is not installed, there is no such file, link or joint, the joints have another
            shape, or no frame has a hand.
    """
    joints, present = checked_joints(joints_world_m)
    if not scale > 0:
        raise InputError(f"scale must be positive, got {scale}")
    if len(links) < _FEWEST_LINKS:
        raise InputError(f"links must name {_FEWEST_LINKS} or more of the robot's links, got {len(links)}")
    for joint in links.values():
        if joint not in JOINT_NAMES:
            raise unknown_option("joint", joint, JOINT_NAMES)
    sources = [JOINT_NAMES.index(joint) for joint in links.values()]
    wrist = joints[:, :1]
    targets = (wrist + scale * (joints - wrist))[:, sources]
    return _followed(_solver(Path(urdf), list(links), sources), targets, present)


def _solver(urdf: Path, links: list[str], sources: list[int]) -> Any:
    """Return dex-retargeting's `SeqRetargeting` for a hand that floats."""
    if not urdf.is_file():
        raise InputError(f"there is no URDF '{urdf}'; dex-retargeting carries none: get one of your robot's hand")
    try:
        from dex_retargeting.retargeting_config import RetargetingConfig
        from dex_retargeting.yourdfpy import URDF
    except ImportError as error:
        raise InputError("dexterous hands need dex-retargeting: pip install 'ivg[dexterous]'") from error
    try:
        known = list(URDF.load(str(urdf), build_scene_graph=False, load_meshes=False).link_map)
    except Exception as error:
        raise InputError(f"'{urdf}' cannot be read as a URDF: {error}") from error
    for link in links:
        if link not in known:
            raise unknown_option("link", link, known)
    config = RetargetingConfig(
        type="position",
        urdf_path=str(urdf.resolve()),
        target_link_names=links,
        target_link_human_indices=np.array(sources),
        add_dummy_free_joint=True,
        low_pass_alpha=1.0,
        normal_delta=0.0,  # its pull to the frame before is in the loss's gradient only, so that the solver gets stuck
    )
    try:
        return config.build()
    except NotImplementedError as error:  # continuous joints, which its optimiser has no limits for
        raise InputError(f"dex-retargeting cannot handle a joint of '{urdf}': {error}") from error


def _followed(solver: Any, targets: Array, present: NDArray[np.bool_]) -> DexterousTrajectory:
    from dex_retargeting.yourdfpy import DUMMY_JOINT_NAMES

    robot = solver.optimizer.robot
    links = [robot.get_link_index(name) for name in solver.optimizer.body_names]
    names = list(solver.joint_names)
    free = [names.index(name) for name in DUMMY_JOINT_NAMES[:_FREE]]
    own = [index for index in range(len(names)) if index not in free]
    poses = np.full((len(targets), len(names)), np.nan)
    error = np.full(len(targets), np.nan, np.float32)
    seen = np.flatnonzero(present)
    solver.set_qpos(_start(robot, links, free, targets[seen[0]]))
    for frame in seen:
        poses[frame] = _solved(solver, targets[frame])
        robot.compute_forward_kinematics(poses[frame])
        error[frame] = np.linalg.norm(_positions(robot, links) - targets[frame], axis=-1).mean()
    base = np.full((len(targets), 7), np.nan, np.float32)
    base[seen, :3] = poses[seen][:, free[:3]]
    rotations = Rotation.from_euler("XYZ", poses[seen][:, free[3:]])
    base[seen, 3:] = rotations.as_quat(canonical=True)[:, [3, 0, 1, 2]]
    own_names = tuple(names[index] for index in own)
    return DexterousTrajectory(own_names, poses[:, own].astype(np.float32), base, error, present)


def _solved(solver: Any, targets: Array) -> Array:
    """Return joint positions for one frame, from those of the frame before."""
    import nlopt

    solver.optimizer.opt.set_ftol_abs(_PRECISION)
    try:
        return np.asarray(solver.retarget(targets))
    except nlopt.RoundoffLimited:  # rare: as near as rounding allows, but it does not say where
        solver.optimizer.opt.set_ftol_abs(_COARSE)
        return np.asarray(solver.retarget(targets))


def _start(robot: Any, links: list[int], free: list[int], targets: Array) -> Array:
    """Return joint positions to begin with: fingers half closed, the hand laid over the targets (Kabsch 1976)."""
    limits = np.asarray(robot.joint_limits, np.float64)
    pose = np.clip(limits.mean(1), limits[:, 0], limits[:, 1])
    pose[free] = 0.0
    robot.compute_forward_kinematics(pose)
    points = _positions(robot, links)
    rotation, _ = Rotation.align_vectors(targets - targets.mean(0), points - points.mean(0))
    pose[free[:3]] = targets.mean(0) - rotation.apply(points.mean(0))
    pose[free[3:]] = rotation.as_euler("XYZ")
    return pose


def _positions(robot: Any, links: list[int]) -> Array:
    return np.stack([robot.get_link_pose(link)[:3, 3] for link in links])
