"""Reinforcement learning with stable-baselines3: policies conditioned on a demonstration, rewarded for following it.

Names are loaded when first used: settings can be read without stable-baselines3.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
