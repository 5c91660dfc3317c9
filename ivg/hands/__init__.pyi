from .batched_detector import BatchedHands
from .detector import MediaPipeHands
from .sides import MetricHands
from .skeleton import BONES, FINGERTIPS, JOINT_NAMES
from .structure import HandStructureDetector

__all__ = [
    "BONES",
    "FINGERTIPS",
    "JOINT_NAMES",
    "BatchedHands",
    "HandStructureDetector",
    "MediaPipeHands",
    "MetricHands",
]
