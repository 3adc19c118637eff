"""How long a step takes, measured before the first one."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch

from unetkit.errors import OutOfMemory
from unetkit.refusals import lacks_memory
from unetkit.training.batches import Batch
from unetkit.training.step import Stepper

TRIALS = 3
ENOUGH = 0.5  # seconds; a slow step is not tried a third time
COLD = 5.0  # seconds; a first step on a CPU that takes longer is not cold but slow


def seconds_per_step(stepper: Stepper, batch: Batch, accumulate: int) -> float:
    """The fastest of some steps tried with a twin: weights, statistics, optimiser and random numbers stay as they are.

    Args:
        accumulate: batches a step; one of them is measured.

    Raises:
        OutOfMemory: a step does not fit; the message says what to lower.
    """
    device = stepper.compute.device
    try:
        with torch.random.fork_rng([torch.cuda.current_device()] if device == "cuda" else []):
            trial = stepper.twin()
            seconds = _fastest(trial, batch)
            stepper.take_after(trial)
            return seconds * accumulate
    except Exception as error:
        if not lacks_memory(error):
            raise
        height, width = batch.images.shape[2:]
        raise OutOfMemory(
            f"a step of {len(batch.images)} images of {height}×{width} does not fit into memory",
            where=f"device {device}",
            advice="halve --batch and double --training.accumulate, or lower --size",
        ) from error


def _fastest(trial: Stepper, batch: Batch) -> float:
    tried = [_seconds(trial, batch)]
    # Several processes make the same trials, for in a step they wait for each other.
    while trial.group.told(wants_another(tried, trial.compute.device)):
        tried.append(_seconds(trial, batch))
    return min(tried)


def wants_another(tried: Sequence[float], device: str) -> bool:
    """The first is a cold one: on a GPU it compiles, and looks for the fastest algorithms."""
    if len(tried) == 1:
        return device != "cpu" or tried[0] < COLD
    return len(tried) < TRIALS and sum(tried[1:]) < ENOUGH


def _seconds(trial: Stepper, batch: Batch) -> float:
    started = time.perf_counter()
    trial.step([batch], seed=0)
    if trial.compute.device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started
