"""Training and evaluation of the lifter on rendered clips (loads torch)."""

from .evaluation import evaluate_lifter, evaluate_lifting
from .samples import StoreHands
from .training import LifterTraining, NoiseAugmentation, train_lifter

__all__ = [
    "LifterTraining",
    "NoiseAugmentation",
    "StoreHands",
    "evaluate_lifter",
    "evaluate_lifting",
    "train_lifter",
]
