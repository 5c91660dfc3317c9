from .masks import clean_region, region_from_tracks
from .video import AnnotatedVideo, annotate_clip, annotate_video

__all__ = ["AnnotatedVideo", "annotate_clip", "annotate_video", "clean_region", "region_from_tracks"]
