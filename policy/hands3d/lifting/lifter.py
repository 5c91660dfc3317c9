"""Hands in world metres, and their lifting by the network from tracks and a calibrated camera."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from ivg.errors import InputError, WeightsError, unknown_option
from ivg.io.staging import staged_output
from ivg.types import JOINTS, Camera, HandTracks

from .network import CanonicalCamera, LifterNetwork

THUMB_TIP, INDEX_TIP = 4, 8  # the joints whose middle is the pinch point
_PACKAGED = Path(__file__).resolve().parents[2] / "weights" / "lifter"
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"


@dataclass(frozen=True, eq=False)
class LiftedHands:
    """Hands of a clip in metres; hand 0 is left, 1 right. Present hands have finite joints (else `InputError`)."""

    joints_world_m: NDArray[np.float32]  # (t, 2, 21, 3), world frame, MediaPipe's order; NaN where absent
    present: NDArray[np.bool_]  # (t, 2), where there are joints
    method: str  # "network" or "pnp"
    provenance: dict[str, Any] = field(default_factory=dict)  # weights, their hash, ...; JSON values

    def __post_init__(self) -> None:
        joints, present = self.joints_world_m, self.present
        if joints.ndim != 4 or joints.shape[1:] != (2, JOINTS, 3) or joints.dtype != np.float32:
            raise InputError(f"joints_world_m must be float32 (t, 2, {JOINTS}, 3), got {joints.dtype} {joints.shape}")
        if present.shape != joints.shape[:2] or present.dtype != np.bool_:
            raise InputError(f"present must be bool {joints.shape[:2]}, got {present.dtype} {present.shape}")
        if not np.isfinite(joints[present]).all():
            raise InputError("joints_world_m of a present hand must be finite")

    def __len__(self) -> int:
        return len(self.joints_world_m)

    @property
    def pinch_pos_world_m(self) -> NDArray[np.float32]:
        """float32 (t, 2, 3): the middle of thumb tip and index tip; NaN where the hand is absent."""
        return 0.5 * (self.joints_world_m[:, :, THUMB_TIP] + self.joints_world_m[:, :, INDEX_TIP])


class Lifter(Protocol):
    """Lifts tracks to metres: `HandLifter`, or `PnPLifter` for one clip."""

    def __call__(self, tracks: HandTracks, camera: Camera) -> LiftedHands:
        """Lift the hands of a clip of t frames, seen by a fixed camera."""


@dataclass(eq=False, repr=False)
class HandLifter:
    """Lifts hand tracks to metres by a network that was trained on rendered clips of one kind of environment.

    The network, on the CPU, was trained in the canonical camera; `provenance` is its source, put into what it lifts.

    Example:
        >>> lifter = HandLifter.from_pretrained("kitchen")
        >>> hands = lifter(tracks, camera)
        >>> hands.pinch_pos_world_m  # (t, 2, 3)
    """

    network: LifterNetwork
    canonical_camera: CanonicalCamera
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network.eval().requires_grad_(False)
        self.provenance = dict(self.provenance or {})

    @classmethod
    def from_pretrained(cls, weights: str | Path = "kitchen") -> HandLifter:
        """Load a lifter by a name in the package ("kitchen": clips of `ivg/Kitchen-v0`), or a folder of `save`.

        Raises:
            InputError: If there is no such name or folder.
            WeightsError: If the folder is incomplete or damaged.
        """
        folder = _folder(weights)
        try:
            config = json.loads((folder / _CONFIG).read_text())
            network = LifterNetwork(**config["network"])
            values = load_file(folder / _WEIGHTS)
            network.load_state_dict({name: value.float() for name, value in values.items()})
            camera = CanonicalCamera(np.array(config["level_rotation"]), np.array(config["level_position_m"]))
        except Exception as error:
            raise WeightsError(f"'{folder}' holds no lifter that can be read: {error}") from error
        digest = hashlib.sha256((folder / _WEIGHTS).read_bytes()).hexdigest()
        return cls(network, camera, {"weights": folder.name, "sha256": digest})

    def save(self, folder: str | Path, *, overwrite: bool = False, notes: dict[str, Any] | None = None) -> Path:
        """Write weights (half precision), configuration and notes (JSON values) into a new folder, and return it.

        An existing folder is an `InputError`, unless it is to be overwritten.
        """
        config = {
            "network": self.network.config,
            "level_rotation": self.canonical_camera.rotation.tolist(),
            "level_position_m": self.canonical_camera.position_m.tolist(),
            **(notes or {}),
        }
        folder = Path(folder)
        with staged_output(folder, overwrite=overwrite) as stage:
            stage.mkdir()
            values = {name: value.detach().half().contiguous() for name, value in self.network.state_dict().items()}
            save_file(values, stage / _WEIGHTS)
            (stage / _CONFIG).write_text(json.dumps(config, indent=2) + "\n")
        return folder

    def __call__(self, tracks: HandTracks, camera: Camera) -> LiftedHands:
        """Lift the hands of a clip, seen by a fixed camera; absent hands stay absent.

        Clips longer than the network's are lifted in windows that overlap by half. A camera far from those that the
        lifter was trained on is an `InputError`.
        """
        self.canonical_camera.check(camera)
        joints = np.full((len(tracks), 2, JOINTS, 3), np.nan, np.float32)
        for hand in (0, 1):
            if tracks.present[:, hand].any():
                joints[:, hand] = self._lift(tracks, hand, camera)
        joints[~tracks.present] = np.nan
        return LiftedHands(joints, tracks.present.copy(), "network", dict(self.provenance))

    def _lift(self, tracks: HandTracks, hand: int, camera: Camera) -> NDArray[np.float32]:
        """Return float32 (t, 21, 3), world, m; absent frames hold anything."""
        mirrored = hand == 0
        rays = self.canonical_camera.rays(tracks.keypoints[:, hand], camera, mirrored=mirrored)
        rays = np.nan_to_num(rays).astype(np.float32)
        present, score = tracks.present[:, hand], tracks.score[:, hand]
        position = torch.from_numpy(self.canonical_camera.position(camera, mirrored=mirrored)).float()[None]
        total = np.zeros((len(tracks), JOINTS, 3))
        times = np.zeros(len(tracks))
        for window in _windows(len(tracks), self.network.frames):
            if present[window].any():
                given = (torch.from_numpy(values[window])[None] for values in (rays, present, score))
                found = self.network(*given, position, torch.tensor([not mirrored]))
                total[window] += found[0].double().numpy()
                times[window] += 1
        points = total / np.maximum(times, 1)[:, None, None]
        return self.canonical_camera.to_world(points, camera, mirrored=mirrored).astype(np.float32)


def _windows(length: int, longest: int) -> list[slice]:
    """Return windows of at most `longest` frames that overlap by half and cover `length` frames."""
    starts = [*range(0, length - longest, longest // 2), max(length - longest, 0)]
    return [slice(start, start + longest) for start in starts]


def _folder(weights: str | Path) -> Path:
    packaged = sorted(path.name for path in _PACKAGED.iterdir() if path.is_dir()) if _PACKAGED.is_dir() else []
    if str(weights) in packaged:
        return _PACKAGED / str(weights)
    if not Path(weights).is_dir():
        if "/" in str(weights):
            raise InputError(f"there is no folder '{weights}' with a lifter; packaged ones: {', '.join(packaged)}")
        raise unknown_option("lifter", weights, packaged)
    return Path(weights)
