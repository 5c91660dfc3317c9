"""Features of many frames or clips: in batches, each distinct item once, and cached on disk where wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ..io.staging import staged_output


@dataclass(frozen=True)
class Features:
    """Computes features on a device, with a progress bar or without."""

    device: str | torch.device = "cpu"
    cache: Path | None = None  # folder for features that are kept; none are if None
    progress: bool = False

    def of(
        self,
        items: NDArray[np.uint8],
        network: Callable[[Tensor], Tensor],
        *,
        name: str,
        batch: int,
        keep: str | None = None,
    ) -> NDArray[np.float32]:
        """Returns features (n, d) of items.

        Args:
            items: uint8 (n, ...), frames or clips.
            network: Takes uint8 (b, ...) on `device`, returns (b, d).
            name: Of what is computed, for the bar and the file.
            batch: Items at a time.
            keep: Fingerprint of the network under which these features are cached; not cached if None.
        """
        if keep is None or self.cache is None:
            return self._computed(items, network, name, batch)
        digest = hashlib.sha256(f"{keep}{items.shape}".encode())
        digest.update(np.ascontiguousarray(items).data)
        target = self.cache / f"{name}-{digest.hexdigest()[:32]}.npy"
        if target.exists():
            return np.asarray(np.load(target, allow_pickle=False))
        features = self._computed(items, network, name, batch)
        with staged_output(target, overwrite=True) as stage:
            np.save(stage, features)
        return features

    def _computed(
        self, items: NDArray[np.uint8], network: Callable[[Tensor], Tensor], name: str, batch: int
    ) -> NDArray[np.float32]:
        keys = [hashlib.sha256(np.ascontiguousarray(item).data).digest() for item in items]
        order = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        distinct = [keys.index(key) for key in order]
        parts = []
        with tqdm(total=len(distinct), desc=name, unit="item", disable=not self.progress, leave=False) as bar:
            for first in range(0, len(distinct), batch):
                chosen = np.ascontiguousarray(items[distinct[first : first + batch]])
                parts.append(network(torch.from_numpy(chosen).to(self.device)).float().cpu().numpy())
                bar.update(len(chosen))
        return np.asarray(np.concatenate(parts)[[order[key] for key in keys]], np.float32)
