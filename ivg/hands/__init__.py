"""Hands in pictures: MediaPipe's detector and the geometry around it."""

from .detector import MediaPipeHands
from .metric import MetricHands
from .skeleton import BONES, FINGERTIPS, JOINT_NAMES

__all__ = ["BONES", "FINGERTIPS", "JOINT_NAMES", "MediaPipeHands", "MetricHands"]
