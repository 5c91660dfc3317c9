"""Where things stand: each task's own objects first, with the room that the task needs, then what else finds room.

World frame: the person is at negative x, looks along +x, and has y to the left; all lengths in metres.
"""

from dataclasses import dataclass, field

import numpy as np

from .sizes import BOARD_THICKNESS_M, SPONGE_HEIGHT_M, carrot_radii

Sizes = dict[str, float]
Rng = np.random.Generator
KNIFE_GRIP_HEIGHT_M = 0.0345
_BLADE_REST_OFFSET_M = 0.118
_SIDED = ("cut_carrot", "carrot_to_pot", "mug_to_plate", "wipe_counter")  # Tasks whose things may be mirrored


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


def draw_layout(task: str, sizes: Sizes, rng: Rng) -> Layout:
    """Draw placements of everything that is in the scene of a task, for sizes from `sizes.draw_sizes`, m."""
    layout = Layout()
    side = float(rng.choice([-1.0, 1.0]))
    _put_back_row(layout, task, side, rng)
    _put_front(layout, task, sizes, rng)
    _put_distractors(layout, sizes, rng)
    return layout


def _put_back_row(layout: Layout, task: str, side: float, rng: Rng) -> None:
    """Stove on one side, chest on the other; the one that the task uses stands nearer."""
    stove_x = rng.uniform(0.31, 0.34) if task == "turn_on_stove" else rng.uniform(0.375, 0.40)
    chest_x = rng.uniform(0.335, 0.36) if task in ("open_drawer", "close_drawer") else rng.uniform(0.40, 0.43)
    stove_y, chest_y = side * rng.uniform(0.125, 0.15), -side * rng.uniform(0.115, 0.14)
    layout.put("stove", stove_x, stove_y, 0, rng.uniform(-0.06, 0.06), 0.105)
    layout.put("drawer_unit", chest_x, chest_y, 0, rng.uniform(-0.06, 0.06), 0.115)
    if task == "close_drawer":
        layout.drawer_open_m = float(rng.uniform(0.085, 0.115))
    if task in ("open_drawer", "close_drawer"):
        for ahead in (0.14, 0.22, 0.30):
            layout.keep(chest_x - ahead, chest_y, 0.09)
    if task == "turn_on_stove":
        for ahead in (0.12, 0.2):
            layout.keep(stove_x - ahead, stove_y, 0.08)


def _put_front(layout: Layout, task: str, sizes: Sizes, rng: Rng) -> None:
    """The task's own objects, and the room that it needs; of other tasks they are in the back row."""
    side = float(rng.choice([-1.0, 1.0])) if task in _SIDED else 0.0
    if task == "cut_carrot":
        x, y = rng.uniform(0.13, 0.17), -side * rng.uniform(0.015, 0.05)
        yaw = rng.uniform(-0.15, 0.15)
        _put_board(layout, sizes, x, y, yaw, rng)
        layout.keep(x - 0.12, y, 0.1)
        _put_knife(layout, rng.uniform(-0.0, 0.03), y + side * rng.uniform(0.142, 0.157), rng)
    elif task == "carrot_to_pot":
        x, y, yaw = rng.uniform(0.1, 0.15), side * rng.uniform(0.1, 0.125), rng.uniform(-0.2, 0.2)
        _put_board(layout, sizes, x, y, yaw, rng)
        _put_loose(layout, "pot", sizes, rng.uniform(0.15, 0.2), -side * rng.uniform(0.085, 0.115), rng)
        layout.keep(0.0, 0.0, 0.1)
    elif task == "mug_to_plate":
        _put_loose(layout, "mug", sizes, rng.uniform(0.08, 0.18), side * rng.uniform(0.085, 0.13), rng)
        _put_loose(layout, "plate", sizes, rng.uniform(0.1, 0.19), -side * rng.uniform(0.06, 0.1), rng)
        layout.keep(0.0, 0.0, 0.1)
    elif task == "push_plate":
        x, y = rng.uniform(0.08, 0.12), rng.uniform(-0.1, 0.1)
        _put_loose(layout, "plate", sizes, x, y, rng)
        layout.keep(x + 0.06, y, sizes["plate_radius"] + 0.01)
        layout.keep(x + 0.12, y, sizes["plate_radius"] + 0.01)
        layout.keep(x - 0.12, y, 0.07)
        _clear_back_row(layout, x + 0.12 + sizes["plate_radius"])
    elif task == "wipe_counter":
        x, y = rng.uniform(0.12, 0.17), -side * rng.uniform(0.02, 0.06)
        along = np.linspace(-0.075, 0.075, 8) + rng.uniform(-0.006, 0.006, 8)
        layout.stains_xy_m = np.stack([x + rng.uniform(-0.018, 0.018, 8), y + along], axis=1)
        _put_loose(layout, "sponge", sizes, x + rng.uniform(-0.02, 0.02), y + side * rng.uniform(0.135, 0.16), rng)
        for offset in (-0.09, 0.0, 0.09):
            layout.keep(x, y + offset, 0.06)
            layout.keep(x - 0.1, y + offset, 0.06)
    elif task == "stir_pot":
        x, y = rng.uniform(0.13, 0.18), rng.uniform(-0.06, 0.06)
        _put_loose(layout, "pot", sizes, x, y, rng)
        turn = rng.uniform(-np.pi, np.pi)
        layout.spoon_xy_m = (float(0.022 * np.cos(turn)), float(0.022 * np.sin(turn)))
        layout.keep(x - 0.13, y, 0.1)


def _put_distractors(layout: Layout, sizes: Sizes, rng: Rng) -> None:
    """Put what else is in the kitchen, each with a chance, where its circle is free; what finds no room is absent."""
    radii = {
        "board": 0.5 * float(np.hypot(sizes["board_length"], sizes["board_width"])),
        "plate": sizes["plate_radius"] + 0.01,
        "pot": sizes["pot_radius"] + 0.03,
        "mug": sizes["mug_radius"] + 0.025,
        "sponge": 0.06,
    }
    for name in rng.permutation(list(radii)):
        if name in layout.objects or rng.random() > 0.7:
            continue
        for _ in range(25):
            x, y = rng.uniform(0.02, 0.36), rng.uniform(-0.21, 0.21)
            if layout.free(x, y, radii[name]) and abs(y) + radii[name] < 0.24 + 0.12 * x:
                if name == "board":
                    _put_board(layout, sizes, x, y, rng.uniform(-0.15, 0.15), rng)
                else:
                    _put_loose(layout, name, sizes, x, y, rng)
                break


def _clear_back_row(layout: Layout, reach: float) -> None:
    for name, front in (("stove", 0.10), ("drawer_unit", 0.13)):
        placement = layout.objects[name]
        x, y, z = placement.position
        layout.objects[name] = Placement((max(x, reach + front + 0.01), y, z), placement.yaw_rad)


def _put_board(layout: Layout, sizes: Sizes, x: float, y: float, yaw: float, rng: Rng) -> None:
    layout.put("board", x, y, 0, yaw, 0.5 * float(np.hypot(sizes["board_length"], sizes["board_width"])))
    turn = yaw + rng.uniform(-0.15, 0.15)
    height = BOARD_THICKNESS_M + float(carrot_radii(sizes["carrot_radius"]).mean())
    layout.put("carrot", x + rng.uniform(-0.012, 0.012), y + rng.uniform(-0.01, 0.01), height, turn, 0.0)


def _put_knife(layout: Layout, x: float, y: float, rng: Rng) -> None:
    yaw = rng.uniform(-0.06, 0.06)
    forward = np.array([np.cos(yaw), np.sin(yaw)])
    rest = np.array([x, y]) + _BLADE_REST_OFFSET_M * forward
    layout.put("knife", x, y, KNIFE_GRIP_HEIGHT_M, yaw, 0.04)
    layout.put("knife_rest", rest[0], rest[1], 0, yaw, 0.04)


def _put_loose(layout: Layout, name: str, sizes: Sizes, x: float, y: float, rng: Rng) -> None:
    """Put the mug, plate, pot or sponge at a random yaw."""
    spread, z, radius = {
        "mug": (0.7, sizes["mug_height"] / 2, sizes["mug_radius"] + 0.02),
        "plate": (np.pi, 0, sizes["plate_radius"] + 0.008),
        "pot": (0.3, 0, sizes["pot_radius"] + 0.02),
        "sponge": (0.3, SPONGE_HEIGHT_M / 2, 0.5 * sizes["sponge_length"] + 0.01),
    }[name]
    yaw = rng.uniform(-spread, spread)
    if name == "mug":  # its handle points outwards
        yaw += np.pi / 2 if y > 0 else -np.pi / 2
    layout.put(name, x, y, z, yaw, radius)
