"""Depths of a hand that agree with the scene: it works near the surfaces that the context shows, never behind them.

PnP knows where a hand is in the picture, but its depth only as well as the hand's size: errors of one clip have a
common factor, and a smaller one of each frame. The context's depth tells more. At the pinch point's pixel it shows how
far away the scene is there. A hand is not behind that; a hand that is slow touches it or nearly does, a hand that is
fast is on its way. The most likely depths under these terms are found by least squares, all frames of a hand at once:

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
    """How far PnP and how far the scene are trusted; chosen on clips of the training split.

    Attributes:
        clip_spread: Relative error of PnP's depths that all frames of a clip share (hands differ in size).
        frame_spread: That of a single frame.
        drift: How much this changes from one frame to the next.
        rest_m: How far from the surface a resting pinch point lies, m.
        lead_s: How much farther a moving one, seconds of its speed.
        behind_m: By how much it may be behind the surface, m.
        window_m: Half the side of the square on the scene whose near surface counts, m: fingers reach round things.
        nearness: Which quantile of the square's depths counts, in [0, 1]; small ones are near.

    Raises:
        InputError: If a length or spread is not positive, or `nearness` is not in [0, 1].
    """

    clip_spread: float = 0.12
    frame_spread: float = 0.08
    drift: float = 0.1
    rest_m: float = 0.06
    lead_s: float = 0.125
    behind_m: float = 0.01
    window_m: float = 0.01
    nearness: float = 0.2

    def __post_init__(self) -> None:
        """Validate the ranges."""
        for name in ("clip_spread", "frame_spread", "drift", "rest_m", "behind_m", "window_m"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be positive, got {getattr(self, name)}")
        if self.lead_s < 0 or not 0 <= self.nearness <= 1:
            raise InputError(f"lead_s >= 0 and 0 <= nearness <= 1 must hold, got {self.lead_s} and {self.nearness}")

    def __call__(self, depth_m: Array, surface_m: Array, speed_m_s: Array, frames: NDArray[np.int64]) -> Array:
        """Return corrected depths.

        Args:
            depth_m: float64 (n,), PnP's, along the optical axis.
            surface_m: float64 (n,), the scene's behind the pinch point; NaN where it is not known.
            speed_m_s: float64 (n,), of the pinch point across the picture.
            frames: int64 (n,), ascending, which frames these are.

        Returns:
            float64 (n,), m.
        """
        terms = _Terms(self, depth_m, surface_m, speed_m_s, frames)
        found = least_squares(terms.residuals, np.zeros(len(depth_m) + 1), jac=terms.jacobian)
        return terms.depths(found.x)


class _Terms:
    """Residuals and their derivatives in (s, u_0 ... u_n-1)."""

    def __init__(
        self, settings: DepthCorrection, depth_m: Array, surface_m: Array, speed_m_s: Array, frames: NDArray[np.int64]
    ) -> None:
        self.settings, self.depth_m = settings, np.asarray(depth_m, np.float64)
        self.known = np.flatnonzero(np.isfinite(surface_m))
        self.surface_m = np.asarray(surface_m, np.float64)[self.known]
        self.reach_m = settings.rest_m + settings.lead_s * np.asarray(speed_m_s, np.float64)[self.known]
        n = len(depth_m)
        steps = settings.drift * np.sqrt(np.diff(frames))
        self.links = (np.eye(n)[1:] - np.eye(n)[:-1]) / steps[:, None]

    def depths(self, values: Array) -> Array:
        return np.asarray(self.depth_m * np.exp(values[0] + values[1:]))

    def residuals(self, values: Array) -> Array:
        s, own = values[0], values[1:]
        height = self.surface_m - self.depths(values)[self.known]
        above = np.sqrt(2 * (np.hypot(1, height / self.reach_m) - 1))
        surface = np.where(height > 0, above, height / self.settings.behind_m)
        return np.concatenate(
            [[s / self.settings.clip_spread], own / self.settings.frame_spread, surface, self.links @ own]
        )

    def jacobian(self, values: Array) -> Array:
        n = len(self.depth_m)
        z = self.depths(values)[self.known]
        height = self.surface_m - z
        scaled = height / self.reach_m
        root = np.hypot(1, scaled)
        above = np.sqrt((root + 1) / 2) / (self.reach_m * root)  # the pseudo-Huber's root has a derivative at 0, too
        slope = -z * np.where(height > 0, above, 1 / self.settings.behind_m)
        surface = np.zeros((len(z), n + 1))
        surface[:, 0] = slope
        surface[np.arange(len(z)), 1 + self.known] = slope
        own = np.concatenate([np.zeros((n, 1)), np.eye(n) / self.settings.frame_spread], 1)
        links = np.concatenate([np.zeros((len(self.links), 1)), self.links], 1)
        first = np.eye(1, n + 1) / self.settings.clip_spread
        return np.concatenate([first, own, surface, links])


def surface_depths(
    depth_m: NDArray[np.floating], points: NDArray[np.floating], focal_px: float, settings: DepthCorrection
) -> Array:
    """Return how far the scene is at points of the picture, the nearer part of what lies around them.

    Args:
        depth_m: Float (h, w), along the optical axis; what is not finite or not positive is a hole.
        points: Float (n, 2), normalised.
        focal_px: Focal length in the depth picture's pixels.
        settings: Which part.

    Returns:
        float64 (n,), m; NaN outside of the picture and in holes.
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
