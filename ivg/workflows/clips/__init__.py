"""Clips of people at work: rendered in the kitchen, or annotated in real video, into clip stores."""
