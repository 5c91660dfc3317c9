"""The stages of training; `ivg.training.registry` lists them."""
