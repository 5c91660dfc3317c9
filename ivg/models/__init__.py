"""The networks: autoencoder, text encoder, denoiser, and how noise is added to what they work on."""
