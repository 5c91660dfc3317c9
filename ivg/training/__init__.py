"""Training of the generator: autoencoder, the paper's two stages, refiner, mask decoder; `ivg-train` runs it.

Names are loaded when first used, so that settings can be read without torch's networks.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
