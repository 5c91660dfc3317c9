"""What a training would need, computed on the meta device."""
