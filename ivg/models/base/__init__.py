"""Pretrained networks of diffusers and transformers, adapted: the paper's scale."""
