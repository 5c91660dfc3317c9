"""Hands in images: MediaPipe's detector, one for many frames at a time, a differentiable one, and the skeleton."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
