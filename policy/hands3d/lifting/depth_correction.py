"""Corrects the depths of a hand by the scene: hands work near visible surfaces, never behind them.

PnP gives a hand's depth only as well as its size is known: the errors of one clip have a common factor, and each frame
a smaller one. The context's depth image gives the depth of the scene at the pinch point. A hand is not behind that; a
slow hand touches it or nearly does, a fast one moves. The most likely depths of all frames of a hand are found by
least squares:

    log z_t = log z_pnp_t + s + u_t,    s ~ N(0, clip_spread),  u_t ~ N(0, frame_spread),  u_t - u_t-1 ~ N(0, drift)
    h_t = z_surface_t - z_t:  h_t < 0 costs (h_t / behind_m)^2,
                              h_t > 0 costs a pseudo-Huber of h_t / (rest_m + lead_s * speed_t), linear where large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from ivg.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class DepthCorrection:
    """Spreads of the terms; chosen on clips of the training split. Out of range they are an `InputError`."""

    clip_spread: float = 0.12  # relative error of PnP's depths that all frames of a clip share (hands differ in size)
    frame_spread: float = 0.08  # that of a single frame
    drift: float = 0.1  # how much this changes from one frame to the next
    rest_m: float = 0.06  # how far from the surface a resting pinch point lies
    lead_s: float = 0.125  # how much farther a moving one lies, in seconds of its speed
    behind_m: float = 0.01  # by how much it may be behind the surface
    window_m: float = 0.01  # half the side of the square on the scene that counts: fingers reach round things
    nearness: float = 0.2  # which quantile of the square's depths counts, in [0, 1]; small ones are near

    def __post_init__(self) -> None:
        for name in ("clip_spread", "frame_spread", "drift", "rest_m", "behind_m", "window_m"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be positive, got {getattr(self, name)}")
        if self.lead_s < 0 or not 0 <= self.nearness <= 1:
            raise InputError(f"lead_s >= 0 and 0 <= nearness <= 1 must hold, got {self.lead_s} and {self.nearness}")

    def __call__(self, depth_m: Array, surface_m: Array, speed_m_s: Array, frames: NDArray[np.int64]) -> Array:
        """Return corrected depths float64 (n,), m, for those of PnP, along the optical axis.

        Depths of the scene behind the pinch point are NaN where unknown; the pinch point moves across the image at a
        speed; indices of the frames ascend.
        """
        n = len(depth_m)
        known = np.flatnonzero(np.isfinite(surface_m))
        depth_m, surface_m = np.asarray(depth_m, np.float64), np.asarray(surface_m, np.float64)[known]
        reach_m = self.rest_m + self.lead_s * np.asarray(speed_m_s, np.float64)[known]
        links = (np.eye(n)[1:] - np.eye(n)[:-1]) / (self.drift * np.sqrt(np.diff(frames)))[:, None]

        def depths(values: Array) -> Array:  # values: s, u_0 ... u_n-1
            return np.asarray(depth_m * np.exp(values[0] + values[1:]))

        def residuals(values: Array) -> Array:
            height = surface_m - depths(values)[known]
            above = np.sqrt(2 * (np.hypot(1, height / reach_m) - 1))
            surface = np.where(height > 0, above, height / self.behind_m)
            spread = [[values[0] / self.clip_spread], values[1:] / self.frame_spread]
            return np.concatenate([*spread, surface, links @ values[1:]])

        def jacobian(values: Array) -> Array:
            z = depths(values)[known]
            height = surface_m - z
            root = np.hypot(1, height / reach_m)
            above = np.sqrt((root + 1) / 2) / (reach_m * root)  # the pseudo-Huber's root has a derivative at 0, too
            slope = -z * np.where(height > 0, above, 1 / self.behind_m)
            surface = slope[:, None] * np.column_stack([np.ones(len(z)), np.eye(n)[known]])
            clip, own = np.eye(1, n + 1) / self.clip_spread, np.eye(n, n + 1, 1) / self.frame_spread
            return np.concatenate([clip, own, surface, np.pad(links, ((0, 0), (1, 0)))])

        return depths(least_squares(residuals, np.zeros(n + 1), jac=jacobian).x)


def surface_depths(
    depth_m: NDArray[np.floating], points: NDArray[np.floating], focal_px: float, settings: DepthCorrection
) -> Array:
    """Return the depth float64 (n,), m, of the scene at image points: the nearer part of what lies around them.

    The depth image is float (h, w), along the optical axis, with a focal length in its pixels; what is not finite or
    not positive is a hole. Points are float (n, 2), normalised; outside of the image and in holes the result is NaN.
    """
    height, width = depth_m.shape
    holes = ~(np.isfinite(depth_m) & (depth_m > 0))
    scene = np.where(holes, np.nan, depth_m).astype(np.float64)
    found = np.full(len(points), np.nan)
    for i, (x, y) in enumerate(np.asarray(points, np.float64)):
        if not (0 <= x < 1 and 0 <= y < 1):
            continue
        column, row = int(x * width), int(y * height)
        around = float(np.nanmedian(scene)) if holes[row, column] else scene[row, column]
        reach = max(1, round(settings.window_m * focal_px / around))
        part = scene[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
        if np.isfinite(part).any():
            found[i] = np.nanquantile(part, settings.nearness)
    return found
