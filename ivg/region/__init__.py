"""The region of motion: annotation from hand tracks, post-processing of predicted masks (Sec. 3.1.1)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
