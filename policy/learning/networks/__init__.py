"""Networks of the policies: encoders of images and demonstrations, normalisers, a temporal U-Net (torch)."""
