"""Does a horizon in colour help with one in infrared? `ir-horizon` from a `horizon-uav` model, and from scratch.

Both begin as `unetkit train` would, with the same recipe, split, seed and number of steps; after every `LOOK` steps the
averaged weights are scored on the val part. What counts is the first of two successive scorings with Dice of sea at
`GOAL` or above, in steps and in minutes from the start of the process; these scorings are left out of the time, and so
is the training of the source's model. Of its two classes, land and sky, only sky is known again, and three channels
become one. A third row begins from the model, too, more gently. Three seeds, each with a source's model of its own.

Resumable; writes `benchmarks/results/fine_tune.json` and `.md`. Run it alone on the machine.

    python benchmarks/fine_tune.py [--data FOLDER] [--table]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STARTED = time.time() - time.process_time()

from quality import ROOT, UAV_SPLIT, data_hash, machine, source_hash, unetkit  # noqa: E402 - a child's clock counts imports

from unetkit.config.jobs import TrainSettings  # noqa: E402
from unetkit.recipes.settings import settings  # noqa: E402
from unetkit.training import train  # noqa: E402
from unetkit.training.scoring import Scorer  # noqa: E402
from unetkit.training.session import Session  # noqa: E402
from unetkit.training.step import StepOutcome, Stepper  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results"
RUNS = ROOT / "runs" / "fine_tune"
GOAL = 0.98
STEPS = 300
"""Of every run, so that all follow one schedule: about what the recipe makes in a minute on two cores."""
LOOK = 4
SEEDS = (0, 1, 2)
SOURCE = ("--recipe", "horizon", *UAV_SPLIT, "--minutes", "2")
SPLIT = {"data.split_by": "time", "data.val": "15", "data.test": "25", "data.classes": "0=sea,255=sky"}
WAYS: dict[str, dict[str, Any]] = {
    "from scratch": {},
    "from the model": {"start_from": True},
    "from the model, gently": {"start_from": True, "training.learning_rate": 1e-3, "training.layer_rate": 0.7},
}

Document = dict[str, Any]


def main() -> int:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        one_run(json.loads(options.child.read_text(encoding="utf-8")))
        return 0
    document = measured(options.data, go_on=not options.table)
    (RESULTS / "fine_tune.md").write_text(table(document), encoding="utf-8")
    print(table(document))
    return 0


def measured(data: Path, *, go_on: bool) -> Document:
    """The record as it is, or after every run that was missing or belongs to other code or data."""
    path = RESULTS / "fine_tune.json"
    before: Document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if not go_on:
        return before
    hashes = {name: data_hash(data / name) for name in ("horizon-uav", "ir-horizon")}
    key = {"source": source_hash("infrared"), "data": hashes, "goal": GOAL, "steps": STEPS, "look": LOOK}
    document = before if before.get("key") == key else {"key": key, "sources": {}, "runs": {}}
    document |= {"machine": machine(), "command": "python benchmarks/fine_tune.py"}
    for seed in SEEDS:
        if str(seed) not in document["sources"] or not (source_run(seed) / "model.safetensors").is_file():
            document["sources"][str(seed)] = source_model(data, seed)
        for way in WAYS:
            name = f"{way}, seed {seed}"
            if name not in document["runs"]:
                document["runs"][name] = run(way, seed, data)
                path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
                print(f"{name}: {reached(document['runs'][name])}", file=sys.stderr)
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
    """The scorings of one run, which is stopped when two in a row have reached the goal."""
    own = {**WAYS[way], "start_from": str(source_run(seed))} if "start_from" in WAYS[way] else WAYS[way]
    out = RUNS / f"{way.replace(',', '').replace(' ', '-')}-seed-{seed}"
    values = {**SPLIT, **own, "training.steps": STEPS, "training.seed": seed, "out": str(out), "overwrite": True}
    spec = RUNS / "spec.json"
    spec.write_text(json.dumps({"values": values, "data": str(data / "ir-horizon")}), encoding="utf-8")
    command = [sys.executable, str(Path(__file__)), "--child", str(spec)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        return list(watched(child))


def watched(child: subprocess.Popen[str]) -> Iterator[Document]:
    """What a run tells, until two scorings in a row have reached the goal."""
    assert child.stdout is not None
    good = 0
    for line in child.stdout:
        scoring: Document = json.loads(line)
        yield scoring
        good = good + 1 if scoring["dice"] >= GOAL else 0
        if good == 2:
            child.terminate()
            return
    if child.wait() != 0:
        raise SystemExit(f"a run ended with {child.returncode}; what was done is kept, and the next call goes on")


@dataclass(slots=True)
class Judge:
    """Scores the averaged weights on the val part every few steps, with the clock of the run stopped meanwhile."""

    session: Session
    scorer: Scorer
    steps: int = 0

    def look(self) -> None:
        """Count a step, and score if it is time."""
        self.steps += 1
        if self.steps % LOOK:
            return
        seconds, started = self.session.clock(), time.time()
        counts = self.scorer.report().confusion.counts
        sea = self.session.contract.classes.id_of("sea")
        dice = 2 * counts[sea, sea] / (counts[sea].sum() + counts[:, sea].sum())
        print(json.dumps({"step": self.steps, "seconds": round(seconds, 2), "dice": float(dice)}), flush=True)
        self.session.clock.started += time.time() - started


class Judged(Stepper):
    """The stepper of a run, with a judge who looks at what each step has made."""

    judge: Judge

    def step(self, batches: Sequence[Any], seed: int) -> StepOutcome:
        """One step, and then a look."""
        outcome = super().step(batches, seed)
        self.judge.look()
        return outcome


def one_run(spec: Document) -> None:
    """Train as `unetkit train` does, with the judge beside the loop."""
    run_loop = train.run_loop

    def judged_loop(run: Any, session: Session, plan: Any, scorer: Scorer, *others: Any) -> None:
        session.stepper.__class__ = Judged
        session.stepper.judge = Judge(session, scorer)  # type: ignore[attr-defined]
        run_loop(run, session, plan, scorer, *others)

    train.run_loop = judged_loop
    asked = settings("train", spec["values"], recipe="infrared")
    assert isinstance(asked, TrainSettings)
    train.train(asked, spec["data"], started=STARTED)


# --- the table ----------------------------------------------------------------------------------------------------


def reached(scorings: Sequence[Document]) -> Document | None:
    """The first of two successive scorings that reach the goal; None where a run never did."""
    return next(
        (one for one, following in itertools.pairwise(scorings) if min(one["dice"], following["dice"]) >= GOAL), None
    )


def table(document: Document) -> str:
    """Median (worst) steps and minutes of each way, and what that says."""
    found = {way: [reached(document["runs"][f"{way}, seed {seed}"]) for seed in SEEDS] for way in WAYS}
    lines = [
        f"# Dice of sea {GOAL} on the val part of ir-horizon",
        "",
        f"{len(SEEDS)} seeds, runs of {STEPS} steps scored every {LOOK}; median (worst). The model is one of"
        " horizon-uav (land and sky, in colour); its own training is not counted.",
        "",
        "| training starts | steps | minutes |",
        "|---|---|---|",
        *(f"| {way} | {told(each, 'step', STEPS)} | {told(each, 'seconds', None)} |" for way, each in found.items()),
        "",
        verdict(found["from scratch"], found["from the model"]),
        "",
        f"`{document['command']}` on {document['machine']['cpu']}, {document['machine']['cores']} cores; "
        + ", ".join(f"{name} {number}" for name, number in document["machine"]["packages"].items()),
    ]
    return "\n".join([*lines, ""])


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
