"""Datasets of episodes on disk: zarr format 2 in the layout of diffusion_policy's ReplayBuffer.

``data/*`` holds one row per step, all episodes concatenated, in chunks of about 2 MB that split time only, packed by
Blosc lz4. ``meta/*`` holds one row per episode: ``meta/episode_ends`` (int64, exclusive, uncompressed),
``meta/checksum`` (uint8 (e, k, 16), `layout.checksum_names`) and what a `Layout` lists. Texts are UTF-8 bytes, one
after the other, with their ends in ``meta/NAME_ends``. A folder ``*.zarr`` and a file ``*.zarr.zip`` hold the same.
"""
