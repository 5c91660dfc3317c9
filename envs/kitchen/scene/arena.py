"""The kitchen's bodies as MJCF: fixtures and movable objects, built of primitives so that a scene can resize them.

Every geom whose size depends on the scene has a name; `scene.apply_scene` writes sizes, places and colours into the
compiled model, so that a reset costs no recompilation. Sizes given here are only where compilation starts. Moving
bodies state their inertia, because robosuite's compiler settings take none from visible geoms (group 1).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from ..state import CARROT_SEGMENTS, STAIN_SPOTS

ARENA_XML = Path(__file__).parents[1] / "assets" / "arena.xml"
POT_WALLS = 16
CARROT_PITCH_M = 0.02


def _text(values: object) -> str:
    return values if isinstance(values, str) else " ".join(f"{v:g}" for v in values)  # type: ignore[attr-defined]


def _add(parent: ET.Element, tag: str, **attributes: object) -> ET.Element:
    """Append an element; numbers in tuples become MJCF's space-separated text."""
    return ET.SubElement(parent, tag, {key.rstrip("_"): _text(value) for key, value in attributes.items()})


def _geom(body: ET.Element, name: str, type_: str, **attributes: object) -> ET.Element:
    """Append a visible geom (group 1) that collides."""
    return _add(body, "geom", name=name, type=type_, group="1", **attributes)


def _shown(body: ET.Element, name: str, type_: str, **attributes: object) -> ET.Element:
    """Append a visible geom that collides with nothing and weighs nothing."""
    return _geom(body, name, type_, contype="0", conaffinity="0", mass="0", **attributes)


def _free_body(
    world: ET.Element,
    name: str,
    mass: str,
    damping: str = "0.002",
    centre: tuple[float, float, float] = (0, 0, 0),
) -> ET.Element:
    # MuJoCo leaves out gravity compensation in models that are compiled without any; `scene` sets it as it needs it
    body = _add(world, "body", name=name, pos=(0, 0, -0.5), gravcomp="1")
    _add(body, "joint", name=f"{name}_joint", type="free", damping=damping)
    _add(body, "inertial", pos=centre, mass=mass, diaginertia=(2e-4, 2e-4, 2e-4))
    return body


def _board(world: ET.Element) -> None:
    body = _add(world, "body", name="board", pos=(0.1, 0, 0))
    _geom(
        body,
        "board_top",
        "box",
        size=(0.075, 0.105, 0.006),
        pos=(0, 0, 0.006),
        material="board_maple",
        contype="3",
        conaffinity="3",
    )


def _carrot(world: ET.Element) -> None:
    """Five coaxial segments along y, the thin end at -y; welded in `add_equalities`."""
    for i in range(CARROT_SEGMENTS):
        body = _free_body(world, f"carrot_{i}", "0.02", damping="0.0005")
        _geom(
            body,
            f"carrot_{i}_geom",
            "cylinder",
            size=(0.013, CARROT_PITCH_M / 2),
            zaxis=(0, 1, 0),
            material="matt",
            condim="6",
            friction="1.2 0.02 0.004",
        )
        if i == 0:
            _shown(body, "carrot_tip", "ellipsoid", size=(0.009, 0.012, 0.009), pos=(0, -0.01, 0))
    last = body
    _shown(last, "carrot_crown", "ellipsoid", size=(0.012, 0.006, 0.012), pos=(0, 0.01, 0))
    for i, (x, z) in enumerate(((0.004, 0.002), (-0.004, 0.003), (0.0, 0.005))):
        leaf = (0, 0.013, 0, 2.2 * x, 0.04, z)
        _shown(last, f"carrot_leaf_{i}", "capsule", size=(0.0035,), fromto=leaf, material="matt")


def _knife(world: ET.Element) -> None:
    """Origin at the grip's centre, blade along +x, edge down; its weight is in the blade, so that the rest holds it."""
    body = _free_body(world, "knife", "0.12", centre=(0.105, 0, -0.006))
    grip = {"material": "matt", "friction": "1.5 0.02 0.002", "condim": "4"}
    _geom(body, "knife_handle", "box", size=(0.052, 0.0095, 0.012), **grip)
    _shown(
        body,
        "knife_bolster",
        "box",
        size=(0.006, 0.0085, 0.0125),
        pos=(0.054, 0, 0),
        material="metal",
    )
    blade = {"size": (0.06, 0.0015, 0.0165), "pos": (0.118, 0, -0.006), "material": "metal"}
    _geom(body, "knife_blade", "box", contype="2", conaffinity="2", **blade)


def _knife_rest(world: ET.Element) -> None:
    """A slotted block that holds the blade upright; the slot is along x."""
    body = _add(world, "body", name="knife_rest", pos=(0, -0.2, 0))
    for side, y in (("left", 0.0115), ("right", -0.0115)):
        _geom(
            body,
            f"knife_rest_{side}",
            "box",
            size=(0.03, 0.009, 0.017),
            pos=(0, y, 0.017),
            contype="3",
            conaffinity="3",
        )
    _geom(
        body,
        "knife_rest_base",
        "box",
        size=(0.03, 0.02, 0.006),
        pos=(0, 0, 0.006),
        contype="3",
        conaffinity="3",
    )


def _mug(world: ET.Element) -> None:
    """Origin at the centre, handle along +x."""
    body = _free_body(world, "mug", "0.2")
    solid = {"material": "glazed", "friction": "1.0 0.02 0.002", "condim": "4"}
    _geom(body, "mug_wall", "cylinder", size=(0.034, 0.04), **solid)
    _shown(body, "mug_inside", "cylinder", size=(0.029, 0.0006), pos=(0, 0, 0.04), material="matt")
    for i in range(3):
        _shown(body, f"mug_handle_{i}", "capsule", size=(0.0055, 0.01), material="glazed")


def _plate(world: ET.Element) -> None:
    """Origin at the centre of its bottom."""
    body = _free_body(world, "plate", "0.35")
    _geom(
        body,
        "plate_rim",
        "cylinder",
        size=(0.08, 0.008),
        pos=(0, 0, 0.008),
        material="glazed",
        friction="0.5 0.005 0.0005",
    )
    _shown(
        body,
        "plate_well",
        "cylinder",
        size=(0.055, 0.0006),
        pos=(0, 0, 0.016),
        material="glazed",
    )


def _pot(world: ET.Element) -> None:
    """Origin at the centre of its bottom; a ring of boxes is its wall; the spoon is its child on two slides."""
    body = _free_body(world, "pot", "1.5", damping="0.05")
    _geom(
        body,
        "pot_bottom",
        "cylinder",
        size=(0.065, 0.004),
        pos=(0, 0, 0.004),
        material="metal",
        friction="1.2 0.02 0.002",
    )
    for i in range(POT_WALLS):
        _geom(body, f"pot_wall_{i}", "box", size=(0.003, 0.014, 0.03), pos=(0.065, 0, 0.03), material="metal")
    _geom(body, "pot_soup", "cylinder", size=(0.06, 0.006), pos=(0, 0, 0.01), material="matt")
    for side in ("left", "right"):
        for part in ("near", "far", "grip"):
            _shown(body, f"pot_handle_{side}_{part}", "capsule", size=(0.006, 0.01), material="matt")
    spoon = _add(body, "body", name="spoon", pos=(0, 0, 0.02), gravcomp="1")
    _add(spoon, "inertial", pos=(0, 0, 0.06), mass="0.05", diaginertia=(1e-4, 1e-4, 1e-4))
    for axis, direction in (("x", (1, 0, 0)), ("y", (0, 1, 0))):
        joint = {
            "type": "slide",
            "axis": direction,
            "damping": "3",
            "frictionloss": "0.15",
            "range": (-0.05, 0.05),
        }
        _add(spoon, "joint", name=f"spoon_{axis}", limited="true", armature="0.02", **joint)
    grip = {"material": "matt", "friction": "1.5 0.02 0.002"}
    _geom(spoon, "spoon_stick", "capsule", size=(0.008,), fromto=(0, 0, 0, 0, 0, 0.12), **grip)
    _shown(
        spoon,
        "spoon_knob",
        "ellipsoid",
        size=(0.011, 0.011, 0.016),
        pos=(0, 0, 0.12),
        material="matt",
    )
    _add(spoon, "site", name="spoon_grip", pos=(0, 0, 0.105), size=(0.005,))


def _sponge(world: ET.Element) -> None:
    """Origin at the centre, the long side along x."""
    body = _free_body(world, "sponge", "0.03")
    friction = {"friction": "0.8 0.01 0.001", "condim": "4", "material": "matt"}
    _geom(body, "sponge_foam", "box", size=(0.045, 0.029, 0.014), **friction)
    _shown(
        body,
        "sponge_scourer",
        "box",
        size=(0.0452, 0.0292, 0.004),
        pos=(0, 0, 0.0115),
        material="matt",
    )


def _drawer_unit(world: ET.Element) -> None:
    """A small chest whose drawer slides towards the person (-x); sizes are the same in every scene."""
    unit = _add(world, "body", name="drawer_unit", pos=(0.4, 0.14, 0))
    panels = {
        "top": ((0.07, 0.1, 0.005), (0, 0, 0.087)),
        "bottom": ((0.07, 0.1, 0.004), (0, 0, 0.004)),
        "left": ((0.07, 0.005, 0.04), (0, 0.095, 0.045)),
        "right": ((0.07, 0.005, 0.04), (0, -0.095, 0.045)),
        "back": ((0.004, 0.1, 0.04), (0.066, 0, 0.045)),
    }
    for name, (size, pos) in panels.items():
        _geom(unit, f"drawer_unit_{name}", "box", size=size, pos=pos, material="matt")
    drawer = _add(unit, "body", name="drawer", pos=(-0.004, 0, 0.046))
    _add(drawer, "inertial", pos=(0, 0, 0), mass="0.5", diaginertia=(2e-3, 2e-3, 2e-3))
    slide = {"axis": (-1, 0, 0), "range": (0, 0.12), "damping": "6", "frictionloss": "0.6"}
    _add(drawer, "joint", name="drawer_slide", type="slide", limited="true", armature="0.05", **slide)
    boxes = {
        "front": ((0.005, 0.0885, 0.036), (-0.071, 0, 0)),
        "floor": ((0.066, 0.086, 0.003), (0, 0, -0.033)),
        "left": ((0.066, 0.003, 0.02), (0, 0.085, -0.013)),
        "right": ((0.066, 0.003, 0.02), (0, -0.085, -0.013)),
    }
    for name, (size, pos) in boxes.items():
        _geom(drawer, f"drawer_{name}", "box", size=size, pos=pos, material="matt")
    _geom(
        drawer,
        "drawer_bar",
        "capsule",
        size=(0.0065,),
        fromto=(-0.115, -0.045, 0.012, -0.115, 0.045, 0.012),
        material="metal",
    )
    for side, y in (("left", 0.038), ("right", -0.038)):
        _geom(
            drawer,
            f"drawer_post_{side}",
            "capsule",
            size=(0.005,),
            fromto=(-0.115, y, 0.012, -0.074, y, 0.012),
            material="metal",
        )
    _add(drawer, "site", name="drawer_handle", pos=(-0.115, 0, 0.012), size=(0.005,))


def _stove(world: ET.Element) -> None:
    """A hot plate; its knob turns about z on the top's near edge."""
    body = _add(world, "body", name="stove", pos=(0.38, -0.14, 0))
    _geom(body, "stove_box", "box", size=(0.095, 0.085, 0.02), pos=(0, 0, 0.02), material="matt")
    _geom(body, "stove_plate", "cylinder", size=(0.058, 0.003), pos=(0.034, 0, 0.042), material="matt")
    _shown(
        body,
        "stove_burner",
        "cylinder",
        size=(0.048, 0.0008),
        pos=(0.034, 0, 0.0452),
        material="matt",
    )
    _shown(body, "stove_mark", "box", size=(0.002, 0.007, 0.0005), pos=(-0.06, 0.042, 0.0402))
    knob = _add(body, "body", name="knob", pos=(-0.06, 0, 0.04))
    _add(knob, "inertial", pos=(0, 0, 0.015), mass="0.05", diaginertia=(2e-5, 2e-5, 2e-5))
    hinge = {"axis": (0, 0, 1), "range": (0, 1.5708), "damping": "0.02", "frictionloss": "0.02"}
    _add(knob, "joint", name="knob_hinge", type="hinge", limited="true", armature="0.002", **hinge)
    _geom(knob, "knob_disc", "cylinder", size=(0.03, 0.005), pos=(0, 0, 0.005), material="matt")
    _geom(
        knob,
        "knob_bar",
        "box",
        size=(0.029, 0.0085, 0.0125),
        pos=(0, 0, 0.0225),
        material="matt",
        friction="1.5 0.05 0.002",
    )
    _add(knob, "site", name="knob_grip", pos=(0, 0, 0.026), size=(0.005,))


def _stains(world: ET.Element) -> None:
    for i in range(STAIN_SPOTS):
        body = _add(world, "body", name=f"stain_{i}", pos=(0, 0, 0))
        _shown(
            body,
            f"stain_{i}",
            "cylinder",
            size=(0.014, 0.0006),
            pos=(0, 0, 0.0006),
            material="matt",
        )


def add_bodies(world: ET.Element) -> None:
    """Append every fixture and object to the arena's ``worldbody``."""
    for build in (
        _board,
        _carrot,
        _knife_rest,
        _knife,
        _mug,
        _plate,
        _pot,
        _sponge,
        _drawer_unit,
        _stove,
        _stains,
    ):
        build(world)


def add_equalities(root: ET.Element) -> None:
    """Weld the carrot's neighbours; a weld that is switched off is a cut."""
    equality = root.find("equality")
    if equality is None:
        equality = ET.SubElement(root, "equality")
    for i in range(CARROT_SEGMENTS - 1):
        weld = {
            "body1": f"carrot_{i}",
            "body2": f"carrot_{i + 1}",
            "relpose": (0, CARROT_PITCH_M, 0, 1, 0, 0, 0),
        }
        _add(equality, "weld", name=f"carrot_weld_{i}", solref="0.006 1", **weld)
