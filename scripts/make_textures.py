"""Draw the kitchen's four surface textures (run once: ``python scripts/make_textures.py``).

Soft, low-contrast patterns of our own making, 256 x 256 px PNG, seeded.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

_SIZE = 256


def _smooth_noise(rng: np.random.Generator, sigma_x: float, sigma_y: float) -> np.ndarray:
    """Return tileable Gaussian-filtered noise `(256, 256)` with zero mean and unit deviation."""
    noise = np.tile(rng.normal(size=(_SIZE, _SIZE)), (3, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), sigmaX=sigma_x, sigmaY=sigma_y)[_SIZE : 2 * _SIZE, _SIZE : 2 * _SIZE]
    return (smooth - smooth.mean()) / smooth.std()


def wood(seed: int, rgb: tuple[float, float, float], rings: float, contrast: float) -> np.ndarray:
    """Return a wood-grain texture `(256, 256, 3)` uint8 around the colour `rgb` in [0, 1]."""
    rng = np.random.default_rng(seed)
    across = np.arange(_SIZE)[None, :] / _SIZE
    phase = 2 * np.pi * rings * across + 0.9 * _smooth_noise(rng, 18, 60)
    grain = contrast * np.sin(phase) + 0.35 * contrast * _smooth_noise(rng, 2.5, 40)
    return np.clip((1 + grain)[..., None] * np.array(rgb) * 255, 0, 255).astype(np.uint8)


def stone(seed: int, rgb: tuple[float, float, float], contrast: float) -> np.ndarray:
    """Return a veined stone texture `(256, 256, 3)` uint8 around the colour `rgb` in [0, 1]."""
    rng = np.random.default_rng(seed)
    clouds = contrast * (_smooth_noise(rng, 20, 20) + 0.4 * _smooth_noise(rng, 6, 6))
    return np.clip((1 + clouds)[..., None] * np.array(rgb) * 255, 0, 255).astype(np.uint8)


def main() -> None:
    """Write the textures into the kitchen's assets."""
    folder = Path(__file__).parents[1] / "envs" / "kitchen" / "assets"
    images = {
        "oak": wood(1, (0.86, 0.80, 0.72), 5, 0.05),
        "walnut": wood(2, (0.80, 0.74, 0.70), 7, 0.06),
        "stone": stone(3, (0.84, 0.84, 0.84), 0.035),
        "maple": wood(4, (0.94, 0.86, 0.74), 6, 0.05),
    }
    for name, image in images.items():
        cv2.imwrite(str(folder / f"{name}.png"), image[..., ::-1])


if __name__ == "__main__":
    main()
