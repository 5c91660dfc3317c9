"""Layout, sizes and appearance of a kitchen scene, drawn from a seed and written into a compiled model."""
