from .staging import staged_output, write_text_whole
from .video import VideoSample, read_video, video_length_s, write_video

__all__ = ["VideoSample", "read_video", "staged_output", "video_length_s", "write_text_whole", "write_video"]
