"""Where the things of a scene are, while its layout is drawn and afterwards."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Placement:
    """Where a body's origin is, `(x, y, z)` m in the world, and its turn about z, rad."""

    position: tuple[float, float, float]
    yaw_rad: float = 0.0


@dataclass
class Layout:
    """A layout while it is drawn: placements, and circles `(x, y, radius)` m that are taken."""

    objects: dict[str, Placement] = field(default_factory=dict)
    taken: list[tuple[float, float, float]] = field(default_factory=list)
    drawer_open_m: float = 0.0
    spoon_xy_m: tuple[float, float] | None = None
    stains_xy_m: np.ndarray | None = None

    def put(self, name: str, x: float, y: float, z: float, yaw: float, radius: float) -> None:
        """Place an object and take its circle."""
        self.objects[name] = Placement((float(x), float(y), float(z)), float(yaw))
        self.keep(x, y, radius)

    def keep(self, x: float, y: float, radius: float) -> None:
        """Keep a circle free of what is placed later."""
        self.taken.append((float(x), float(y), float(radius)))

    def free(self, x: float, y: float, radius: float) -> bool:
        """Whether a circle touches nothing that is taken."""
        return all(np.hypot(x - a, y - b) >= radius + r for a, b, r in self.taken)
