"""Datasets of robot episodes in the formats of other projects, and back; docs/exports.md lists formats and columns.

Everything is read and written episode by episode, and is written whole or not at all. To add a format, imitate `minari`
and add it to `conversion.EXPORT_FORMATS`.
"""

from .conversion import EXPORT_FORMATS, IMPORT_FORMATS, Conversion, export_dataset, import_dataset

__all__ = ["EXPORT_FORMATS", "IMPORT_FORMATS", "Conversion", "export_dataset", "import_dataset"]
