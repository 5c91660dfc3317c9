"""Looking at a dataset of robot episodes or demonstrations: a web page of one file, or a recording for rerun."""
