"""The decoded images on the device itself: moved there once, where they fit, and gathered there by their numbers.

Whether they fit is decided after the first step of the run: what the network, its gradients and the optimiser need has
been taken by then, and of what is left half is not touched. Where they do not fit, those of each batch are moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from unetkit.console import say, warn
from unetkit.data.arrays import Image, Mask, ignore_value
from unetkit.data.cache import Cache, free_memory
from unetkit.data.cache.memory import megabytes
from unetkit.training.moving import Mover, kind_of, numbers_of

SHARE = 0.5
"""Of the device's memory that is free after a step; scoring, at native size, may take more than a step did."""


class Feed:
    """Decoded pairs as tensors on a device, by their numbers in the cache.

    Args:
        cache: the decoded pairs in main memory.
        device: any, with its number where it has one: work is queued on its current stream (`Lane`).
        settled: whether a step has been made.
        free: bytes of the device's memory that are free.

    Attributes:
        device: that.
        top: the largest grey value of the images' depth.
        ignore: the id of what is not learnt in masks of this depth.
        resident: the pairs that stay on the device; None before that is decided, and where they do not fit.
    """

    def __init__(
        self,
        cache: Cache,
        device: torch.device,
        settled: Callable[[], bool],
        free: Callable[[torch.device], int] | None = None,
    ) -> None:
        self._cache = cache
        self.device = device
        self._settled = settled
        self._free = free or free_on
        self._images, self._masks = Mover(device), Mover(device)
        self._first = cache.get(0)
        self.top = float(np.iinfo(self._first[0].dtype).max)
        self.ignore = ignore_value(self._first[1])
        self.resident: Resident | None = None
        self._decided = False

    def get(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Images, float32 [N, C, H, W] of grey values, channels last in memory; masks, int64 [N, H, W]."""
        if not self._decided and self._settled():
            self._decided = True
            self.resident = self._make_resident()
        if self.resident is None:
            images, masks = self._moved(indices)
        else:
            missing = self.resident.missing(indices)
            if missing:
                self.resident.put(missing, *self._moved(missing))
            images, masks = self.resident.get(indices)
        return numbers_of(images).float().permute(0, 3, 1, 2), numbers_of(masks).long()

    def _moved(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        pairs = [self._cache.get(index) for index in indices]
        return self._images([image for image, _ in pairs]), self._masks([mask for _, mask in pairs])

    def _make_resident(self) -> Resident | None:
        """The place for all pairs, if there is one; said once, either way."""
        size = len(self._cache) * sum(part.nbytes for part in self._first)
        free = self._free(self.device)
        told = f"{megabytes(size)} of decoded images, {megabytes(free)} free on the device"
        if size > SHARE * free:
            say(f"{told}: those of each batch are moved there")
            return None
        try:
            made = Resident(len(self._cache), self._first, self.device)
        except torch.OutOfMemoryError:
            warn(f"{told}, and yet they found no place: those of each batch are moved there")
            return None
        say(f"{told}: they stay there")
        return made


class Resident:
    """All pairs of a cache on a device, as the integers they are stored as; each is put there once.

    Args:
        count: of the pairs.
        pair: one of them: all have its shapes and depths.

    Raises:
        torch.OutOfMemoryError: they do not fit.
    """

    def __init__(self, count: int, pair: tuple[Image, Mask], device: torch.device) -> None:
        self._images, self._masks = (
            torch.empty((count, *part.shape), dtype=kind_of(part), device=device) for part in pair
        )
        self._here = bytearray(count)

    def missing(self, indices: Sequence[int]) -> list[int]:
        """Those of the pairs that were not put here yet, each once."""
        return [index for index in dict.fromkeys(indices) if not self._here[index]]

    def put(self, indices: Sequence[int], images: Tensor, masks: Tensor) -> None:
        """Keep pairs: [N, H, W, C] and [N, H, W]."""
        rows = self._rows(indices)
        self._images.index_copy_(0, rows, images)
        self._masks.index_copy_(0, rows, masks)
        for index in indices:
            self._here[index] = 1

    def get(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Copies of pairs that are here, in this order: [N, H, W, C] and [N, H, W]."""
        rows = self._rows(indices)
        return self._images.index_select(0, rows), self._masks.index_select(0, rows)

    def _rows(self, indices: Sequence[int]) -> Tensor:
        return torch.tensor(indices, dtype=torch.int64, device=self._images.device)


def free_on(device: torch.device) -> int:
    """Bytes of memory that are free on a GPU, or in main memory."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_memory()
