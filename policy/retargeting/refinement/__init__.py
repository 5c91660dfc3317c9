"""Moves a lifted hand onto what it touches, by the context's depth image."""

from .contact import Contact, refine_contact
from .grasp_search import find_grasp
from .height_map import HeightMap, height_map

__all__ = ["Contact", "HeightMap", "find_grasp", "height_map", "refine_contact"]
