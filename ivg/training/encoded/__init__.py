"""Training clips encoded once: latents in memory, cached beside their store, or packed into one file."""
