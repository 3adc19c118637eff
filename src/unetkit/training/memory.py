"""The memory that a run will take, told before its first step: what was measured, and what is still to be decoded."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass

import torch

from unetkit.console import say, warn
from unetkit.data.cache import Cache, free_memory
from unetkit.training.scoring import Scorer

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Memory:
    """All in bytes.

    Attributes:
        measured: of this process at its highest so far; a step and a scoring have been tried.
        train, val: what the images of both parts that are not decoded yet will take.
        device: of the GPU at its highest; 0 on a CPU.
        free: of main memory, now.
    """

    measured: int
    train: int
    val: int
    device: int
    free: int

    @property
    def to_come(self) -> int:
        """What will be taken beyond what is."""
        return self.train + self.val


def measure_memory(cache: Cache, scorer: Scorer, device: str) -> Memory:
    """Look at the process as it is after a step and a scoring were tried."""
    unit = 1 if sys.platform == "darwin" else 1024
    return Memory(
        measured=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        train=cache.bytes_to_come,
        val=scorer.bytes_to_come,
        device=torch.cuda.max_memory_allocated() if device == "cuda" else 0,
        free=free_memory(),
    )


def tell_memory(memory: Memory, cache: Cache) -> None:
    """Say what the run takes at its peak, and warn where that is more than there is."""
    peak = f"{_gib(memory.measured + memory.to_come)} at the peak"
    kept = f", {_gib(memory.val)} of it for validation images to be kept decoded" if memory.val > GIB / 20 else ""
    device = f", {_gib(memory.device)} on the GPU" if memory.device else ""
    say(f"memory: {peak}{kept}{device}; {cache.describe()}")
    if memory.free < memory.to_come:
        warn(
            f"only {_gib(memory.free)} of memory are free, and {_gib(memory.to_come)} more will be taken: "
            "close other programs, or lower --size or --val"
        )


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
