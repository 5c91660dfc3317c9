"""Demonstrations in a training loop: observations, rewards, goals, features of a policy (loads nothing heavy)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
