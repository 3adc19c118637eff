"""How fast networks are trained on a device, and in how much of its memory: the speed part of `gpu.py`.

Each way of training is measured by itself. One that finds no memory is said to, and takes none from the others: what it
had is given back before the next begins. One that is not what it is called, since compiling fails here, has no figures.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from unetkit.augmentation import DEFAULTS
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache
from unetkit.data.normalise import Normalisation
from unetkit.data.pair import Pair
from unetkit.losses import build_loss
from unetkit.networks import PRESETS, build, class_scores, parameter_count
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Ahead, Batch, BatchMaker
from unetkit.training.device import Compute, prepared
from unetkit.training.moving import exact_device
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.resident import Feed
from unetkit.training.session import to_device
from unetkit.training.step import Stepper

NETWORKS = ("small", "base", "original")
CHANNELS, CLASSES = 3, 2
SEED = 0
NO_MEMORY, NOT_COMPILED = "out of memory", "not compiled"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scale:
    """How large everything is.

    Attributes:
        side: of the images, pixels.
        pairs: of the made-up data set.
        largest: batch that is tried.
        warm, steps: not measured, and measured.
        matrix: side of the matrices.
        trained: networks that learn CamVid.
        flags: of their runs; the minutes asked for where there are none.
        slim: settings of the networks that are other than the preset's.
    """

    side: int
    pairs: int
    largest: int
    warm: int
    steps: int
    matrix: int
    trained: Sequence[str]
    flags: tuple[str, ...] = ()
    slim: tuple[tuple[str, int], ...] = ()


def speeds(compute: Compute, scale: Scale, batch: int | None, known: Document | None) -> Iterator[Document]:
    """The matrix rate, and every network in every way; what is known so far, after each measurement.

    Args:
        batch: of all of them; None finds the largest of each that fits.
        known: from an earlier call, and not measured again; but a network of which another batch was asked is.
    """
    if known is None:
        with prepared(compute):
            known = {"matrix_flop_per_second": matrix_rate(compute.device, scale.matrix), "rows": []}
    rows: dict[str, Document] = {one["network"]: one for one in known["rows"] if one["asked"] == batch}
    for preset in NETWORKS:
        print(f"{preset} ...", file=sys.stderr)
        if preset not in rows:
            rows[preset] = row(preset, compute, scale, batch)
        found = rows[preset]
        for name, way in ways_of(compute).items():
            if name not in found["ways"]:
                found["ways"][name] = measured(preset, way, scale, found["batch"], scale.steps)
                yield {**known, "rows": [rows[one] for one in NETWORKS if one in rows]}


def matrix_rate(device: str, side: int) -> float:
    """FLOP/s of the product of two square bfloat16 matrices: the best of five stretches of twenty."""
    left, right = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    torch.matmul(left, right)
    times = []
    for _ in range(5):
        finish(device)
        started = time.perf_counter()
        for _ in range(20):
            torch.matmul(left, right)
        finish(device)
        times.append(time.perf_counter() - started)
    return 20 * 2 * side**3 / min(times)


def finish(device: str) -> None:
    """Wait for all that is queued."""
    if device == "cuda":
        torch.cuda.synchronize()


def ways_of(compute: Compute) -> dict[str, Compute]:
    """How each network is trained."""
    ways = {"plain": compute, "deterministic": replace(compute, deterministic=True)}
    return ways | ({"compiled": replace(compute, compiled=True)} if compute.device == "cuda" else {})


def row(preset: str, compute: Compute, scale: Scale, batch: int | None) -> Document:
    """One network: its cost, its batch, and a place for the ways of training it."""
    return {
        "network": preset,
        "parameters": parameter_count(network_of(preset, scale)),
        "flop_an_image": flop_an_image(preset, scale),
        "asked": batch,
        "batch": batch or largest_batch(preset, compute, scale),
        "ways": {},
    }


def network_of(preset: str, scale: Scale) -> torch.nn.Module:
    """The network, on the CPU."""
    torch.manual_seed(SEED)
    return build("unet", {**PRESETS[preset], **dict(scale.slim)}, CHANNELS, CLASSES)


def flop_an_image(preset: str, scale: Scale) -> float:
    """Of forward and backward; nothing is computed."""
    network = network_of(preset, scale).to("meta")
    with FlopCounterMode(display=False) as counter:
        class_scores(network(torch.empty(1, CHANNELS, scale.side, scale.side, device="meta"))).sum().backward()
    return float(counter.get_total_flops())


def largest_batch(preset: str, compute: Compute, scale: Scale) -> int:
    """The largest power of two of which some steps fit, up to the scale's."""
    batch = 1
    while batch < scale.largest and "failed" not in measured(preset, compute, scale, 2 * batch, steps=2):
        batch *= 2
    return batch


def measured(preset: str, compute: Compute, scale: Scale, batch: int, steps: int) -> Document:
    """A stretch, or that it `failed` for want of memory; what it took is free for the next, and in no figure of it."""
    try:
        found = stretch(preset, compute, scale, batch, steps)
    except torch.OutOfMemoryError:
        found = {"failed": NO_MEMORY}
    give_back(compute)
    return found


def give_back(compute: Compute) -> None:
    """Free the device's memory of all that nobody can reach; compiled code holds on to networks until it is dropped."""
    if compute.compiled:
        torch.compiler.reset()
    gc.collect()
    if compute.device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def stretch(preset: str, compute: Compute, scale: Scale, batch: int, steps: int) -> Document:
    """Some steps: images a second, the share that is waiting for data, and the memory at its highest (bytes).

    With how they were computed, and whether the images were on the device by then. None of this, but that it `failed`,
    where compiling does: what would be measured is the plain way.
    """
    with prepared(compute):
        stepper, cache = stepper_of(preset, compute, scale), cache_of(scale, batch)
        feed = Feed(cache, exact_device(compute.device), lambda: stepper.steps > 0)
        with closing(Ahead(maker_of(cache, batch, feed).make, 0)) as batches:
            run(batches, stepper, scale.warm)
            if compute.compiled and not stepper.compiles:
                return {"failed": NOT_COMPILED}
            if compute.device == "cuda":
                torch.cuda.reset_peak_memory_stats()
            seconds, waited = run(batches, stepper, steps)
    return {
        "images_per_second": steps * batch / seconds,
        "waiting": waited / seconds,
        "memory": torch.cuda.max_memory_allocated() if compute.device == "cuda" else None,
        "resident": feed.resident is not None,
        "compute": compute.to_json(),
    }


def run(batches: Iterator[Batch], stepper: Stepper, steps: int) -> tuple[float, float]:
    """Seconds of so many steps, and those of them that were waiting for batches."""
    finish(stepper.compute.device)
    started, waited = time.perf_counter(), 0.0
    for number in range(steps):
        asked = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - asked
        stepper.step([batch], seed=number)
    finish(stepper.compute.device)
    return time.perf_counter() - started, waited


def stepper_of(preset: str, compute: Compute, scale: Scale) -> Stepper:
    """The step of a run with the default settings."""
    network = to_device(network_of(preset, scale), compute)
    optimiser = build_optimiser("adamw", network, Hyper(1e-3, 0.9, 0.01))
    loss = build_loss("cross-entropy", classes=CLASSES).to(compute.device)
    return Stepper(network, loss, optimiser, MovingAverage(network, 0.98), compute, 1.0)


def cache_of(scale: Scale, batch: int) -> Cache:
    """Made-up pairs, enough for a batch."""
    pairs = [Pair(str(number), str(number)) for number in range(max(scale.pairs, batch))]
    return Cache(pairs, partial(drawn, scale.side), keep="ram")


def maker_of(cache: Cache, batch: int, feed: Feed) -> BatchMaker:
    """Batches as a GPU gets them, augmented as tensors."""
    scaling = Normalisation("unit", (0.0,) * CHANNELS, (255.0,) * CHANNELS)
    return BatchMaker(cache, scaling, DEFAULTS["horizon"], seed=SEED, batch=batch, feed=feed)


def drawn(side: int, pair: Pair) -> tuple[Image, Mask]:
    """A smooth picture and a mask of patches."""
    random = np.random.default_rng(int(pair.image))
    coarse = random.integers(0, 256, (8, 8, CHANNELS), np.uint8)
    patches = random.integers(0, CLASSES, (8, 8), np.uint8)
    image, mask = cv2.resize(coarse, (side, side)), cv2.resize(patches, (side, side), interpolation=cv2.INTER_NEAREST)
    return np.asarray(image, np.uint8), np.asarray(mask, np.uint8)
