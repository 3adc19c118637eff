"""What training does on a GPU: images a second, the share of the chip's matrix rate, memory, and minutes to a quality.

Speed: `small`, `base` and `original` at 512×512 in the largest batch that is a power of two and fits (or `--batch`),
through the real step with the horizon's augmentation, images resident on the device where they fit: plain,
deterministic and compiled. The batch is the plain way's; where another finds no memory for it, the table says so.
FLOP/s are those of the network's forward and backward as PyTorch counts them, beside those of a large bfloat16 matrix
product in the same process. CamVid: `unetkit train camvid --recipe camvid` with `small` and `base`; minutes from the
start of the process to the first of two successive scorings that reach a goal.

    python benchmarks/gpu.py [--data FOLDER] [--only speed|camvid] [--batch N] [--minutes M] [--out FOLDER]
    python benchmarks/gpu.py --cpu       the script itself, tried without a GPU: small, and its figures mean nothing

Writes `gpu.json` and `gpu.md` in `benchmarks/results/`, anew after each measurement: a call that is cut off has lost
nothing but the one it was at, and the next goes on there, on such a GPU and with the same code. Alone on the machine it
takes about 40 minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from goals import reached
from gpu_speed import SEED, Scale, speeds
from gpu_table import table
from quality import ROOT, hash_of, machine, source_hash

from unetkit import console
from unetkit.files import write_text
from unetkit.training.device import choose_compute

RESULTS = ROOT / "benchmarks" / "results"
GOALS = (0.60, 0.65)
ON_GPU = Scale(512, 512, 256, 20, 200, 8192, ("small", "base"))
TRIED = ("--steps", "2", "--size", "32", "--network.depth", "1")
ON_CPU = Scale(32, 8, 2, 1, 2, 128, ("nano",), TRIED, (("width", 4), ("depth", 2)))

Document = dict[str, Any]


def main() -> int:
    """Measure what is asked for, write what is known after each measurement, print."""
    options = arguments()
    if not (options.cpu or torch.cuda.is_available()):
        print("no GPU is here, and nothing was measured; --cpu tries the script itself", file=sys.stderr)
        return 3
    console.switch_on()
    scale = ON_CPU if options.cpu else ON_GPU
    out: Path = options.out or (ROOT / "runs" / "gpu-tried" if options.cpu else RESULTS)
    record = out / "gpu.json"
    document: Document = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    terms = terms_of(scale, None if options.cpu else chip())
    if document.get("terms") != terms:
        document = {"terms": terms, "machine": machine()}
    out.mkdir(parents=True, exist_ok=True)
    for part, measure in (("speed", speed), ("camvid", camvid)):
        if options.only in (None, part):
            for known in measure(options, scale, document.get(part)):
                document[part] = known
                write_text(record, json.dumps(document, indent=1) + "\n")
                write_text(record.with_suffix(".md"), table(document))
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


def terms_of(scale: Scale, gpu: Document | None) -> Document:
    """What all figures of a record have in common; what was measured on other terms is dropped."""
    terms = {"seed": SEED, "scale": asdict(scale), "gpu": gpu}
    scripts = hash_of((Path(__file__).parent / name).read_bytes() for name in ("gpu.py", "gpu_speed.py", "goals.py"))
    terms |= {"packages": machine()["packages"], "source": source_hash("camvid"), "scripts": scripts}
    return json.loads(json.dumps(terms))  # as they are read again


def chip() -> Document:
    """The GPU, and what drives it."""
    properties = torch.cuda.get_device_properties(0)
    versions = {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
    return {"name": properties.name, "memory": properties.total_memory, **versions}


def speed(options: argparse.Namespace, scale: Scale, known: Document | None) -> Iterator[Document]:
    """Every network in every way that is not known yet; what is, after each measurement."""
    return speeds(choose_compute("cpu" if options.cpu else "cuda", 0, "auto"), scale, options.batch, known)


# --- CamVid -----------------------------------------------------------------------------------------------------------


def camvid(options: argparse.Namespace, scale: Scale, known: list[Document] | None) -> Iterator[list[Document]]:
    """One run a network that is not known from the same command yet; all, after each. None where no data are here."""
    data = options.data / "camvid"
    if not data.is_dir():
        print(f"CamVid is not here, and nothing was trained on it: {data}", file=sys.stderr)
        return
    budget = scale.flags or ("--minutes", f"{options.minutes:g}")
    where = ("--device", "cpu" if options.cpu else "cuda")
    runs: dict[str, Document] = {one["network"]: one for one in known or ()}
    for network in scale.trained:
        flags = ("--recipe", "camvid", "--network", network, *budget, *where, "--seed", str(SEED))
        command = ["unetkit", "train", "camvid", *flags]
        if network not in runs or runs[network]["command"] != command:
            run = (options.out or ROOT / "runs") / f"gpu-camvid-{network}"
            runs[network] = {"network": network, "command": command, **trained(data, flags, run)}
            yield [*runs.values()]


def trained(data: Path, flags: Sequence[str], run: Path) -> Document:
    """Train as anybody would; what the history of that says."""
    words = ("train", str(data), *flags, "--out", str(run), "--overwrite", "--json")
    subprocess.run([sys.executable, "-m", "unetkit", *words], stdout=subprocess.DEVNULL, check=True, cwd=ROOT)
    lines = (run / "history.jsonl").read_text(encoding="utf-8").splitlines()
    history = [json.loads(line) for line in lines]
    scorings = [{"minutes": one["seconds"] / 60, "mean_iou": one["scores"].get("mean_iou", 0.0)} for one in history]
    firsts = {goal: reached(scorings, "mean_iou", goal) for goal in GOALS}
    return {
        "scorings": scorings,
        "minutes_to": {f"{goal:.2f}": first and first["minutes"] for goal, first in firsts.items()},
        "best": max(one["mean_iou"] for one in scorings),
        "minutes": scorings[-1]["minutes"],
        "steps": history[-1]["step"],
    }


if __name__ == "__main__":
    sys.exit(main())
