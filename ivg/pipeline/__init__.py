"""The generator of clips, as a diffusers pipeline: an image and a prompt in, a clip of a hand doing it out."""

from ..models.loading import PACKAGED, find_weights, sample_steps
from .output import PipelineOutput
from .pipeline import InstructionalVideoPipeline

__all__ = ["PACKAGED", "InstructionalVideoPipeline", "PipelineOutput", "find_weights", "sample_steps"]
