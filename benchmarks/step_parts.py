"""Where the time of a training step goes, and what was tried to make it shorter; the tables of docs/concepts/speed.md.

The share of each kind of operation is PyTorch's own profiler's; then images a second with one thing changed at a time,
all in turn, each the best of `ROUNDS` stretches. The batch and the sizes are those of `training_step.py`. Writes
`benchmarks/results/step_parts.json` and the tables between the markers of the page. Alone on the machine: four minutes.

    python benchmarks/step_parts.py [--preset NAME] [--compile]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from pages import put
from quality import ROOT, machine
from torch.profiler import ProfilerActivity, profile
from training_step import SHAPES, Step, in_turn

from unetkit.losses import build_loss
from unetkit.networks import PRESETS, build
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.device import Compute, choose_compute, prepared
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.step import Stepper

RESULT = ROOT / "benchmarks" / "results" / "step_parts.json"
PAGE = ROOT / "docs" / "concepts" / "speed.md"
PROFILED = 5

Document = dict[str, Any]

# Kind of work → how the names of PyTorch's operations begin.
KINDS = {
    "convolution": ("aten::mkldnn_convolution", "aten::convolution_backward", "aten::_convolution", "aten::conv"),
    "batch norm": ("aten::native_batch_norm", "aten::batch_norm", "aten::_batch_norm", "aten::cudnn_batch_norm"),
    "ReLU": ("aten::relu", "aten::threshold", "aten::clamp_min"),
    "upsampling": ("aten::upsample",),
    "concatenation": ("aten::cat", "aten::slice", "aten::narrow", "aten::split"),
    "copies and casts": ("aten::copy_", "aten::_to_copy", "aten::to", "aten::clone", "aten::contiguous"),
    "loss": ("aten::_log_softmax", "aten::nll_loss", "aten::cross_entropy", "aten::log_softmax"),
    "optimiser and average": ("aten::_fused", "aten::_foreach", "aten::lerp"),
}


class WeightByWeight:
    """PyTorch's own AdamW without fused kernels, in the place of ours."""

    skips = False

    def __init__(self, stepper: Stepper) -> None:
        groups = [
            {"params": group.weights, "weight_decay": group.decay, "lr": stepper.optimiser.rate}
            for group in stepper.optimiser.groups
        ]
        self._own = torch.optim.AdamW(groups, foreach=False)

    def zero(self) -> None:
        """Forget all gradients."""
        self._own.zero_grad()

    def step(self, _skipped: object = None) -> None:
        """Move all weights."""
        self._own.step()


class Bench:
    """Steps of one network on one batch, as a run makes them but for what a variant changes."""

    def __init__(self, preset: str, compute: Compute) -> None:
        batch, channels, height, width, self.classes = SHAPES[preset]
        torch.manual_seed(0)
        self.preset, self.compute, self.images = preset, compute, batch
        self.pixels = torch.rand(batch, channels, height, width)
        self.masks = torch.randint(0, self.classes, (batch, height, width))

    def stepper(
        self,
        change: Callable[[Compute], Compute] = lambda compute: compute,
        order: torch.memory_format = torch.channels_last,
        **network: object,
    ) -> tuple[Stepper, Batch]:
        """A stepper, and its batch in the same memory order."""
        settings = {**PRESETS[self.preset], **network}
        built = build("unet", settings, self.pixels.shape[1], self.classes).to(memory_format=order)  # type: ignore[call-overload]
        optimiser = build_optimiser("adamw", built, Hyper(1e-3, 0.9, 0.01))
        loss = build_loss("cross-entropy", classes=self.classes)
        made = Stepper(built, loss, optimiser, MovingAverage(built, 0.98), change(self.compute), 1.0)
        return made, Batch(self.pixels.contiguous(memory_format=order), self.masks, ())

    def step(self, stepper: Stepper, batch: Batch) -> Step:
        """One step after the other."""
        return lambda: stepper.step([batch], seed=0)


def main() -> int:
    """Profile, try, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--preset", default="small", choices=SHAPES)
    parser.add_argument("--compile", action="store_true", help="try torch.compile, too: it needs a C++ compiler")
    options = parser.parse_args()
    compute = choose_compute("cpu", 0, "auto")
    bench = Bench(options.preset, compute)
    with prepared(compute):
        document: Document = {"machine": machine(), "compute": str(compute), "preset": options.preset}
        document["shares"] = shares(bench)
        if options.compile:
            document["compiling"] = compiling(bench)
        document["tried"] = {
            name: rate * bench.images for name, rate in in_turn(variants(bench, options.compile)).items()
        }
    torch.set_flush_denormal(True)  # but memory is given back
    document["tried"]["memory given back after each step"] = bench.images * in_turn({"": plainly(bench)})[""]
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    write_page(document)
    return 0


def shares(bench: Bench) -> dict[str, float]:
    """Of the time of a step, by kind of operation."""
    step = plainly(bench)
    step()
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(PROFILED):
            step()
    times = {event.key: event.self_cpu_time_total for event in profiler.key_averages()}
    whole = sum(times.values())
    found = {kind: sum(time for key, time in times.items() if key.startswith(starts)) for kind, starts in KINDS.items()}
    return {**{kind: time / whole for kind, time in found.items()}, "the rest": 1 - sum(found.values()) / whole}


def compiling(bench: Bench) -> float:
    """Seconds until a compiled network has made its first step, with nothing left of earlier ones."""
    step = bench.step(*bench.stepper(lambda compute: replace(compute, compiled=True)))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder
        started = time.perf_counter()
        step()
        return time.perf_counter() - started


def variants(bench: Bench, compiled: bool) -> dict[str, Step]:
    """Each changes one thing."""
    by_weight, still = bench.stepper(), bench.stepper()
    by_weight[0].optimiser = WeightByWeight(by_weight[0])  # type: ignore[assignment]
    still[0].average.update = lambda: None  # type: ignore[method-assign]
    steppers = {
        "as it is": bench.stepper(),
        "float32": bench.stepper(lambda compute: replace(compute, precision="fp32")),
        "--no-deterministic": bench.stepper(lambda compute: replace(compute, deterministic=False)),
        "channels first in memory": bench.stepper(order=torch.contiguous_format),
        "AdamW weight by weight": by_weight,
        "no moving average": still,
        "no norm": bench.stepper(norm="none", convolution_bias=True),
        "group norm": bench.stepper(norm="group"),
        "nearest upsampling": bench.stepper(upsampling="nearest"),
        "transposed 2×2": bench.stepper(upsampling="transposed-2"),
    }
    if compiled:
        steppers["torch.compile"] = bench.stepper(lambda compute: replace(compute, compiled=True))
    steps = {name: bench.step(*made) for name, made in steppers.items()}
    own = bench.compute.threads
    steps["twice as many threads"] = by_threads(2 * own, steps["as it is"], own)
    if own > 1:
        steps["one thread"] = by_threads(1, steps["as it is"], own)
    return steps


def plainly(bench: Bench) -> Step:
    """A step with nothing changed."""
    return bench.step(*bench.stepper())


def by_threads(threads: int, step: Step, back: int) -> Step:
    """The same step by another number of threads, which is set back after it."""

    def made() -> None:
        torch.set_num_threads(threads)
        step()
        torch.set_num_threads(back)

    return made


def write_page(document: Document) -> None:
    """Both tables between the markers of the page."""
    lines = ["| kind of operation | share of the step |", "|---|---|"]
    lines += [
        f"| {kind} | {share:.0%} |" for kind, share in sorted(document["shares"].items(), key=lambda one: -one[1])
    ]
    lines += ["", "| changed | images a second | times as it is |", "|---|---|---|"]
    own = document["tried"]["as it is"]
    ranked = sorted(document["tried"].items(), key=lambda one: -one[1])
    lines += [f"| {name} | {rate:.1f} | {rate / own:.2f} |" for name, rate in ranked]
    if "compiling" in document:
        lines += ["", f"`torch.compile` made its first step after {document['compiling']:.0f} seconds."]
    text = "\n".join(lines)
    print(text)
    put(PAGE, "step parts", text)


if __name__ == "__main__":
    sys.exit(main())
