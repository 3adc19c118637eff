"""All that a child can be told to do, and doing it once beforehand."""

from __future__ import annotations

import importlib
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

from faults import decoded, masks, moments, saves
from faults.saves import Job

# What a training imports when it is under way: each child would do it anew.
LATE = ("matplotlib.backends.backend_agg", "matplotlib.figure", "unetkit.training.figures")

JOBS: dict[str, Job] = {**moments.JOBS, **saves.JOBS, **masks.JOBS, **decoded.JOBS}


def warm_up() -> None:
    """No child shall import, compile or read anything but its own files."""
    cv2.setNumThreads(0)  # a fork takes no threads along
    for name in LATE:
        importlib.import_module(name)
    with TemporaryDirectory() as folder:
        saves.warm_up(Path(folder) / "run")
        masks.warm_up(Path(folder) / "predictions")
        decoded.warm_up(Path(folder) / "cache")
