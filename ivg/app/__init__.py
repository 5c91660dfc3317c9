"""A page in the browser on which a scene and a sentence become a clip, and the robot follows it (`serve`)."""

from .server import serve

__all__ = ["serve"]
