"""Networks of our own, small enough for a CPU."""
