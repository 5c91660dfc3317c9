"""Datasets of robot episodes in the formats of other projects, and back.

=============  ==========================================  ===================================================
format         what it is                                  read by
=============  ==========================================  ===================================================
``lerobot``    a folder, codebase version 3.0              LeRobot
``robomimic``  an HDF5 file                                robomimic
``minari``     a folder of Minari's layout, by id          Minari
``zarr``       a folder or a zip file, our own layout      diffusion_policy's ReplayBuffer
=============  ==========================================  ===================================================

Everything is read and written episode by episode, and is written whole or not at all. LeRobot's and robomimic's
datasets are read too. To add a format, imitate `minari` and add it to `conversion.EXPORT_FORMATS`.
"""

from .conversion import EXPORT_FORMATS, IMPORT_FORMATS, Conversion, export_dataset, import_dataset

__all__ = ["EXPORT_FORMATS", "IMPORT_FORMATS", "Conversion", "export_dataset", "import_dataset"]
