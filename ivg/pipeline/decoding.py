"""Between images and latents: encoding, decoding only what has changed, and compositing into the input."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..compositing import change_matte, composite
from ..framing import Framing
from ..inputs import check_image
from ..models.partial_decoding import changed_cells, decode_cells, whitish_cells
from ..region.masks import clean_region


class LatentCodec:
    """Encodes and decodes for an `InstructionalVideoPipeline`, by the networks that it has at the time."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self._plain: tuple[tuple[Any, ...], Tensor] | None = None

    def encode(self, images: NDArray[np.uint8]) -> Tensor:
        """Encode images (n, s, s, 3) to latents (n, z, c, c)."""
        autoencoder = self.pipeline.autoencoder
        values = torch.from_numpy(images).to(self.pipeline.device).permute(0, 3, 1, 2).float() / 127.5 - 1
        return autoencoder.encode(values.to(autoencoder.dtype))

    def encode_plain(self) -> Tensor:
        """Return the latents (2, z, c, c) of a black and a white image, encoded once for an autoencoder."""
        pipeline = self.pipeline
        size = pipeline.model_size
        key = (pipeline.autoencoder, pipeline.autoencoder.dtype, pipeline.device, size)
        if self._plain is None or self._plain[0] != key:
            self._plain = key, self.encode(np.stack([np.full((size, size, 3), grey, np.uint8) for grey in (0, 255)]))
        return self._plain[1]

    def decode(self, latents: Tensor) -> NDArray[np.float32]:
        """Decode latents (n, z, c, c) to images (n, s, s, 3) in [0, 1]."""
        autoencoder = self.pipeline.autoencoder
        images = (autoencoder.decode(latents.to(autoencoder.dtype)).float() + 1) / 2
        return np.ascontiguousarray(images.clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy())

    def reconstruct(self, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Encode and decode frames uint8 (t, h, w, 3), one by one."""
        framing = Framing(frames.shape[1], frames.shape[2], self.pipeline.model_size)
        decoded = [self.decode(self.encode(framing.fit(check_image(frame))[None]))[0] for frame in frames]
        back = np.stack([framing.back(image) for image in decoded])
        return np.asarray(np.clip(np.rint(back * 255), 0, 255).astype(np.uint8))

    def decode_regions(self, latents: Tensor) -> list[NDArray[np.bool_]]:
        """Decode stage 1's latents (b, t, z, c, c) to clean masks, bool (t, s, s) each."""
        masks = self.decode_masks(latents[:, 1:].flatten(0, 1))
        clips = masks.reshape(len(latents), -1, *masks.shape[1:])
        # the context frame shows no hand
        return [clean_region(np.concatenate([np.zeros_like(clip[:1]), clip])).per_frame for clip in clips]

    def decode_masks(self, latents: Tensor) -> NDArray[np.float32]:
        """Decode latents (n, z, c, c) to masks (n, s, s) in [0, 1]; values far below a half may be 0."""
        decoder = self.pipeline.mask_decoder
        if decoder is not None:
            return np.asarray(decoder.decode(latents.to(decoder.dtype)).cpu().numpy())
        if not self.pipeline.autoencoder.local:
            return self.decode(latents).mean(-1)
        black, white = self.encode_plain().float()
        size = self.pipeline.model_size
        known = np.zeros((len(latents), size, size, 3), np.float32)
        return decode_cells(self.decode, latents.float(), whitish_cells(latents.float(), black, white), known).mean(-1)

    def decode_clips(
        self,
        images: list[NDArray[np.uint8]],
        context: Tensor,
        latents: Tensor,
        masks: list[NDArray[np.bool_]],
        framings: list[Framing],
    ) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.bool_]]]:
        """Decode clips' latents (b, t, z, c, c) and put what has changed into the input images (h, w, 3).

        The contexts' latents are (b, z, c, c), regions of motion (t, s, s). Returns clips (t, h, w, 3), and bool (t, h,
        w), true where a frame may differ from the input.
        """
        still = self.decode(context)
        generated = self._decode_frames(latents[:, 1:], context, still)

        def put_in(at: tuple[int, int]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
            clip, frame = at
            change = generated[clip, frame] - still[clip]
            matte = change_matte(change, masks[clip][frame + 1])
            return composite(images[clip], generated[clip, frame], change, matte, framings[clip])

        with ThreadPoolExecutor(max(1, torch.get_num_threads())) as pool:
            done = pool.map(put_in, np.ndindex(*generated.shape[:2]))
            parts = [zip(*itertools.islice(done, generated.shape[1]), strict=True) for _ in images]
        clips, composited = [], []
        for image, (frames, touched) in zip(images, parts, strict=True):
            clips.append(np.stack([image, *frames]))
            composited.append(np.stack([np.zeros(image.shape[:2], bool), *touched]))
        return clips, composited

    def _decode_frames(self, latents: Tensor, context: Tensor, still: NDArray[np.float32]) -> NDArray[np.float32]:
        """Decode latents (b, t, z, c, c) to (b, t, s, s, 3) in [0, 1], given the contexts' latents and images."""
        b, t = latents.shape[:2]
        if not self.pipeline.autoencoder.local:
            return np.stack([self.decode(clip) for clip in latents])
        frames = latents.flatten(0, 1).float()
        changed = changed_cells(frames, context.float().repeat_interleave(t, 0))
        return decode_cells(self.decode, frames, changed, np.repeat(still, t, 0)).reshape(b, t, *still.shape[1:])
