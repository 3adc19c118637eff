"""Steps a second of `unetkit train WORDS`, its batches made beside them: the median of a dozen steps, and then it ends.

python benchmarks/pace.py WORDS
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from unetkit.cli.app import main
from unetkit.training.batches import Batch
from unetkit.training.step import StepOutcome, Stepper

WARM = 8  # three of them are tried before the run
COUNTED = 13

step = Stepper.step
ends: list[float] = []


def timed(self: Stepper, batches: Sequence[Batch], seed: int) -> StepOutcome:
    """A step, and a look at the clock."""
    outcome = step(self, batches, seed)
    ends.append(time.perf_counter())
    if len(ends) == WARM + COUNTED:
        print(1 / statistics.median(after - before for before, after in pairwise(ends[WARM:])), flush=True)
        os._exit(0)
    return outcome


if __name__ == "__main__":
    Stepper.step = timed  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        main(["train", *sys.argv[1:], "--minutes", "5", "--out", str(Path(folder) / "run")])
