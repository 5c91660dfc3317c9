from .lifting import CanonicalCamera, DepthCorrection, HandLifter, LiftedHands, Lifter, PnPLifter
from .tracking import CleanTracks, clean_tracks
from .training import LifterTraining, NoiseAugmentation, StoreHands, evaluate_lifter, evaluate_lifting, train_lifter

__all__ = [
    "CanonicalCamera",
    "CleanTracks",
    "DepthCorrection",
    "HandLifter",
    "LiftedHands",
    "Lifter",
    "LifterTraining",
    "NoiseAugmentation",
    "PnPLifter",
    "StoreHands",
    "clean_tracks",
    "evaluate_lifter",
    "evaluate_lifting",
    "train_lifter",
]
