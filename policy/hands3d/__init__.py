"""Hands in three dimensions: cleaning of tracks, lifting to metres, training and evaluation of the lifter.

Names are loaded when first used: the lifters load torch.

Example:
    >>> from ivg.policy.hands3d import HandLifter, clean_tracks
    >>> hands = HandLifter.from_pretrained("kitchen")(clean_tracks(tracks, fps=8), camera)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
