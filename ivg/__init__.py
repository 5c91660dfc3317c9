"""From one camera frame and a sentence to a clip of a hand doing the task.

Names are loaded when first used, so that `import ivg` is quick and loads no torch.
"""

from typing import Any

import lazy_loader

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]


def __getattr__(name: str) -> Any:
    """Load a public name (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("ivg")
    return _load(name)
