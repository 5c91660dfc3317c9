"""Judging generators: figures on held-out scenes, the paper's table, its ablation.

`evaluate_generator` judges a generator's clips, `ablate` trains and judges the paper's ablation, `fetch_networks` puts
the networks of FID, FVD, LPIPS, CLIP and BLIP where these find them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
