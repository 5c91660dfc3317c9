from .errors import IvgError
from .models.nano.autoencoder import NanoAutoencoder
from .models.nano.denoiser import NanoVideoDenoiser
from .pipeline import InstructionalVideoPipeline, PipelineOutput
from .types import Appearance, Camera, Clip, HandTracks, RegionOfMotion

__version__: str

__all__ = [
    "Appearance",
    "Camera",
    "Clip",
    "HandTracks",
    "InstructionalVideoPipeline",
    "IvgError",
    "NanoAutoencoder",
    "NanoVideoDenoiser",
    "PipelineOutput",
    "RegionOfMotion",
    "__version__",
]
