"""A lifted hand is moved onto what it touches, as the context's depth picture shows it."""

from .contact import Contact, refine_contact
from .grasp_search import Grasp, find_grasp
from .height_map import HeightMap, height_map

__all__ = ["Contact", "Grasp", "HeightMap", "find_grasp", "height_map", "refine_contact"]
