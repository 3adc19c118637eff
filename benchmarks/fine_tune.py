"""Does a horizon in colour help with one in infrared? `ir-horizon` from a `horizon-uav` model, and from scratch.

Both begin as `unetkit train` would, with the same recipe, split, seed and number of steps; after every `LOOK` steps the
averaged weights are scored on the val part. What counts is the first of two successive scorings with Dice of sea at
`GOAL` or above, in steps and in minutes from the start of the process; these scorings are left out of the time, and so
is the training of the source's model. Of its two classes, land and sky, only sky is known again, and three channels
become one. Two more rows begin from the model, too: more gently, and with the encoder frozen. Three seeds, each with a
source's model of its own.

Resumable; writes `benchmarks/results/fine_tune.json` and `.md`. Run it alone on the machine.

    python benchmarks/fine_tune.py [--data FOLDER] [--table]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goals import reached, watched
from judge import judged
from pages import put
from quality import IR_SPLIT, ROOT, UAV_SPLIT, data_hash, machine, machine_line, source_hash, unetkit

from unetkit.training.scoring import Scorer
from unetkit.training.session import Session

OUT = sys.stdout

RESULTS = ROOT / "benchmarks" / "results"
RUNS = ROOT / "runs" / "fine_tune"
GOAL = 0.98
STEPS = 300
"""Of every run, so that all follow one schedule: about what the recipe makes in a minute on two cores."""
LOOK = 4
SEEDS = (0, 1, 2)
SOURCE = ("--recipe", "horizon", *UAV_SPLIT, "--minutes", "2")
WAYS = {
    "from scratch": (),
    "from the model": ("--from", "MODEL"),
    "from the model, gently": ("--from", "MODEL", "--lr", "0.001", "--training.layer-rate", "0.7"),
    "from the model, frozen": ("--from", "MODEL", "--training.freeze", "encoder"),
}

Document = dict[str, Any]


def main() -> int:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return judged(**options.child, due=lambda step, _: step % LOOK == 0, look=look)
    document = measured(options.data, go_on=not options.table)
    text = table(document)
    (RESULTS / "fine_tune.md").write_text(f"# Fine-tuning or from scratch\n\n{text}\n", encoding="utf-8")
    put(ROOT / "docs" / "how-to" / "fine-tune.md", "fine-tuning table", text)
    print(text)
    return 0


def measured(data: Path, *, go_on: bool) -> Document:
    """The record as it is, or after every run that was missing or belongs to other code or data."""
    path = RESULTS / "fine_tune.json"
    before: Document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if not go_on:
        return before
    hashes = {name: data_hash(data / name) for name in ("horizon-uav", "ir-horizon")}
    key = {"source": source_hash("infrared"), "data": hashes, "goal": GOAL, "steps": STEPS, "look": LOOK}
    document: Document = before if before.get("key") == key else {"key": key, "sources": {}, "runs": {}}
    document |= {"machine": machine(), "command": "python benchmarks/fine_tune.py"}
    for seed in SEEDS:
        if str(seed) not in document["sources"] or not (source_run(seed) / "model.safetensors").is_file():
            document["sources"][str(seed)] = source_model(data, seed)
        for way in WAYS:
            name = f"{way}, seed {seed}"
            if name not in document["runs"]:
                document["runs"][name] = run(way, seed, data)
                path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
                print(f"{name}: {reached(document['runs'][name], 'dice', GOAL)}", file=sys.stderr)
    return document


def source_model(data: Path, seed: int) -> Document:
    """Train the model that the others begin from."""
    flags = (*SOURCE, "--seed", str(seed), "--out", str(source_run(seed)), "--overwrite")
    trained = unetkit("train", str(data / "horizon-uav"), *flags)
    return {name: trained[name] for name in ("steps", "seconds", "best")}


def source_run(seed: int) -> Path:
    """Where the source's model of a seed lies."""
    return RUNS / f"horizon-uav-seed-{seed}"


# --- one run ------------------------------------------------------------------------------------------------------


def run(way: str, seed: int, data: Path) -> list[Document]:
    """The scorings of one run, which is stopped when two in a row have reached the goal.

    Raises:
        SystemExit: the run failed.
    """
    out = RUNS / f"{way.replace(',', '').replace(' ', '-')}-seed-{seed}"
    own = [str(source_run(seed)) if word == "MODEL" else word for word in WAYS[way]]
    words = ["train", str(data / "ir-horizon"), "--recipe", "infrared", *IR_SPLIT, *own, "--seed", str(seed)]
    words += ["--steps", str(STEPS), "--out", str(out), "--overwrite"]
    command = [sys.executable, str(Path(__file__)), "--child", json.dumps({"words": words, "started": time.time()})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        scorings, ended = watched(child, json.loads, GOAL)
    if ended == "itself" and child.returncode:
        raise SystemExit(f"a run ended with {child.returncode}; what was done is kept, and the next call goes on")
    return scorings


def look(session: Session, scorer: Scorer, step: int, seconds: float) -> None:
    """Print the Dice of sea on the val part."""
    counts, sea = scorer.report().confusion.counts, session.contract.classes.id_of("sea")
    dice = 2 * counts[sea, sea] / (counts[sea].sum() + counts[:, sea].sum())
    print(json.dumps({"step": step, "seconds": round(seconds, 2), "dice": float(dice)}), file=OUT, flush=True)


# --- the table ----------------------------------------------------------------------------------------------------


def table(document: Document) -> str:
    """Median (worst) steps and minutes of each way, and what that says."""
    found = {way: [reached(document["runs"][f"{way}, seed {seed}"], "dice", GOAL) for seed in SEEDS] for way in WAYS}
    lines = [
        f"To Dice {GOAL} of the sea on the val part of `ir-horizon`: {len(SEEDS)} seeds, runs of {STEPS} steps,"
        f" scored every {LOOK};",
        "median (worst). The model is one of `horizon-uav` (land and sky, in colour); its own training is not counted.",
        "",
        "| training starts | steps | minutes |",
        "|---|---|---|",
        *(f"| {way} | {told(each, 'step', STEPS)} | {told(each, 'seconds', None)} |" for way, each in found.items()),
        "",
        verdict(found["from scratch"], found["from the model"]),
        "",
        f"`{document['command']}` on {machine_line(document['machine'])}",
    ]
    return "\n".join(lines)


def told(found: Sequence[Document | None], name: str, most: int | None) -> str:
    """Median and worst in steps or minutes; runs that never reached the goal count as the worst."""
    values = sorted(one[name] if one else float("inf") for one in found)

    def one(value: float) -> str:
        if value == float("inf"):
            return f"more than {most}" if most else "not reached"
        return f"{value:.0f}" if most else f"{value / 60:.2f}"

    return f"{one(statistics.median(values))} ({one(values[-1])})"


def verdict(scratch: Sequence[Document | None], model: Sequence[Document | None]) -> str:
    """Whether starting from the model was sooner, in the median of the seeds."""
    first, second = (statistics.median(one["step"] if one else STEPS for one in found) for found in (scratch, model))
    if second < first:
        return f"From the model the goal is reached sooner, in {second / first:.0%} of the steps."
    return f"From the model the goal is not reached sooner: {second:.0f} steps against {first:.0f}."


if __name__ == "__main__":
    sys.exit(main())
