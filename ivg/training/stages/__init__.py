"""The stages of training; `ivg.training.composition` lists them."""
