"""Training and evaluation of the lifter on rendered clips (loads torch)."""
