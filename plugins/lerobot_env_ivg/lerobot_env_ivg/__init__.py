"""The kitchen of ivg as an environment of LeRobot; importing this registers ``ivg_kitchen`` and nothing heavy."""

from .config import IvgKitchenConfig

__all__ = ["IvgKitchenConfig"]
