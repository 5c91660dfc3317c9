"""Settings of training. These dataclasses hold the only defaults, of the command (by hydra) and of Python alike."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
