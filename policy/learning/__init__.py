"""Diffusion policy and behaviour cloning conditioned on demonstrations, trained on robot episodes.

Names are loaded when first used: settings can be read without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
