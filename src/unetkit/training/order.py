"""Which image is the k-th sample of a run: a function of (seed, k) alone, so that a run can be resumed anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from unetkit.data.arrays import Counts


@dataclass(frozen=True, slots=True)
class Sample:
    """One place in the order.

    Attributes:
        index: which training image.
        epoch, position: how many whole epochs lie before it, and its place within its own.
    """

    index: int
    epoch: int
    position: int


@lru_cache(maxsize=4)
def permutation(seed: int, epoch: int, count: int) -> Counts:
    """The order of `count` images in one epoch, each exactly once."""
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    return generator.permutation(count)


def sample_at(seed: int, number: int, count: int) -> Sample:
    """The `number`-th sample of a run over `count` images."""
    epoch, position = divmod(number, count)
    return Sample(int(permutation(seed, epoch, count)[position]), epoch, position)


def samples_of(seed: int, batch_number: int, batch: int, count: int) -> tuple[Sample, ...]:
    """The samples of one batch. Batches run on over the edge of an epoch, so that each is full."""
    first = batch_number * batch
    return tuple(sample_at(seed, number, count) for number in range(first, first + batch))
