"""Rewriting instructions: from "cut carrot" to who holds what where (the paper's "instruction tuning", Sec. 3.1.1)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
