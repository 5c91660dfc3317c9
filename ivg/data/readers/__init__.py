"""Readers: from the annotation of a public dataset, or a folder of videos, to segments with a sentence each."""

from .ego4d import read_ego4d as read_ego4d
from .epic_kitchens import read_epic_kitchens as read_epic_kitchens
from .plain import read_caption_list as read_caption_list
from .plain import read_video_folder as read_video_folder
from .segment import Reading as Reading
from .segment import Segment as Segment
from .segment import Skipped as Skipped
