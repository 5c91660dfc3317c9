"""Clips on disk, and how training reads them."""
