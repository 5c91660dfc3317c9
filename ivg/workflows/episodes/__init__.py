"""Datasets of robot episodes: generated without teleoperation, exported, imported, checked and described."""
