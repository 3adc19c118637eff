"""What a run will cost, measured before its first step: seconds a step and bytes of memory."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass

import psutil
import torch

from unetkit.errors import OutOfMemory
from unetkit.training.batches import Batch
from unetkit.training.step import Stepper

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


def estimate(stepper: Stepper, batch: Batch, accumulate: int) -> Estimate:
    """Try steps with a twin of the stepper: weights, statistics, optimiser and random numbers stay as they are.

    Raises:
        OutOfMemory: a step does not fit; the message says what to lower.
    """
    device = stepper.compute.device
    try:
        with torch.random.fork_rng([torch.cuda.current_device()] if device == "cuda" else []):
            trial = stepper.twin()
            seconds = min(_seconds(trial, batch) for _ in range(TRIALS))
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(
            f"a step of {len(batch.images)} images of {tuple(batch.images.shape[2:])} does not fit into memory",
            where=f"device {device}",
            advice="halve --batch and double --training.accumulate, or lower --size",
        ) from error
    return Estimate(
        step_seconds=seconds * accumulate,
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        device_bytes=torch.cuda.max_memory_allocated() if device == "cuda" else 0,
        free_bytes=psutil.virtual_memory().available,
    )


def _seconds(trial: Stepper, batch: Batch) -> float:
    started = time.perf_counter()
    trial.step([batch], seed=0)
    if trial.compute.device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started
