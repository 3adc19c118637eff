"""What single parts cost on this machine: starting up, pairing 100,000 files, augmenting, verifying a file, kernels.

Writes `benchmarks/results/parts.json` and `parts.md`. Alone on the machine it takes about two minutes.

    python benchmarks/parts.py
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from unetkit.augmentation import DEFAULTS, apply_cpu, draw
from unetkit.data.layouts import find_pairs
from unetkit.files import read_tensors, write_tensors
from unetkit.scenes import render

RESULTS = Path(__file__).parent / "results"
RUNS = 9
PAIRS = 100_000
BATCH = 16


def main() -> int:
    """Measure all, write, print."""
    rows = [*starting(), *pairing(), *augmenting(), *verifying(), *kernels()]
    document = {
        "seed": 0,
        "machine": {
            "processor": platform.machine(),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "packages": {name: version(name) for name in ("unetkit", "numpy", "opencv-python-headless", "cyclopts")},
            "load": os.getloadavg(),
        },
        "rows": [{"what": what, "value": round(value, 4), "unit": unit} for what, value, unit in rows],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "parts.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    table = ["| what | value |", "|---|---|", *(f"| {what} | {value:.3g} {unit} |" for what, value, unit in rows)]
    (RESULTS / "parts.md").write_text("# What single parts cost\n\n" + "\n".join(table) + "\n", encoding="utf-8")
    print("\n".join(table))
    return 0


Rows = list[tuple[str, float, str]]


def starting() -> Rows:
    """Seconds more than `python -c pass`, median of nine."""
    empty = seconds_of("-c", "pass")
    calls = {
        "`import unetkit`": ("-c", "import unetkit"),
        "`unetkit --help`": ("-m", "unetkit", "--help"),
        "`unetkit train --help`": ("-m", "unetkit", "train", "--help"),
        "`import torch`": ("-c", "import torch"),
        "`import torch._dynamo`, PyTorch's compiler": ("-c", "import torch._dynamo"),
    }
    return [(f"{name}, more than an empty program", seconds_of(*words) - empty, "s") for name, words in calls.items()]


def seconds_of(*words: str) -> float:
    """Wall seconds of a Python process, median of nine."""
    times: list[float] = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def pairing() -> Rows:
    """Listing and pairing from a warm disk; the files are empty, so none can be opened in secret."""
    return [
        (f"{PAIRS:,} pairs listed and paired, equal names", _pairing_seconds("{:06}.jpg", "{:06}.png"), "s"),
        (f"{PAIRS:,} pairs, a word between them", _pairing_seconds("{:06}_sat_1.jpg", "{:06}_mask_1.png"), "s"),
    ]


def _pairing_seconds(image: str, mask: str) -> float:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for folder, pattern in (("images", image), ("masks", mask)):
            (root / folder).mkdir()
            for number in range(PAIRS):
                (root / folder / pattern.format(number)).touch()
        started = time.perf_counter()
        found = find_pairs(root)
        seconds = time.perf_counter() - started
        if len(found.pairs) != PAIRS:
            raise SystemExit(f"{len(found.pairs)} pairs instead of {PAIRS}")
    return seconds


def augmenting() -> Rows:
    """A batch of 240×320 with masks, one thread, the mean over twenty batches."""
    cv2.setNumThreads(1)
    colour = [render(0, number) for number in range(BATCH)]
    grey = [render(0, number, kind="infrared") for number in range(BATCH)]
    kinds = {"street": colour, "aerial": colour, "horizon": colour, "infrared": grey}
    return [(f"augment {BATCH} × 240×320, `{task}`", _batch_ms(task, pairs), "ms") for task, pairs in kinds.items()]


def _batch_ms(task: str, pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    def one_epoch(epoch: int) -> None:
        for position, (image, mask) in enumerate(pairs):
            apply_cpu(image, mask, draw(DEFAULTS[task], (0, epoch, position)), [128] * image.shape[2])

    return _mean_ms(one_epoch, 20)


def verifying() -> Rows:
    """Reading 100 MB of tensors, as a checkpoint or a model holds them, and comparing them with their digest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tensors.safetensors"
        write_tensors(path, {"weights": np.zeros(25_000_000, np.float32)}, {})
        read = _mean_ms(lambda _: path.read_bytes(), 10)
        verified = _mean_ms(lambda _: read_tensors(path), 10)
    return [("read 100 MB", read, "ms"), ("read and verify 100 MB", verified, "ms")]


def kernels() -> Rows:
    """Forward and backward of what networks do in one of two ways, on all processors, in bfloat16 where not said."""
    features = torch.rand(32, 64, 48, 64).to(torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]
    scores = torch.rand(16, 2, 64, 64).to(torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]
    bare, biased = (
        nn.ConvTranspose2d(64, 32, 3, stride=2, bias=bias).to(torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for bias in (False, True)
    )
    return [
        ("transposed 3×3, 32 × 64×48×64, its bias in the kernel", _kernel_ms(biased, features), "ms"),
        ("transposed 3×3, 32 × 64×48×64, no bias", _kernel_ms(bare, features), "ms"),
        ("scores of 16 × 2×64×64 grown fourfold, channels last", _kernel_ms(_grow, scores), "ms"),
        ("scores of 16 × 2×64×64 grown fourfold, plane by plane in float32", _kernel_ms(_grow_planes, scores), "ms"),
    ]


def _grow(scores: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(scores, scale_factor=4.0, mode="bilinear")


def _grow_planes(scores: torch.Tensor) -> torch.Tensor:
    return _grow(scores.float().contiguous())


def _kernel_ms(kernel: Callable[[torch.Tensor], torch.Tensor], features: torch.Tensor) -> float:
    leaf = features.detach().requires_grad_()
    gradient = torch.rand_like(kernel(leaf))

    def both_ways(_: int) -> None:
        torch.autograd.backward(kernel(leaf), gradient)

    return _mean_ms(both_ways, 30)


def _mean_ms(work: Callable[[int], object], rounds: int) -> float:
    work(0)
    started = time.perf_counter()
    for number in range(rounds):
        work(number)
    return (time.perf_counter() - started) / rounds * 1000


if __name__ == "__main__":
    sys.exit(main())
