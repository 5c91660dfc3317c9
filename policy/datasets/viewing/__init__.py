"""Looking at a dataset of robot episodes or demonstrations: a web page of one file, or a recording for rerun."""

from .view import ViewResult, view_dataset

__all__ = ["ViewResult", "view_dataset"]
