"""Images a second of a training step: unetkit's against that of a plain loop, and against other tools' own networks.

One step is forward, loss, backward and update on images that are in memory already; each contestant's best of `ROUNDS`
stretches, in turn. Ours is as a run makes it, in the precision that is chosen for this machine, and once more in
float32, in which other tools compute; the plain loop, too, runs in both. On a CPU a step of ours is repeatable. FLOP/s
are those of the network's forward and backward as PyTorch counts them, beside the best convolution that could be
measured on this machine. Other tools run in interpreters of their own that have them:

    python benchmarks/training_step.py [--peers PYTHON]... [--table]

with PYTHON having `monai`, or `tensorflow-cpu` and `keras`, installed. Writes `training_step.json` and `.md` in
`benchmarks/results/`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from quality import machine
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from unetkit.losses import build_loss
from unetkit.networks import PRESETS, build, class_scores, parameter_count
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.device import Compute, choose_compute, prepared
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.step import Stepper

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "training_step.json"
ROUNDS, SECONDS = 3, 2.0
SHAPES = {  # preset → batch, channels, height, width, classes; large networks get small batches
    "nano": (16, 3, 256, 256, 2),
    "small": (16, 3, 256, 256, 2),
    "base": (16, 3, 256, 256, 2),
    "original": (2, 1, 128, 128, 2),
    "infrared": (4, 3, 128, 256, 2),
    "infrared-double": (4, 3, 128, 256, 2),
    "camvid": (2, 1, 208, 208, 12),
    "carla": (32, 3, 96, 128, 23),
    "forest": (16, 3, 64, 64, 2),
}
SMALL = ("nano", "small")
SAME_LAYERS = "Keras"
FLOAT32 = "ours, float32"
PLAIN = ("plain", "plain, channels last")
PLAIN_BF16 = "plain, bf16"
CONVOLUTIONS = ((64, 64, 128), (128, 128, 64), (256, 256, 32), (512, 512, 16))  # channels in, out, side
Step = Callable[[], object]


def main() -> int:
    """Measure, write the table, print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", action="append", default=[], help="interpreter that has other tools; repeatable")
    parser.add_argument("--only", action="append", help="a preset; repeatable")
    parser.add_argument("--table", action="store_true", help="only write the table of the results that are there")
    options = parser.parse_args()
    if not options.table:
        measure(options.only or list(SHAPES), options.peers)
    document = json.loads(RESULT.read_text(encoding="utf-8"))
    RESULT.with_suffix(".md").write_text(table(document), encoding="utf-8")
    print(table(document))
    return 0


def measure(presets: Sequence[str], pythons: Sequence[str]) -> None:
    """Every preset by both loops, and what other tools reach."""
    compute = choose_compute("cpu", 0, "auto")
    with prepared(compute):
        rows = [row(preset, compute) for preset in presets]
        best = {precision: best_convolution(precision) for precision in ("fp32", "bf16")}
    peers = [row for python in pythons for row in peer_rows(python)]
    document = {"machine": machine(), "compute": str(compute), "best_convolution": best, "rows": rows, "peers": peers}
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def row(preset: str, compute: Compute) -> dict[str, Any]:
    """One network by both loops, in turn."""
    batch, channels, height, width, classes = SHAPES[preset]
    torch.manual_seed(0)
    images = torch.rand(batch, channels, height, width)
    masks = torch.randint(0, classes, (batch, height, width))
    steps = {
        "ours": ours(preset, images, masks, classes, compute),
        FLOAT32: ours(preset, images, masks, classes, replace(compute, precision="fp32")),
        "plain": plain(preset, images, masks, classes, torch.contiguous_format),
        "plain, channels last": plain(preset, images, masks, classes, torch.channels_last),
        PLAIN_BF16: plain(preset, images, masks, classes, torch.channels_last, bf16=True),
    }
    rates = {name: batch * rate for name, rate in in_turn(steps).items()}
    network = build("unet", PRESETS[preset], channels, outputs_of(preset, classes))
    with FlopCounterMode(display=False) as counter:
        class_scores(network(images)).sum().backward()
    return {
        "preset": preset,
        "shape": SHAPES[preset],
        "parameters": parameter_count(network),
        "flop_an_image": counter.get_total_flops() / batch,
        "images_per_second": rates,
    }


def outputs_of(preset: str, classes: int) -> int:
    """One logit or a score a class, as the preset has it."""
    return 1 if PRESETS[preset]["outputs"] == "logit" else classes


def ours(preset: str, images: torch.Tensor, masks: torch.Tensor, classes: int, compute: Compute) -> Step:
    """The step of a run, with moving average, clipping and the checks for NaN."""
    network = build("unet", PRESETS[preset], images.shape[1], outputs_of(preset, classes))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = build_optimiser("adamw", network, Hyper(1e-3, 0.9, 0.01))
    loss = build_loss("cross-entropy", classes=classes)
    stepper = Stepper(network, loss, optimiser, MovingAverage(network, 0.98), compute, 1.0)
    batch = Batch(images.contiguous(memory_format=torch.channels_last), masks, ())
    return lambda: stepper.step([batch], seed=0)


def plain(
    preset: str,
    images: torch.Tensor,
    masks: torch.Tensor,
    classes: int,
    order: torch.memory_format,
    *,
    bf16: bool = False,
) -> Step:
    """The step that most people write: Adam, nothing else; in float32, or with autocast around the network."""
    network = build("unet", PRESETS[preset], images.shape[1], outputs_of(preset, classes))
    network.to(memory_format=order)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    images = images.contiguous(memory_format=order)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            scores = class_scores(network(images))
        loss = functional.cross_entropy(scores.float(), masks)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss.item()

    return step


def in_turn(steps: dict[str, Step]) -> dict[str, float]:
    """Steps a second of each: the best of some stretches, so that a disturbance meets nobody alone."""
    best = dict.fromkeys(steps, 0.0)
    for step in steps.values():
        step()
    for _ in range(ROUNDS):
        for name, step in steps.items():
            best[name] = max(best[name], rate(step))
    return best


def rate(step: Step) -> float:
    """Steps a second over a stretch of about `SECONDS`, at least one."""
    started, count = time.perf_counter(), 0
    while (took := time.perf_counter() - started) < SECONDS or not count:
        step()
        count += 1
    return count / took


def best_convolution(precision: str) -> float:
    """FLOP/s of the fastest of some 3×3 convolutions, forward."""
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    found = []
    for inputs, outputs, side in CONVOLUTIONS:
        convolution = torch.nn.Conv2d(inputs, outputs, 3, padding=1, bias=False).to(
            kind, memory_format=torch.channels_last
        )  # type: ignore[call-overload]
        features = torch.rand(16, inputs, side, side).to(kind, memory_format=torch.channels_last)
        with torch.inference_mode():
            runs = in_turn({"it": lambda c=convolution, f=features: c(f)})  # type: ignore[misc]
        found.append(runs["it"] * 2 * 9 * inputs * outputs * side * side * 16)
    return max(found)


def peer_rows(python: str) -> Iterator[dict[str, Any]]:
    """What the other tools reach, each in a process of its own; one that is not installed there is left out."""
    environment = {**os.environ, "PYTHONPATH": ""}
    for script in sorted((HERE / "peers").glob("*_step.py")):
        done = subprocess.run([python, str(script)], capture_output=True, text=True, check=False, env=environment)
        if done.returncode == 0:
            yield json.loads(done.stdout.splitlines()[-1])
        elif "ModuleNotFoundError" not in done.stderr:
            raise SystemExit(f"{script.name} failed:\n{done.stderr}")


def table(document: dict[str, Any]) -> str:
    """Images and FLOP/s of both loops, and the share of the best convolution; then other tools, and the bar."""
    best = max(document["best_convolution"].values())
    lines = ["# Training step", "", f"Images a second and GFLOP/s; ours on {document['compute']}.", ""]
    heads = ("network", "ours", "plain", "ours / plain", "both float32", "both bf16")
    lines.append(f"| {' | '.join(heads)} | GFLOP/s: ours | plain | of best convolution |")
    lines.append("|---" * (len(heads) + 3) + "|")
    for one in document["rows"]:
        ours, loop, flop = one["images_per_second"]["ours"], fastest_plain(one), one["flop_an_image"]
        lines.append(
            f"| `{one['preset']}` | {ours:.1f} | {loop:.1f} | {ours / loop:.2f} | {ratio(one, FLOAT32):.2f} "
            f"| {_in_bf16(document, one)} | {ours * flop / 1e9:.0f} | {loop * flop / 1e9:.0f} "
            f"| {ours * flop / best:.0%} |"
        )
    for peer in document["peers"]:
        own, rate = row_of(document, peer["preset"]), peer["images_per_second"]
        flop = own["flop_an_image"] if peer["tool"].startswith(SAME_LAYERS) else peer.get("flop_an_image")
        lines.append(
            f"| {peer['tool']}, shape of `{peer['preset']}` | | {rate:.1f} | {ratio(own, 'ours', rate):.2f} "
            f"| {ratio(own, FLOAT32, rate):.2f} | | | {f'{rate * flop / 1e9:.0f}' if flop else '–'} | |"
        )
    return "\n".join([*lines, "", *(f"{verdict(document, name)}\n" for name in ("ours", FLOAT32))])


def _in_bf16(document: dict[str, Any], row: dict[str, Any]) -> str:
    """Ours beside the plain loop where both compute in bfloat16."""
    return f"{ratio(row, 'ours', row['images_per_second'][PLAIN_BF16]):.2f}" if "bf16" in document["compute"] else "–"


def verdict(document: dict[str, Any], name: str) -> str:
    """Against the bar: no preset slower than the plain loop, the two small ones 1.2 times as fast, 1.5 times Keras."""
    of_all = {one["preset"]: ratio(one, name) for one in document["rows"]}
    of_small = {preset: of_all[preset] for preset in SMALL if preset in of_all}
    of_keras = {
        peer["tool"]: ratio(row_of(document, peer["preset"]), name, peer["images_per_second"])
        for peer in document["peers"]
        if peer["tool"].startswith("Keras")
    }
    told = [
        f"{what} {times:.2f} ({which}; bar {bar:g}): {'met' if times >= bar else 'MISSED'}"
        if found
        else f"{what}: not measured"
        for what, found, bar in (
            ("least of all presets", of_all, 1.0),
            ("least of the small ones", of_small, 1.2),
            ("against Keras", of_keras, 1.5),
        )
        for which, times in [min(found.items(), key=lambda one: one[1], default=("", 0.0))]
    ]
    precision = "float32" if name == FLOAT32 else "the precision of this machine"
    return f"Times the other's images a second, ours in {precision}: {'; '.join(told)}."


def ratio(row: dict[str, Any], name: str, other: float | None = None) -> float:
    """How many times the images a second of the other, or of the faster plain loop."""
    return float(row["images_per_second"][name] / (other or fastest_plain(row)))


def fastest_plain(row: dict[str, Any]) -> float:
    """Images a second of the plain loop, in float32, in its better order of memory."""
    return max(float(row["images_per_second"][name]) for name in PLAIN)


def row_of(document: dict[str, Any], preset: str) -> dict[str, Any]:
    """The row of a preset."""
    return next(one for one in document["rows"] if one["preset"] == preset)


if __name__ == "__main__":
    sys.exit(main())
