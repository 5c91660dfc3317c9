"""Datasets of LeRobot, codebase version 3.0: written by `writer`, read by `reader`."""
