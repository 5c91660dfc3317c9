"""What colour things are, drawn from the seed and painted onto a compiled model."""

import mujoco
import numpy as np

Rgb = tuple[float, float, float]

_CERAMICS: tuple[Rgb, ...] = (
    *((0.80, 0.22, 0.20), (0.20, 0.40, 0.74), (0.93, 0.92, 0.88)),
    *((0.22, 0.58, 0.44), (0.90, 0.74, 0.26), (0.42, 0.30, 0.56)),
)
_PLATES: tuple[Rgb, ...] = ((0.94, 0.94, 0.92), (0.70, 0.80, 0.88), (0.88, 0.80, 0.66), (0.55, 0.66, 0.60))
_POTS: tuple[Rgb, ...] = ((0.62, 0.63, 0.66), (0.30, 0.31, 0.34), (0.66, 0.22, 0.18), (0.24, 0.36, 0.46))
_SPONGES: tuple[Rgb, ...] = ((0.96, 0.84, 0.26), (0.94, 0.56, 0.64), (0.50, 0.78, 0.90))
_SOUPS: tuple[Rgb, ...] = ((0.78, 0.36, 0.16), (0.86, 0.72, 0.36), (0.52, 0.58, 0.26))
_CHESTS: tuple[Rgb, ...] = ((0.86, 0.84, 0.80), (0.56, 0.40, 0.28), (0.40, 0.50, 0.56))
_STOVES: tuple[Rgb, ...] = ((0.88, 0.88, 0.88), (0.26, 0.27, 0.29))
_STAINS: tuple[Rgb, ...] = ((0.46, 0.16, 0.12), (0.30, 0.20, 0.12), (0.32, 0.40, 0.14))
_HANDLES: tuple[Rgb, ...] = ((0.16, 0.16, 0.17), (0.46, 0.28, 0.16), (0.60, 0.14, 0.14))
BURNER_ON: Rgb = (0.96, 0.28, 0.10)
BURNER_OFF: Rgb = (0.13, 0.13, 0.14)

_PARTS: dict[str, tuple[str, ...]] = {
    "carrot": (*(f"carrot_{i}_geom" for i in range(5)), "carrot_tip", "carrot_crown"),
    "leaf": ("carrot_leaf_0", "carrot_leaf_1", "carrot_leaf_2"),
    "knife_handle": ("knife_handle",),
    "steel": ("knife_blade", "knife_bolster", "drawer_bar", "drawer_post_left", "drawer_post_right"),
    "rest": ("knife_rest_left", "knife_rest_right", "knife_rest_base"),
    "mug": ("mug_wall", "mug_handle_0", "mug_handle_1", "mug_handle_2"),
    "mug_inside": ("mug_inside",),
    "plate": ("plate_rim",),
    "plate_well": ("plate_well",),
    "pot": ("pot_bottom", *(f"pot_wall_{i}" for i in range(16))),
    "pot_handle": tuple(f"pot_handle_{side}_{part}" for side in ("left", "right") for part in ("near", "far", "grip")),
    "soup": ("pot_soup",),
    "spoon": ("spoon_stick", "spoon_knob"),
    "sponge": ("sponge_foam",),
    "scourer": ("sponge_scourer",),
    "chest": tuple(f"drawer_unit_{name}" for name in ("top", "bottom", "left", "right", "back")),
    "drawer": ("drawer_front", "drawer_floor", "drawer_left", "drawer_right"),
    "stove": ("stove_box",),
    "stove_plate": ("stove_plate",),
    "knob": ("knob_disc",),
    "knob_bar": ("knob_bar", "stove_mark"),
    "burner": ("stove_burner",),
    "stain": tuple(f"stain_{i}" for i in range(8)),
    "board": ("board_top",),
}


def draw_colours(rng: np.random.Generator) -> dict[str, Rgb]:
    """Draw the colour of every part, RGB in [0, 1]."""

    def pick(palette: tuple[Rgb, ...], spread: float = 0.02) -> Rgb:
        return _near(palette[rng.integers(len(palette))], spread, rng)

    mug, plate, chest, stove = pick(_CERAMICS), pick(_PLATES), pick(_CHESTS), pick(_STOVES)
    return {
        "carrot": _near((0.94, 0.48, 0.13), 0.025, rng),
        "leaf": _near((0.28, 0.56, 0.20), 0.03, rng),
        "knife_handle": pick(_HANDLES),
        "steel": (0.80, 0.82, 0.84),
        "rest": _near((0.56, 0.40, 0.26), 0.03, rng),
        "mug": mug,
        "mug_inside": _scaled(mug, 0.42),
        "plate": plate,
        "plate_well": _scaled(plate, 0.88),
        "pot": pick(_POTS),
        "pot_handle": (0.15, 0.15, 0.16),
        "soup": pick(_SOUPS),
        "spoon": _near((0.80, 0.62, 0.40), 0.03, rng),
        "sponge": pick(_SPONGES),
        "scourer": _near((0.24, 0.52, 0.34), 0.02, rng),
        "chest": chest,
        "drawer": _scaled(chest, 1.08),
        "stove": stove,
        "stove_plate": (0.20, 0.20, 0.21),
        "knob": (0.72, 0.72, 0.74),
        "knob_bar": (0.82, 0.25, 0.16),
        "burner": BURNER_OFF,
        "stain": pick(_STAINS),
        "board": _near((0.92, 0.80, 0.62), 0.04, rng),
    }


def paint(model: mujoco.MjModel, colours: dict[str, Rgb], counter: str) -> None:
    """Write colours and the counter's material into the model; a part's transparency stays as it is."""
    for part, rgb in colours.items():
        for geom in _PARTS[part]:
            model.geom(geom).rgba[:3] = np.clip(rgb, 0, 1)
    model.geom("counter_top").matid[0] = model.material(counter).id


def show_burner(model: mujoco.MjModel, on: bool) -> None:
    """Let the burner glow, or not."""
    model.geom("stove_burner").rgba[:3] = BURNER_ON if on else BURNER_OFF


def _near(rgb: Rgb, spread: float, rng: np.random.Generator) -> Rgb:
    r, g, b = np.clip(np.array(rgb) + rng.normal(0, spread, 3), 0, 1)
    return float(r), float(g), float(b)


def _scaled(rgb: Rgb, factor: float) -> Rgb:
    r, g, b = np.clip(np.array(rgb) * factor, 0, 1)
    return float(r), float(g), float(b)
