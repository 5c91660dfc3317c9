"""Clips to train on: the store, clips in memory, readers of public datasets, and which clips are good enough."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
