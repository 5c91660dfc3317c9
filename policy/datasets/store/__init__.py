"""Datasets of demonstrations: zarr format 2 in the layout of diffusion_policy's ReplayBuffer.

========================  =========  ================  ==================================================
array                     dtype      shape             content
========================  =========  ================  ==================================================
``data/image``            uint8      (n, h, w, 3)      frames, RGB
``data/region``           uint8      (n, h, w, 1)      region of motion of the frame, 0 or 255
``data/keypoints``        float32    (n, 2, 21, 2)     hand joints, normalised, NaN where absent
``data/present``          float32    (n, 2)            1 where the hand was found, else 0
``data/score``            float32    (n, 2)            confidence of the detector
``meta/episode_ends``     int64      (e,)              where each episode ends (exclusive), uncompressed
``meta/fps``              float64    (e,)              frames per second of each episode
``meta/checksum``         uint8      (e, k, 16)        of the episode in each array (`checksum_names`)
``meta/provenance``       uint8      (bytes,)          JSON (UTF-8) of all episodes, one after the other
``meta/provenance_ends``  int64      (e,)              where each episode's JSON ends (exclusive)
========================  =========  ================  ==================================================

`n` frames in `e` episodes; ``data/*`` is concatenated on time, in chunks of about 2 MB that split time only,
packed by Blosc lz4. A folder ``*.zarr`` and a file ``*.zarr.zip`` hold the same.
"""

from .demonstrations import DemonstrationStore, append_demonstrations, is_demonstration_dataset, write_demonstrations

__all__ = ["DemonstrationStore", "append_demonstrations", "is_demonstration_dataset", "write_demonstrations"]
