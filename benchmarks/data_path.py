"""What the way of the pixels costs: decoding, the cache, augmentation, and how long a training step waits for them.

For each data set the pairs a second that are decoded and brought to working size, that come from memory, that are
written to the cache folder by a first run and come from there in a second one (verified), and that one thread augments;
beside them a PyTorch DataLoader with two workers that decodes in each epoch, as most training loops do. Then the share
of the steps that is waiting, with each: network, batch and augmentation are the recipe's, the DataLoader does not
augment. A step on one batch that is there already shows what making batches beside it costs. Writes
`benchmarks/results/data_path.json` and `data_path.md`. Alone on the machine: about eight minutes.

    python benchmarks/data_path.py [--data FOLDER] [--only NAME] [--seconds S] [--steps N]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from quality import IR_SPLIT, ROOT, UAV_SPLIT, forest_by_tile, machine
from torch.utils.data import DataLoader, Dataset

from unetkit.augmentation import apply_cpu, draw
from unetkit.config.jobs import TrainSettings
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache
from unetkit.data.pair import Pair
from unetkit.data.parallel import ordered
from unetkit.recipes.settings import settings
from unetkit.training.batches import Ahead, Batch, stack
from unetkit.training.bottleneck import Spent
from unetkit.training.clock import Clock
from unetkit.training.device import choose_compute, prepared
from unetkit.training.prepare import Material, prepare_data
from unetkit.training.session import assemble, ranges_for
from unetkit.training.step import Stepper

RESULTS = ROOT / "benchmarks" / "results"
BAR = 0.03
WARM_STEPS = 5
WORKERS = 2

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A data set as `quality.py` reads it: its folder, the recipe, the flags."""

    folder: str
    recipe: str
    flags: tuple[str, ...] = ()


FIELDS = {
    "horizon-uav": Field("horizon-uav", "horizon", UAV_SPLIT),
    "ir-horizon": Field("ir-horizon", "infrared", IR_SPLIT),
    "forest": Field("forest", "forest"),
    "cityscapes-pairs": Field("cityscapes-pairs", "cityscapes-pairs"),
    "camvid": Field("camvid", "camvid"),
    "carla": Field("carla/coursera/data", "carla"),
}


def main() -> int:
    """Measure the data sets asked for, and write what is known of all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--only", action="append", choices=FIELDS, help="a data set; repeatable")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each rate")
    parser.add_argument("--steps", type=int, default=40, help="for each share of waiting")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the two files")
    options = parser.parse_args()
    record = options.out / "data_path.json"
    rows: Document = json.loads(record.read_text(encoding="utf-8"))["rows"] if record.exists() else {}
    for name in options.only or FIELDS:
        print(f"{name} ...", file=sys.stderr)
        rows[name] = measure(FIELDS[name], options.data, options.seconds, options.steps)
        document = {"seed": 0, "machine": machine(), "rows": rows}
        record.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (options.out / "data_path.md").write_text(table(rows), encoding="utf-8")
    print(table(rows))
    return int(any(row["waits"][keep]["waiting"] > BAR for row in rows.values() for keep in ("ram", "disk")))


def measure(field: Field, data: Path, seconds: float, steps: int) -> Document:
    """All figures of one data set."""
    folder, flags = data / field.folder, field.flags
    if field.folder == "forest":
        flags = forest_by_tile(folder)[1]
    asked = _settings(field, flags)
    training = asked.training
    compute = choose_compute(training.device, training.threads, training.precision, training.deterministic)
    with prepared(compute), tempfile.TemporaryDirectory() as kept:
        os.environ["UNETKIT_CACHE"] = kept
        material = prepare_data(asked.data, str(folder), training.seed)
        rates = {**rates_of(material, seconds), "augment": augmenting(asked, material, seconds)}
        loader = decoded_each_epoch(material, training.batch)
        rates["loader"] = rate(loader, seconds, min(training.batch, len(material.train)))
        loader.close()
        waits = {keep: waiting(asked, material, keep, steps) for keep in ("ram", "disk", "loader", "none")}
    size = f"{material.fit.width}×{material.fit.height}×{material.channels}"
    return {"pairs": len(material.train), "size": size, "batch": training.batch, "rates": rates, "waits": waits}


def _settings(field: Field, flags: tuple[str, ...], **more: Any) -> TrainSettings:
    pairs = zip(flags[::2], flags[1::2], strict=True)
    said = {f"data.{name.lstrip('-').replace('-', '_')}": value for name, value in pairs}
    asked = settings("train", {**said, **more}, recipe=field.recipe)
    assert isinstance(asked, TrainSettings)
    return asked


# --- pairs a second ---------------------------------------------------------------------------------------------------


def rates_of(material: Material, seconds: float) -> Document:
    """Decoding with as many threads as a run has, and each cache once it is full; the folder's first run apart."""
    memory = material.cache("ram")
    started = time.perf_counter()
    first = material.cache("disk")
    everything(first)
    building = len(first) / (time.perf_counter() - started)
    started = time.perf_counter()
    second = material.cache("disk")
    opening = time.perf_counter() - started
    everything(memory)
    return {
        "decode": rate(decoding(material), seconds),
        "memory": rate(getting(memory), seconds),
        "folder_first_run": building,
        "folder": rate(getting(second), seconds),
        "folder_opened_in_seconds": opening,
    }


def everything(cache: Cache) -> None:
    """Ask for every pair once."""
    cache.start()
    for index in range(len(cache)):
        cache.get(index)


def decoding(material: Material) -> Iterator[Any]:
    """Train pairs at working size, again and again."""
    while True:
        yield from ordered(material.fitted, material.train)


def getting(cache: Cache) -> Iterator[tuple[Image, Mask]]:
    """Pairs from a cache, in an order that no disk can foresee."""
    generator = np.random.default_rng(0)
    while True:
        yield cache.get(int(generator.integers(len(cache))))


def augmenting(asked: TrainSettings, material: Material, seconds: float) -> float:
    """Pairs a second that one thread augments."""
    cache, ranges, fill = material.cache("ram"), ranges_for(asked, material), material.normalisation.fill

    def augmented() -> Iterator[Any]:
        for number, pair in enumerate(getting(cache)):
            yield apply_cpu(*pair, draw(ranges, (0, 0, number)), fill, material.normalisation.span)

    everything(cache)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return rate(augmented(), seconds)
    finally:
        cv2.setNumThreads(threads)


def rate(stream: Iterator[Any], seconds: float, each: int = 1) -> float:
    """Items a second after the first one, which brings workers and threads to life."""
    next(stream)
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        next(stream)
        count += each
    return count / (time.perf_counter() - started)


# --- the loop that most people write ----------------------------------------------------------------------------------


class Unwatched:
    """In the place of `Contents`: nobody looks whether a file has changed, as in most training loops."""

    def read(self, pair: Pair, decode: Callable[[Pair], tuple[Image, Mask]]) -> tuple[Image, Mask]:
        """What `decode` makes of a pair."""
        return decode(pair)


class Decoded(Dataset[Any]):
    """Train pairs, decoded each time they are asked for."""

    def __init__(self, material: Material) -> None:
        self.material = replace(material, contents=Unwatched())  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.material.train)

    def __getitem__(self, number: int) -> tuple[Image, Mask]:
        return self.material.fitted(self.material.train[number])


def decoded_each_epoch(material: Material, batch: int) -> Generator[Batch]:
    """Batches without augmentation from two worker processes, epoch after epoch."""
    loader = DataLoader(
        Decoded(material),
        min(batch, len(material.train)),
        shuffle=True,
        drop_last=True,
        num_workers=WORKERS,
        persistent_workers=True,
        multiprocessing_context="spawn",  # a fork of a process with OpenCV's and OpenMP's threads may stand still
        collate_fn=partial(stack, normalisation=material.normalisation),
        worker_init_fn=_alone,
    )
    while True:
        for images, masks in loader:
            yield Batch(images, masks, ())


def _alone(_: int) -> None:
    cv2.setNumThreads(1)


# --- waiting ----------------------------------------------------------------------------------------------------------


def waiting(asked: TrainSettings, material: Material, keep: str, steps: int) -> Document:
    """Milliseconds a step and the share of them that is waiting: with a full cache, the DataLoader, or one batch."""
    chosen = asked.training.model_copy(update={"cache": keep if keep in ("ram", "disk") else "off"})
    asked = asked.model_copy(update={"training": chosen})
    compute = choose_compute(chosen.device, chosen.threads, chosen.precision, chosen.deterministic)
    session = assemble(asked, material, compute, Clock(time.time()))
    if keep == "loader":
        loader = decoded_each_epoch(material, chosen.batch)
        return _steps(loader, session.stepper, steps, loader.close)
    if keep == "none":
        return _steps(repeat(session.maker.make(0)), session.stepper, steps, lambda: None)
    everything(session.maker.cache)
    ahead = Ahead(session.maker.make, 0)
    return _steps(iter(ahead), session.stepper, steps, ahead.close)


def _steps(stream: Iterator[Batch], stepper: Stepper, steps: int, close: Callable[[], None]) -> Document:
    spent = Spent()
    for number in range(WARM_STEPS + steps):
        if number == WARM_STEPS:
            spent = Spent()
        with spent.on("wait"):
            batch = next(stream)
        with spent.on("compute"):
            stepper.step([batch], seed=number)
    close()
    whole = sum(spent.seconds.values())
    return {"waiting": spent.seconds["wait"] / whole, "ms_a_step": whole / steps * 1000}


# --- the table --------------------------------------------------------------------------------------------------------


def table(rows: Document) -> str:
    """Rates, then shares, with the bar."""
    lines = ["# The way of the pixels", "", "Pairs a second at working size.", ""]
    heads = ("decode", "memory", "folder_first_run", "folder", "augment", "loader")
    words = ("decode", "memory", "folder, first run", "folder, later", "augment", "DataLoader")
    lines += [f"| data | size | {' | '.join(words)} |", "|---|---|" + "---|" * len(words)]
    for name, row in rows.items():
        cells = [f"{row['rates'][head]:,.0f}" for head in heads]
        lines.append(f"| {name} | {row['size']} | {' | '.join(cells)} |")
    lines += ["", f"Share of a step that is waiting (bar: {BAR:.0%}), and milliseconds a step.", ""]
    lines += ["| data | batch | memory | folder | DataLoader, decoding each epoch | one batch, made before |"]
    lines += ["|---|---|---|---|---|---|"]
    for name, row in rows.items():
        cells = [_told(row["waits"][keep]) for keep in ("ram", "disk", "loader", "none")]
        lines.append(f"| {name} | {row['batch']} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _told(wait: Document) -> str:
    return f"{wait['waiting']:.1%}, {wait['ms_a_step']:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
