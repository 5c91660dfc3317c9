from .clip_arrays import ClipArrays
from .clip_filter import ClipFilter
from .clip_record import ClipRecord
from .clip_store import ClipStore
from .readers import Reading, Segment, Skipped
from .segment_frames import SegmentError, read_segment
from .split import split_indices

__all__ = [
    "ClipArrays",
    "ClipFilter",
    "ClipRecord",
    "ClipStore",
    "Reading",
    "Segment",
    "SegmentError",
    "Skipped",
    "read_segment",
    "split_indices",
]
