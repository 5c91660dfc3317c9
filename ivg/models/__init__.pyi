from .base.denoiser import BaseVideoDenoiser
from .base.encoders import BaseAutoencoder, ClipTextEncoder
from .interfaces import ImageAutoencoder, TextEncoder, VideoDenoiser
from .loading import load_component, load_weights
from .nano.autoencoder import NanoAutoencoder, NanoMaskDecoder
from .nano.denoiser import NanoVideoDenoiser
from .nano.text import MiniLMTextEncoder
from .noise import SampleSpace, training_scheduler
from .sampler import denoise

__all__ = [
    "BaseAutoencoder",
    "BaseVideoDenoiser",
    "ClipTextEncoder",
    "ImageAutoencoder",
    "MiniLMTextEncoder",
    "NanoAutoencoder",
    "NanoMaskDecoder",
    "NanoVideoDenoiser",
    "SampleSpace",
    "TextEncoder",
    "VideoDenoiser",
    "denoise",
    "load_component",
    "load_weights",
    "training_scheduler",
]
