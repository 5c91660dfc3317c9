"""A dataset as a recording for the viewer rerun (``pip install 'ivg[rerun]'``).

===================================  ======================================================================
entity                               content
===================================  ======================================================================
``clip``                             the demonstration's frame
``clip/left``, ``right``             bones of a hand; ``.../joints``: its 21 joints
``clip/region``                      outlines of the region of motion, where the dataset has one
``robot/image``                      the robot's camera image
``world/robot``, ``plan``, ``path``  gripper trajectories, coloured by the opening; ``.../now``, ``fingers``: its pose
``scalars/...``                      phase, position along the plan, opening, each in [0, 1]
``action``                           the robot's action, 7 numbers in [-1, 1]
``joints``                           the robot's 7 joint angles, rad
``about``                            task, text, seed, success, provenance
===================================  ======================================================================

Episodes follow one another on the one timeline, ``time``; clip and robot begin together, each at its own speed.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ivg.errors import InputError
from ivg.hands import BONES
from ivg.io.extras import needed
from ivg.io.images import encode_jpeg
from ivg.io.staging import staged_output

from ..episode import RobotEpisode
from .dataset import KINDS, ViewedDataset, ViewedEpisode
from .records import facts, outlines

_SIDES = (("left", (64, 160, 255)), ("right", (255, 96, 64)))
_REGION_RGB, _JOINT_RGB = (255, 214, 10), (255, 255, 255)
_CLOSED_RGB, _OPEN_RGB = np.array([232, 89, 12]), np.array([25, 113, 194])
_PAUSE_S = 0.5
_FINGER_M, _WIDE_M, _THIN_M = 0.045, 0.08, 0.008
_ACTIONS = ("x", "y", "z", "rotation x", "rotation y", "rotation z", "gripper")
_JOINTS = tuple(f"joint {number}" for number in range(1, 8))


def record_episodes(
    dataset: ViewedDataset,
    episodes: Sequence[int],
    save: str | Path | None = None,
    *,
    quality: int = 85,
    overwrite: bool = False,
) -> None:
    """Write a recording of the episodes with these indices to a file `*.rrd`, or show it in a viewer that is opened.

    The file is there whole or not at all; images in it are JPEG of a quality from 1 to 100.

    Raises:
        InputError: If rerun is not installed, the file exists (and is not to be overwritten), or there is no episode.
    """
    if not episodes:
        raise InputError("there is no episode to show")
    rerun = needed("rerun", "rerun", "a recording", "rerun-sdk")
    recording = rerun.RecordingStream("ivg-view")
    blueprint = _blueprint(rerun, dataset.kind == KINDS[0])
    if save is None:
        recording.spawn(default_blueprint=blueprint)
        _log_all(rerun, recording, dataset, episodes, quality)
        recording.flush()
        return
    with staged_output(save, overwrite=overwrite) as stage:
        recording.save(stage, default_blueprint=blueprint)
        try:
            _log_all(rerun, recording, dataset, episodes, quality)
        finally:
            recording.flush()
            recording.disconnect()


def _log_all(rerun: Any, recording: Any, dataset: ViewedDataset, episodes: Sequence[int], quality: int) -> None:
    recording.log("world", rerun.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
    for entity, names in (("action", _ACTIONS), ("joints", _JOINTS)):
        recording.log(entity, rerun.SeriesLines(names=list(names)), static=True)
    begin = 0.0
    for index in episodes:
        episode = dataset[index]
        log = _Log(rerun, recording, begin, quality)
        log.about(episode)
        begin += max(log.demonstration(episode), log.robot(episode.robot) if episode.robot else 0.0) + _PAUSE_S


class _Log:
    """Writes one episode; each part returns how many seconds it takes."""

    def __init__(self, rerun: Any, recording: Any, begin: float, quality: int) -> None:
        self._rerun, self._recording, self._begin, self._quality = rerun, recording, begin, quality
        recording.reset_time()
        self._at(0, 1.0)

    def about(self, episode: ViewedEpisode) -> None:
        success = {True: "done", False: "not done", None: "not tried"}[episode.success]
        rows = [("task", episode.task), ("outcome", success), *facts(episode)]
        table = "\n".join(f"- **{name}**: {_plain(value)}" for name, value in rows)
        provenance = json.dumps(episode.provenance, indent=2, ensure_ascii=False).replace("```", "'''")
        text = f"# {_plain(episode.text or episode.task)}\n\n{table}\n\n```json\n{provenance}\n```\n"
        self._recording.log("about", self._rerun.TextDocument(text, media_type="text/markdown"))

    def demonstration(self, episode: ViewedEpisode) -> float:
        size = np.array(episode.clip.shape[2:0:-1], np.float32)
        for frame, image in enumerate(episode.clip):
            self._at(frame, episode.fps)
            encoded = encode_jpeg(image, self._quality)
            self._recording.log("clip", self._rerun.EncodedImage(contents=encoded, media_type="image/jpeg"))
            for hand, (side, colour) in enumerate(_SIDES):
                self._hand(f"clip/{side}", episode.keypoints[frame, hand] * size, colour)
            edges = [] if episode.region is None else outlines(episode.region[frame])
            strips = [np.reshape([*edge, *edge[:2]], (-1, 2)) * size for edge in edges]
            region = self._rerun.LineStrips2D(strips, colors=[_REGION_RGB], radii=[0.6])
            self._recording.log("clip/region", region if strips else self._rerun.Clear(recursive=False))
        return len(episode.clip) / episode.fps

    def robot(self, robot: RobotEpisode) -> float:
        self._at(0, robot.fps)
        for name, poses in (("robot", robot.pose), ("plan", robot.demo_plan), ("path", robot.demo_path)):
            pieces, radius = np.stack([poses[:-1, :3], poses[1:, :3]], axis=1), 0.003 if name == "robot" else 0.0015
            strips = self._rerun.LineStrips3D(pieces, colors=opening_rgba(poses[1:, 7]), radii=[radius])
            self._recording.log(f"world/{name}", strips)
        times = self._begin + np.arange(len(robot)) / robot.fps
        for entity, parts in self._columns(robot).items():
            self._recording.send_columns(entity, [self._rerun.TimeColumn("time", duration=times)], parts)
        return len(robot) / robot.fps

    def _columns(self, robot: RobotEpisode) -> dict[str, Any]:
        rerun, steps = self._rerun, len(robot)
        points, colours = robot.pose[:, :3], opening_rgba(robot.pose[:, 7])
        grips = [fingers(pose) for pose in robot.pose]
        images = [encode_jpeg(image, self._quality) for image in robot.image]
        return {
            "robot/image": rerun.EncodedImage.columns(blob=images, media_type=["image/jpeg"] * steps),
            "world/robot/now": rerun.Points3D.columns(positions=points, colors=colours, radii=[0.006] * steps),
            "world/robot/fingers": rerun.LineStrips3D.columns(strips=grips, colors=colours, radii=[0.003] * steps),
            "scalars/phase": rerun.Scalars.columns(scalars=robot.phase),
            "scalars/plan_phase": rerun.Scalars.columns(scalars=robot.plan_phase),
            "scalars/opening": rerun.Scalars.columns(scalars=robot.pose[:, 7]),
            "action": rerun.Scalars.columns(scalars=robot.action.ravel()).partition([robot.action.shape[1]] * steps),
            "joints": rerun.Scalars.columns(scalars=robot.joints.ravel()).partition([robot.joints.shape[1]] * steps),
        }

    def _at(self, step: int, rate: float) -> None:
        self._recording.set_time("time", duration=self._begin + step / rate)

    def _hand(self, entity: str, joints_px: NDArray[np.float32], colour: tuple[int, int, int]) -> None:
        if not np.isfinite(joints_px).all():
            self._recording.log(entity, self._rerun.Clear(recursive=True))
            return
        bones = self._rerun.LineStrips2D(joints_px[np.array(BONES)], colors=[colour], radii=[0.6])
        self._recording.log(entity, bones)
        self._recording.log(f"{entity}/joints", self._rerun.Points2D(joints_px, colors=[_JOINT_RGB], radii=[0.7]))


def opening_rgba(opening: NDArray[np.floating]) -> NDArray[np.uint32]:
    """Return colours uint32 (n,), 0xRRGGBBAA, of openings (n,): orange where closed, blue where open."""
    fraction = np.clip(opening, 0.0, 1.0)[:, None]
    red, green, blue = np.round(_CLOSED_RGB + fraction * (_OPEN_RGB - _CLOSED_RGB)).astype(np.uint32).T
    return red << 24 | green << 16 | blue << 8 | np.uint32(255)


def fingers(pose: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (4, 3), m: a gripper's fingers as a line, from tip to tip, of a pose (8,)."""
    closes, nears = Rotation.from_quat(pose[[4, 5, 6, 3]]).as_matrix().T[1:]
    half = _THIN_M + float(pose[7]) * _WIDE_M / 2
    sides, backs = np.array([half, half, -half, -half]), np.array([0, _FINGER_M, _FINGER_M, 0])
    return np.asarray(pose[:3] + sides[:, None] * closes - backs[:, None] * nears)


def _plain(text: str) -> str:
    """Return a text on one line with Markdown's signs escaped."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]<>()#+-.!|" else sign for sign in " ".join(text.split()))


def _blueprint(rerun: Any, with_robot: bool) -> Any:
    blueprint = importlib.import_module("rerun.blueprint")
    about = blueprint.TextDocumentView(origin="about", name="Episode")
    clip = blueprint.Spatial2DView(origin="clip", name="Demonstration")
    if not with_robot:
        return blueprint.Blueprint(blueprint.Horizontal(clip, about), collapse_panels=True)
    robot = blueprint.Spatial2DView(origin="robot", name="Robot")
    world = blueprint.Spatial3DView(origin="world", name="Gripper")
    curves = [blueprint.TimeSeriesView(origin=name, name=name.capitalize()) for name in ("scalars", "action", "joints")]
    top, bottom = blueprint.Horizontal(clip, robot, world), blueprint.Horizontal(*curves, about)
    return blueprint.Blueprint(blueprint.Vertical(top, bottom, row_shares=[3, 2]), collapse_panels=True)
