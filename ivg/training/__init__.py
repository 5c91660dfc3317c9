"""Training of the autoencoder and of the paper's two stages; `ivg-train` runs it."""
