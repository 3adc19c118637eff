"""What training does on a GPU: images a second, the share of the chip's matrix rate, memory, and minutes to a quality.

Speed: `small`, `base` and `original` at 512×512 in the largest batch that is a power of two and fits (or `--batch`),
through the real step with the horizon's augmentation, images resident on the device where they fit: compiled, plain and
deterministic. FLOP/s are those of the network's forward and backward as PyTorch counts them, beside those of a large
bfloat16 matrix product in the same process. CamVid: `unetkit train camvid --recipe camvid` with `small` and `base`;
minutes from the start of the process to the first of two successive scorings that reach a goal.

    python benchmarks/gpu.py [--data FOLDER] [--only speed|camvid] [--batch N] [--minutes M] [--out FOLDER]
    python benchmarks/gpu.py --cpu       the script itself, tried without a GPU: small, and its figures mean nothing

Writes `gpu.json` and `gpu.md` in `benchmarks/results/`. Alone on the machine it takes about 40 minutes.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from quality import ROOT, machine
from torch.utils.flop_counter import FlopCounterMode

from unetkit.augmentation import DEFAULTS
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache
from unetkit.data.normalise import Normalisation
from unetkit.data.pair import Pair
from unetkit.data.resize import Fit
from unetkit.losses import build_loss
from unetkit.networks import PRESETS, build, class_scores, parameter_count
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Ahead, Batch, BatchMaker
from unetkit.training.device import Compute, choose_compute, prepared
from unetkit.training.moving import exact_device
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.resident import Feed
from unetkit.training.session import to_device
from unetkit.training.step import Stepper

RESULTS = ROOT / "benchmarks" / "results"
NETWORKS = ("small", "base", "original")
CHANNELS, CLASSES = 3, 2
GOALS = (0.60, 0.65)
SEED = 0

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


ON_GPU = Scale(512, 512, 256, 20, 200, 8192, ("small", "base"))
ON_CPU = Scale(
    32,
    8,
    2,
    1,
    2,
    128,
    ("nano",),
    ("--steps", "2", "--size", "32", "--network.depth", "1"),
    (("width", 4), ("depth", 2)),
)


def main() -> int:
    """Measure what is asked for, write what is known, print."""
    options = arguments()
    if not (options.cpu or torch.cuda.is_available()):
        print("no GPU is here, and nothing was measured; --cpu tries the script itself", file=sys.stderr)
        return 3
    scale = ON_CPU if options.cpu else ON_GPU
    out: Path = options.out or (ROOT / "runs" / "gpu-tried" if options.cpu else RESULTS)
    record = out / "gpu.json"
    document: Document = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    document |= {"seed": SEED, "scale": asdict(scale), "machine": {**machine(), "gpu": chip()}}
    out.mkdir(parents=True, exist_ok=True)
    for part, measure in (("speed", speed), ("camvid", camvid)):
        if options.only in (None, part):
            document[part] = measure(options, scale)
            record.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    record.with_suffix(".md").write_text(table(document), encoding="utf-8")
    print(table(document))
    return 0


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--only", choices=("speed", "camvid"))
    parser.add_argument("--batch", type=int, help="instead of the largest that fits")
    parser.add_argument("--minutes", type=float, default=10.0, help="of each CamVid run")
    parser.add_argument("--cpu", action="store_true", help="everything small and on the CPU: a try of the script")
    parser.add_argument("--out", type=Path, help="folder of the two files")
    return parser.parse_args()


def chip() -> Document | None:
    """The GPU, and what drives it."""
    if not torch.cuda.is_available():
        return None
    properties = torch.cuda.get_device_properties(0)
    versions = {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
    return {"name": properties.name, "memory": properties.total_memory, **versions}


# --- speed ------------------------------------------------------------------------------------------------------------


def speed(options: argparse.Namespace, scale: Scale) -> Document:
    """The matrix rate, and every network in every way."""
    compute = choose_compute("cpu" if options.cpu else "cuda", 0, "auto")
    with prepared(compute):
        matrix = matrix_rate(compute.device, scale.matrix)
    rows = [row(preset, compute, scale, options.batch) for preset in NETWORKS]
    return {"matrix_flop_per_second": matrix, "rows": rows}


def matrix_rate(device: str, side: int) -> float:
    """FLOP/s of the product of two square bfloat16 matrices: the best of five stretches of twenty."""
    left, right = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    left @ right
    times = []
    for _ in range(5):
        finish(device)
        started = time.perf_counter()
        for _ in range(20):
            left @ right
        finish(device)
        times.append(time.perf_counter() - started)
    return 20 * 2 * side**3 / min(times)


def finish(device: str) -> None:
    """Wait for all that is queued."""
    if device == "cuda":
        torch.cuda.synchronize()


def row(preset: str, compute: Compute, scale: Scale, batch: int | None) -> Document:
    """One network: its cost, its batch, and each way of training it."""
    print(f"{preset} ...", file=sys.stderr)
    chosen = batch or largest_batch(preset, compute, scale)
    ways = {"plain": compute, "deterministic": replace(compute, deterministic=True)}
    if compute.device == "cuda":
        ways = {"compiled": replace(compute, compiled=True), **ways}
    return {
        "network": preset,
        "parameters": parameter_count(network_of(preset, scale)),
        "flop_an_image": flop_an_image(preset, scale),
        "batch": chosen,
        "ways": {name: stretch(preset, way, scale, chosen, scale.steps) for name, way in ways.items()},
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
    while batch < scale.largest and fits(preset, compute, scale, 2 * batch):
        batch *= 2
    return batch


def fits(preset: str, compute: Compute, scale: Scale, batch: int) -> bool:
    """Whether some steps of this batch find memory."""
    try:
        stretch(preset, compute, scale, batch, steps=2)
    except torch.OutOfMemoryError:
        return False
    finally:
        gc.collect()
        if compute.device == "cuda":
            torch.cuda.empty_cache()
    return True


def stretch(preset: str, compute: Compute, scale: Scale, batch: int, steps: int) -> Document:
    """Some steps: images a second, the share that is waiting for data, and the memory at its highest (bytes)."""
    with prepared(compute):
        stepper = stepper_of(preset, compute, scale)
        with closing(Ahead(maker_of(scale, batch, compute, stepper).make, 0)) as batches:
            run(batches, stepper, scale.warm)
            if compute.device == "cuda":
                torch.cuda.reset_peak_memory_stats()
            seconds, waited = run(batches, stepper, steps)
    return {
        "images_per_second": steps * batch / seconds,
        "waiting": waited / seconds,
        "memory": torch.cuda.max_memory_allocated() if compute.device == "cuda" else None,
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


def maker_of(scale: Scale, batch: int, compute: Compute, stepper: Stepper) -> BatchMaker:
    """Batches as a GPU gets them, augmented as tensors; from made-up pairs."""
    pairs = [Pair(str(number), str(number)) for number in range(max(scale.pairs, batch))]
    cache = Cache(pairs, partial(drawn, scale.side), Fit(scale.side, scale.side), (0,) * CHANNELS, keep="ram")
    scaling = Normalisation("unit", (0.0,) * CHANNELS, (255.0,) * CHANNELS)
    feed = Feed(cache, exact_device(compute.device), lambda: stepper.steps > 0)
    return BatchMaker(cache, scaling, DEFAULTS["horizon"], span=None, seed=SEED, batch=batch, feed=feed)


def drawn(side: int, pair: Pair) -> tuple[Image, Mask]:
    """A smooth picture and a mask of patches."""
    random = np.random.default_rng(int(pair.image))
    coarse = random.integers(0, 256, (8, 8, CHANNELS), np.uint8)
    patches = random.integers(0, CLASSES, (8, 8), np.uint8)
    return cv2.resize(coarse, (side, side)), cv2.resize(patches, (side, side), interpolation=cv2.INTER_NEAREST)


# --- CamVid -----------------------------------------------------------------------------------------------------------


def camvid(options: argparse.Namespace, scale: Scale) -> list[Document]:
    """One run a network; none where the data are not here."""
    data = options.data / "camvid"
    if not data.is_dir():
        print(f"CamVid is not here, and nothing was trained on it: {data}", file=sys.stderr)
        return []
    budget = scale.flags or ("--minutes", f"{options.minutes:g}")
    where = ("--device", "cpu" if options.cpu else "cuda")
    return [trained(data, network, (*budget, *where), options.out) for network in scale.trained]


def trained(data: Path, network: str, flags: Sequence[str], out: Path | None) -> Document:
    """The command as anybody would give it, and what its history says."""
    run = (out or ROOT / "runs") / f"gpu-camvid-{network}"
    words = ("train", str(data), "--recipe", "camvid", "--network", network, *flags, "--seed", str(SEED))
    command = [sys.executable, "-m", "unetkit", *words, "--out", str(run), "--overwrite", "--json"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=ROOT)
    lines = (run / "history.jsonl").read_text(encoding="utf-8").splitlines()
    history = [json.loads(line) for line in lines]
    scorings = [{"minutes": one["seconds"] / 60, "mean_iou": one["scores"].get("mean_iou", 0.0)} for one in history]
    return {
        "network": network,
        "command": ["unetkit", "train", "camvid", *words[2:]],
        "scorings": scorings,
        "minutes_to": {f"{goal:.2f}": minutes_to(scorings, goal) for goal in GOALS},
        "best": max(one["mean_iou"] for one in scorings),
        "minutes": scorings[-1]["minutes"],
        "steps": history[-1]["step"],
    }


def minutes_to(scorings: Sequence[Document], goal: float) -> float | None:
    """Of the first of two successive scorings that reach the goal; None where none do."""
    good = (one for one, after in pairwise(scorings) if min(one["mean_iou"], after["mean_iou"]) >= goal)
    return next((float(one["minutes"]) for one in good), None)


# --- the table --------------------------------------------------------------------------------------------------------


def table(document: Document) -> str:
    """Everything, for people."""
    gpu = document["machine"]["gpu"]
    heading = gpu["name"] if gpu else "Tried on a CPU: no figure here means anything."
    parts: list[tuple[str, Callable[[Any], list[str]]]] = [("speed", speed_table), ("camvid", camvid_table)]
    lines = ["# Training on a GPU", "", heading, ""]
    for name, told in parts:
        if document.get(name):
            lines += [*told(document[name]), ""]
    return "\n".join(lines)


def speed_table(measured: Document) -> list[str]:
    """A line a network and way."""
    rate = measured["matrix_flop_per_second"]
    lines = [
        f"A bfloat16 matrix product reaches {rate / 1e12:.3g} TFLOP/s.",
        "",
        "| network | batch | way | images/s | TFLOP/s | of the matrix rate | waiting | memory, GiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in measured["rows"]:
        for way, found in one["ways"].items():
            flops = found["images_per_second"] * one["flop_an_image"]
            memory = "–" if found["memory"] is None else f"{found['memory'] / 2**30:.1f}"
            lines.append(
                f"| `{one['network']}` | {one['batch']} | {way} | {found['images_per_second']:,.0f} | "
                f"{flops / 1e12:.3g} | {flops / rate:.0%} | {found['waiting']:.1%} | {memory} |"
            )
    return lines


def camvid_table(runs: Sequence[Document]) -> list[str]:
    """A line a network."""
    heads = [f"minutes to {goal:.2f}" for goal in GOALS]
    lines = ["CamVid, mean IoU on val.", "", f"| network | {' | '.join(heads)} | best | minutes in all |"]
    lines.append("|---|" + "---|" * (len(heads) + 2))
    for one in runs:
        cells = [
            f"more than {one['minutes']:.1f}" if took is None else f"{took:.1f}" for took in one["minutes_to"].values()
        ]
        lines.append(f"| `{one['network']}` | {' | '.join(cells)} | {one['best']:.3f} | {one['minutes']:.1f} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
