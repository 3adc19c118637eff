"""What a run will cost, measured before its first step: seconds a step and bytes of memory."""

from __future__ import annotations

import copy
import resource
import time
from dataclasses import dataclass

import psutil
import torch
from torch import nn

from unetkit.errors import OutOfMemory
from unetkit.networks import class_scores
from unetkit.training.batches import Batch
from unetkit.training.device import Compute

TRIALS = 3
SMALLEST_STEP = 0.1  # of the fastest trial, which is slow where the machine is cold: a plan is only ever cut


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was measured.

    Attributes:
        step_seconds: the fastest of the trial steps.
        peak_bytes: memory of the process at its highest so far, trial steps included.
        device_bytes: memory of the GPU at its highest; 0 on a CPU.
        free_bytes: main memory free now.
    """

    step_seconds: float
    peak_bytes: int
    device_bytes: int
    free_bytes: int

    def highest_steps(self, seconds: float) -> int:
        """As many steps as fit into `seconds` if nothing ever gets in the way."""
        return max(int(seconds / (self.step_seconds * SMALLEST_STEP)), 1)


def estimate(network: nn.Module, loss: nn.Module, batch: Batch, accumulate: int, compute: Compute) -> Estimate:
    """Try steps on a copy of the network: its weights, its statistics and its random numbers stay as they are.

    Raises:
        OutOfMemory: a step does not fit; the message says what to lower.
    """
    trial = copy.deepcopy(network).train()
    try:
        seconds = min(_seconds(trial, loss, batch, compute) for _ in range(TRIALS))
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(
            f"a step of {len(batch.images)} images of {tuple(batch.images.shape[2:])} does not fit into memory",
            where=f"device {compute.device}",
            advice="halve --batch and double --training.accumulate, or lower --size",
        ) from error
    return Estimate(
        step_seconds=seconds * accumulate,
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        device_bytes=torch.cuda.max_memory_allocated() if compute.device == "cuda" else 0,
        free_bytes=psutil.virtual_memory().available,
    )


def _seconds(network: nn.Module, loss: nn.Module, batch: Batch, compute: Compute) -> float:
    started = time.perf_counter()
    with compute.autocast():
        output = network(batch.images)
    value = loss(class_scores(output.float()), batch.masks)
    value.backward()
    if compute.device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started
