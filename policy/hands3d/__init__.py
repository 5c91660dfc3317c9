"""Hands in three dimensions: cleaning of tracks, lifting to metres, training and evaluation of the lifter."""
