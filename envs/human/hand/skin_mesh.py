"""The skin of the hand: a mesh round the bones in a spread rest pose, and its skinning weights.

Signed distances of tapered capsules, joined by a polynomial smooth minimum (Quilez), meshed by marching cubes.
Weights change from bone to bone across each joint, along the chain (metacarpal and finger, or thumb) that a vertex
lies nearest to, so neighbouring fingers never share skin.
"""

from dataclasses import dataclass
from functools import lru_cache, partial, reduce
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from ..rotations import Array
from .kinematics import BONES, FINGER_RADII, FOREARM_LENGTH, THUMB_RADII, FingerPose, HandShape, HandState, pose_hand

_STEP = 0.0033

REST_POSE = FingerPose(
    fingers=np.array(
        [[0.09, 0.10, 0.14, 0.08], [0.01, 0.10, 0.14, 0.08], [-0.09, 0.10, 0.14, 0.08], [-0.19, 0.10, 0.14, 0.08]]
    ),
    thumb=np.array([0.0, 0.05, 0.0, 0.10, 0.12]),
)


@dataclass(frozen=True)
class SkinMesh:
    """Rest mesh of a right hand of mean shape."""

    vertices: Array  # (v, 3) m in the hand frame
    faces: NDArray[np.int32]  # (f, 3) int, wound outwards
    weights: Array  # (v, 17), rows add up to 1
    rest: HandState  # bone frames of the rest pose

    def reshaped(self, shape: HandShape) -> tuple[Array, HandState]:
        """Vertices and bone frames of the rest pose for another shape."""
        target = pose_hand(REST_POSE, shape)
        vertices = np.zeros_like(self.vertices)
        for bone, factors in enumerate(shape.bone_factors()):
            frame = self.rest.bone_rotations[bone]
            local = (self.vertices - self.rest.bone_positions[bone]) @ frame
            moved = (local * factors * shape.scale) @ frame.T + target.bone_positions[bone]
            vertices += self.weights[:, bone, None] * moved
        return vertices, target


@lru_cache(maxsize=1)
def skin_mesh() -> SkinMesh:
    """The mesh, built once per process (about a second)."""
    rest = pose_hand(REST_POSE, HandShape())
    axes = (
        np.concatenate([np.arange(-FOREARM_LENGTH - 0.068, -0.05, 0.012), np.arange(-0.05, 0.215, _STEP)]),
        np.arange(-0.080, 0.112, _STEP),
        np.arange(-0.064, 0.044, _STEP),
    )
    distance = _distance(axes, rest)
    cells, faces, _, _ = marching_cubes(distance, 0.0)
    vertices = np.stack([np.interp(cells[:, k], np.arange(len(a)), a) for k, a in enumerate(axes)], axis=1)
    return SkinMesh(vertices, faces.astype(np.int32), _weights(vertices, rest), rest)


@dataclass(frozen=True)
class _Capsule:
    start: Array
    end: Array
    start_radius: float
    end_radius: float
    flatness: float = 1.0


def _capsules(rest: HandState) -> list[tuple[list[_Capsule], float]]:
    """Groups of capsules and the blending width inside each group: forearm and palm, thumb, each finger."""
    joints = rest.joints
    forearm = _Capsule(np.array([-FOREARM_LENGTH, 0.0, 0.004]), np.array([-0.04, 0.0, 0.0]), 0.043, 0.0265, 1.22)
    wrist = _Capsule(np.array([-0.04, 0.0, 0.0]), np.array([0.016, 0.0, -0.001]), 0.0265, 0.0235, 1.3)
    palm = [forearm, wrist]
    for finger, radius in enumerate((0.0132, 0.0134, 0.0128, 0.0116)):
        knuckle = joints[5 + 4 * finger]
        root = np.array([0.016, knuckle[1] * 0.45, -0.002])
        palm.append(_Capsule(root, knuckle - [0.004, 0.0, 0.0025], 0.0145, radius))
    palm.append(_Capsule(np.array([0.022, -0.022, -0.008]), np.array([0.062, -0.029, -0.009]), 0.0130, 0.0120))
    palm.append(_Capsule(np.array([0.022, 0.012, -0.008]), 0.45 * joints[1] + 0.55 * joints[2], 0.0165, 0.0150))
    groups = [(palm, 0.009)]
    chain = joints[1:5]
    groups.append((_chain(chain, THUMB_RADII), 0.004))
    fingers = (_chain(joints[5 + 4 * finger : 9 + 4 * finger], FINGER_RADII[finger]) for finger in range(4))
    return groups + [(finger, 0.003) for finger in fingers]


def _chain(points: Array, radii: Array) -> list[_Capsule]:
    pairs = zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True)
    return [_Capsule(a, b, ra, rb) for a, b, ra, rb in pairs]


def _distance(axes: tuple[Array, Array, Array], rest: HandState) -> NDArray[np.float32]:
    grid = [a.astype(np.float32) for a in np.meshgrid(*axes, indexing="ij", sparse=True)]
    groups = (
        reduce(partial(_smooth_minimum, width=width), (_capsule_distance(grid, capsule) for capsule in capsules))
        for capsules, width in _capsules(rest)
    )
    return reduce(partial(_smooth_minimum, width=0.007), groups)


def _capsule_distance(grid: list[NDArray[np.float32]], capsule: _Capsule) -> NDArray[np.float32]:
    x, y, z = (axis - np.float32(start) for axis, start in zip(grid, capsule.start, strict=True))
    bone = (capsule.end - capsule.start).astype(np.float32)
    along = np.clip((x * bone[0] + y * bone[1] + z * bone[2]) / (bone @ bone), 0, 1)
    radius = np.float32(capsule.start_radius) + along * np.float32(capsule.end_radius - capsule.start_radius)
    flat = np.float32(capsule.flatness)
    squared = (x - along * bone[0]) ** 2 + (y - along * bone[1]) ** 2 + (flat * (z - along * bone[2])) ** 2
    return np.asarray(np.sqrt(squared) - radius, dtype=np.float32)


def _smooth_minimum(a: NDArray[np.float32], b: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    overlap = np.maximum(np.float32(width) - np.abs(a - b), 0) / np.float32(width)
    return np.asarray(np.minimum(a, b) - overlap * overlap * np.float32(width * 0.25), dtype=np.float32)


def _weights(vertices: Array, rest: HandState) -> Array:
    joints = rest.joints
    chains = [np.concatenate([[[0.012, 0.012, -0.006]], joints[1:5]])]
    for finger in range(4):
        knuckle = joints[5 + 4 * finger]
        root = np.array([[0.014, knuckle[1] * 0.55, 0.0]])
        chains.append(np.concatenate([root, joints[5 + 4 * finger : 9 + 4 * finger]]))
    radii = np.concatenate([[np.r_[0.014, THUMB_RADII]], np.c_[np.full(4, 0.013), FINGER_RADII]])
    measured = [_along_chain(vertices, chain, r) for chain, r in zip(chains, radii, strict=True)]
    nearest = np.argmin(np.stack([distance for distance, _ in measured]), axis=0)
    weights = np.zeros((len(vertices), len(BONES)))
    for index, (chain, r) in enumerate(zip(chains, radii, strict=True)):
        mine = nearest == index
        bones = [1, *(range(2, 5) if index == 0 else range(5 + 3 * (index - 1), 8 + 3 * (index - 1)))]
        weights[np.ix_(mine, bones)] = _blend_along(measured[index][1][mine], chain, r, thumb=index == 0)
    hand = _smoothstep((vertices[:, 0] + 0.024) / 0.036)
    weights *= hand[:, None]
    weights[:, 0] += 1 - hand
    return weights / weights.sum(axis=1, keepdims=True)


def _along_chain(vertices: Array, chain: Array, radii: Array) -> tuple[Array, Array]:
    """Distance to the skin of a chain and position along it (in segments, unclamped at either end)."""
    best, place = np.full(len(vertices), np.inf), np.zeros(len(vertices))
    last = len(chain) - 2
    for segment, (a, b) in enumerate(pairwise(chain)):
        fraction = (vertices - a) @ (b - a) / ((b - a) @ (b - a))
        clamped = np.clip(fraction, 0, 1)
        radius = radii[segment] + clamped * (radii[segment + 1] - radii[segment])
        distance = np.linalg.norm(vertices - a - clamped[:, None] * (b - a), axis=1) - radius
        closer = distance < best
        best = np.where(closer, distance, best)
        place = np.where(closer, segment + (clamped if segment < last else np.maximum(fraction, 0)), place)
    return best, place


def _blend_along(place: Array, chain: Array, radii: Array, *, thumb: bool) -> Array:
    """Weights (n, 4) of palm (or forearm side) and three bones, changing smoothly across each joint."""
    lengths = np.linalg.norm(np.diff(chain, axis=0), axis=1)
    metres = np.interp(place, np.arange(len(chain)), np.r_[0.0, np.cumsum(lengths)])
    passed = []
    for joint in (1, 2, 3):
        centre = lengths[:joint].sum()
        half = 0.022 if thumb and joint == 1 else radii[joint] * (1.0 if joint == 1 else 0.8)
        passed.append(_smoothstep((metres - centre + half) / (2 * half)))
    first, second, third = passed
    return np.stack([1 - first, first * (1 - second), first * second * (1 - third), first * second * third], axis=1)


def _smoothstep(fraction: Array) -> Array:
    clipped = np.clip(fraction, 0, 1)
    return clipped * clipped * (3 - 2 * clipped)
