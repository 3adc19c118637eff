"""From the cache to what a step takes: order, augmentation, normalisation, made ahead of the step that needs it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from unetkit.augmentation import Parameters, Ranges, apply_cpu, draw
from unetkit.augmentation.gpu import apply_batch
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache
from unetkit.data.normalise import Normalisation
from unetkit.training.moving import Lane
from unetkit.training.order import Sample, samples_of
from unetkit.training.resident import Feed

AHEAD = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """What the network sees.

    Attributes:
        images: float32 [N, C, H, W], normalised, channels last in memory.
        masks: int64 [N, H, W], class ids; ignore is 255, or 65535 where there are more than 255 classes.
        samples: where each came from.
    """

    images: torch.Tensor
    masks: torch.Tensor
    samples: tuple[Sample, ...]


class BatchMaker:
    """Makes the n-th batch of a run from (seed, n) alone.

    Args:
        share: picks the samples of this process.
        feed: gives the pairs as tensors on a device, where the batch is then augmented as a whole, by one thread at a
            time. Without it they are augmented one by one on the CPU.
    """

    def __init__(
        self,
        cache: Cache,
        normalisation: Normalisation,
        ranges: Ranges,
        *,
        seed: int,
        batch: int,
        share: Callable[[Sequence[Sample]], Sequence[Sample]] = lambda samples: samples,
        feed: Feed | None = None,
    ) -> None:
        self.cache = cache
        self.images = len(cache)
        self.batch = min(batch, self.images)
        self._normalisation = normalisation
        self._ranges = ranges
        self._seed = seed
        self._share = share
        self._feed = feed
        self._seconds = 0.0
        device = torch.device("cpu") if feed is None else feed.device
        self._lane = Lane(device)
        self._offset, self._scale = (
            torch.tensor(each, dtype=torch.float32, device=device).view(1, -1, 1, 1)
            for each in (normalisation.offset, normalisation.scale)
        )

    def make(self, number: int) -> Batch:
        """The batch number `number`, or this process's share of it, augmented and normalised."""
        started = time.perf_counter()
        samples = self._share(samples_of(self._seed, number, self.batch, self.images))
        parameters = [draw(self._ranges, (self._seed, sample.epoch, sample.position)) for sample in samples]
        with self._lane.used():
            if self._feed is None:
                images, masks = self._one_by_one(samples, parameters)
            else:
                images, masks = self._together(self._feed, samples, parameters)
            made = Batch(images, masks, tuple(samples))
        self._lane.hand_over(made.images, made.masks)
        self._seconds += time.perf_counter() - started
        return made

    @property
    def decoding(self) -> float:
        """The share of the making of batches so far that was waiting for decoded images, 0..1."""
        return min(self.cache.waited / self._seconds, 1.0) if self._seconds else 0.0

    def _one_by_one(
        self, samples: Sequence[Sample], parameters: Sequence[Parameters]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        fill, span = self._normalisation.fill, self._normalisation.span
        made = [
            apply_cpu(*self.cache.get(sample.index), drawn, fill, span)
            for sample, drawn in zip(samples, parameters, strict=True)
        ]
        return stack(made, self._normalisation)

    def _together(
        self, feed: Feed, samples: Sequence[Sample], parameters: Sequence[Parameters]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        images, masks = feed.get([sample.index for sample in samples])
        fill, span = self._normalisation.fill, self._normalisation.span
        images, masks = apply_batch(images, masks, parameters, fill, span, top=feed.top, ignore=feed.ignore)
        # Always in the same order of memory: resampling gives another than what is not resampled.
        scaled = torch.empty_like(images, memory_format=torch.channels_last)
        return torch.sub(images, self._offset, out=scaled).div_(self._scale), masks


def stack(made: Sequence[tuple[Image, Mask]], normalisation: Normalisation) -> tuple[torch.Tensor, torch.Tensor]:
    """Images as float32 [N, C, H, W], normalised, channels last in memory, and masks as int64 [N, H, W].

    By NumPy alone: PyTorch would start a second team of threads for the thread that makes batches, and the two teams
    would wait for each other's cores in every operation of the step.
    """
    images = np.empty((len(made), *made[0][0].shape), np.float32)
    for place, (image, _) in enumerate(made):
        normalisation.apply_into(images[place], image)
    masks = np.stack([mask for _, mask in made]).astype(np.int64)
    return torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(masks)


class Ahead:
    """Runs `make` on the next numbers in a thread while the current one is in use."""

    def __init__(self, make: Callable[[int], Batch], first: int) -> None:
        self._make = make
        self._next = first
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
        self._queue: deque[Future[Batch]] = deque()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        while len(self._queue) <= AHEAD:
            self._queue.append(self._pool.submit(self._make, self._next))
            self._next += 1
        return self._queue.popleft().result()

    def close(self) -> None:
        """Drop what was made ahead."""
        self._pool.shutdown(cancel_futures=True)
