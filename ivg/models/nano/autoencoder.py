"""The nano model's image autoencoder (8 x smaller latents, trained in minutes on a CPU) and its decoder of masks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from ...errors import InputError, WeightsError
from ..interfaces import FACTOR, check_images


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside the identity, without norms: colours are the signal here."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, c, h, w) of the same shape."""
        return x + self.conv2(F.silu(self.conv1(F.silu(x))))


def keep_variance(model: nn.Module) -> None:
    """Draw weights so that signals keep their size from layer to layer; residual branches start at zero."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=layer.weight[0].numel() ** -0.5)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    for block in model.modules():
        if isinstance(block, Residual):
            block.conv1.weight.data.mul_(2**0.5)
            nn.init.zeros_(block.conv2.weight)


def _levels(layers: nn.Sequential) -> list[list[nn.Module]]:
    """Return runs of residual blocks, and between them what leads from one resolution to the next."""
    return [list(run) for _, run in itertools.groupby(layers, lambda layer: isinstance(layer, Residual))]


def _up(channels_in: int, channels_out: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels_in, 4 * channels_out, 1), nn.PixelShuffle(2))


def _encoder(widths: Sequence[int], depth: int, latent_channels: int) -> nn.Sequential:
    fine, middle, coarse = widths
    return nn.Sequential(
        nn.PixelUnshuffle(2),
        nn.Conv2d(12, fine, 3, padding=1),
        *(Residual(fine) for _ in range(depth)),
        nn.Conv2d(fine, middle, 4, stride=2, padding=1),
        *(Residual(middle) for _ in range(depth)),
        nn.Conv2d(middle, coarse, 4, stride=2, padding=1),
        *(Residual(coarse) for _ in range(depth + 1)),
        nn.SiLU(),
        nn.Conv2d(coarse, latent_channels, 3, padding=1),
    )


def _decoder(widths: Sequence[int], depth: int, latent_channels: int) -> nn.Sequential:
    fine, middle, coarse = widths
    return nn.Sequential(
        nn.Conv2d(latent_channels, coarse, 3, padding=1),
        *(Residual(coarse) for _ in range(depth)),
        _up(coarse, middle),
        *(Residual(middle) for _ in range(depth)),
        _up(middle, fine),
        *(Residual(fine) for _ in range(depth)),
        nn.SiLU(),
        nn.Conv2d(fine, 12, 3, padding=1),
        nn.PixelShuffle(2),
    )


class NanoAutoencoder(ModelMixin, ConfigMixin):
    """Encodes images to latents of an eighth of their height and width, and back.

    The pixels are folded 2 x 2 into channels first, so that no convolution runs at full resolution. There are no norms.
    Latents are brought to zero mean and unit spread, channel by channel, by two buffers that `calibrate` fills after
    training. Widths are the channels at 1/2, 1/4 and 1/8 of the resolution, depths the residual blocks a level; the
    decoder has the harder work.
    """

    local = True  # convolutions only: a decoded pixel depends on the latents a few cells round it

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 12,
        encoder_widths: Sequence[int] = (48, 96, 160),
        decoder_widths: Sequence[int] = (48, 96, 192),
        encoder_depth: int = 1,
        decoder_depth: int = 2,
    ) -> None:
        super().__init__()
        self.encoder = _encoder(encoder_widths, encoder_depth, latent_channels)
        self.decoder = _decoder(decoder_widths, decoder_depth, latent_channels)
        keep_variance(self)
        self.register_buffer("latent_mean", torch.zeros(1, latent_channels, 1, 1))
        self.register_buffer("latent_std", torch.ones(1, latent_channels, 1, 1))

    def encode(self, images: Tensor) -> Tensor:
        """Encode images (n, 3, h, w) in [-1, 1], h and w multiples of 8, to latents (n, z, h/8, w/8) of unit spread."""
        check_images(images)
        latents = self.encoder(images.contiguous(memory_format=torch.channels_last))
        return (latents - self.latent_mean) / self.latent_std

    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents (n, z, h/8, w/8) to images (n, 3, h, w), about in [-1, 1], not clamped."""
        latents = latents * self.latent_std + self.latent_mean
        return self.decoder(latents.contiguous(memory_format=torch.channels_last))

    def forward(self, images: Tensor, latent_noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the latents (n, z, h/8, w/8) of images (n, 3, h, w) in [-1, 1] and their reconstructions (n, 3, h, w).

        `latent_noise` is added to the latents; training uses it, so that the decoder forgives the small errors of
        generated latents.
        """
        latents = self.encode(images)
        return latents, self.decode(latents if latent_noise is None else latents + latent_noise)

    def keep_encoder(self, other: NanoAutoencoder) -> None:
        """Take over another one's encoder and the scale of its latents, frozen: what is left to train is the decoder.

        That begins from what fits of the other's: of every level the blocks from the first on, if they are as wide. A
        `WeightsError` is raised if the encoders are of other sizes.
        """
        try:
            self.encoder.load_state_dict(other.encoder.state_dict())
        except RuntimeError as error:
            raise WeightsError(f"the encoders are of other sizes: {str(error).splitlines()[-1].strip()}") from error
        self.encoder.requires_grad_(False)
        self.latent_mean.copy_(other.latent_mean)
        self.latent_std.copy_(other.latent_std)
        for own_level, other_level in zip(_levels(self.decoder), _levels(other.decoder), strict=True):
            for own, others in zip(own_level, other_level, strict=False):
                shapes = [[value.shape for value in layer.state_dict().values()] for layer in (own, others)]
                if shapes[0] == shapes[1]:
                    own.load_state_dict(others.state_dict())

    @torch.no_grad()
    def calibrate(self, images: Tensor) -> None:
        """Set the buffers so that the latents of these images (n, 3, h, w) have zero mean and unit spread."""
        self.latent_mean.zero_()
        self.latent_std.fill_(1.0)
        latents = self.encode(images).float()
        self.latent_mean.copy_(latents.mean((0, 2, 3), keepdim=True))
        self.latent_std.copy_(latents.std((0, 2, 3), keepdim=True).clamp_min(1e-4))


class NanoMaskDecoder(ModelMixin, ConfigMixin):
    """Decodes masks from the latents that stage 1 predicts, which are an image autoencoder's.

    Stage 1's one step gives the mean of the likely masks, in latents; what is wanted of it is whether a pixel belongs
    to the hand more likely than not. So this network gives a probability and no colours, and works at the latents'
    resolution throughout, with `depth` residual blocks of `width` channels.
    """

    @register_to_config
    def __init__(self, latent_channels: int = 12, width: int = 64, depth: int = 1) -> None:
        super().__init__()
        if min(latent_channels, width, depth) < 1:
            raise InputError(
                f"latent_channels, width and depth must be positive, got {latent_channels}, {width} and {depth}"
            )
        self.layers = nn.Sequential(
            nn.Conv2d(latent_channels, width, 3, padding=1),
            *(Residual(width) for _ in range(depth)),
            nn.SiLU(),
            nn.Conv2d(width, FACTOR**2, 3, padding=1),
            nn.PixelShuffle(FACTOR),
        )
        keep_variance(self)

    def forward(self, latents: Tensor) -> Tensor:
        """Return, for latents (n, z, h/8, w/8), the logit of each pixel's being the hand's, (n, h, w)."""
        logits: Tensor = self.layers(latents.contiguous(memory_format=torch.channels_last))
        return logits[:, 0]

    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents (n, z, h/8, w/8) to masks (n, h, w), the probability of the hand in [0, 1]."""
        return F.sigmoid(self(latents).float())
