"""Run folders as training leaves them, without training: settings, environment, manifest, history."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unetkit.config.writing import to_yaml
from unetkit.files import write_json, write_sealed_text
from unetkit.recipes.settings import settings
from unetkit.runs import SERIES, RunFolder

ENVIRONMENT = {
    "started": "2026-01-01T00:00:00+00:00",
    "command": ["unetkit", "train", "photos"],
    "processor": "a processor",
    "cores": 2,
    "versions": {"unetkit": "0.1.0", "torch": "2.13.0"},
}
PAIRS = {"train": "abc", "val": "de"}
SCORES = (0.2, 0.6, 0.9, 0.85)
HEAD = "image,mask,split,group,sha256\n"


def make_run(
    path: Path,
    scores: tuple[float, ...] = SCORES,
    *,
    said: Mapping[str, object] | None = None,
    machine: Mapping[str, Any] | None = None,
    pairs: Mapping[str, str] = PAIRS,
    metric: str = "mean_iou",
    finished: bool = True,
) -> RunFolder:
    """A run that was scored after 0, 10, 20, ... of 40 steps; a letter of `pairs` is a pair, by its content."""
    rows = "".join(f"i{n}.png,m{n}.png,{split},,{n}\n" for split, letters in pairs.items() for n in letters)
    given = {"training.steps": 40, "out": path.name.encode("ascii", "replace").decode(), **(said or {})}
    run = RunFolder.create(
        path,
        config=to_yaml(settings("train", given)),
        environment={**ENVIRONMENT, **(machine or {})},
        write_manifest=lambda folder: write_sealed_text(folder / "manifest.csv", HEAD + rows),
    )
    run.write_plan({"total": 40})
    if scores:
        run.write_history([_row(number, scores, metric) for number in range(len(scores))])
    if finished:
        run.model.touch()
    return run


def make_series(path: Path, *seeds: int) -> Path:
    """The runs of several seeds, as `train --seeds` leaves them."""
    path.mkdir(parents=True)
    write_json(path / SERIES, {"data": "photos"})
    for seed in seeds:
        make_run(path / f"seed-{seed}", said={"training.seed": seed})
    return path


def _row(number: int, scores: tuple[float, ...], metric: str) -> dict[str, Any]:
    return {
        "step": 10 * number,
        "epoch": 2.5 * number,
        "loss": 1 / number if number else None,
        "seconds": 30.0 + 60 * number,
        "rate": 0.001 / number if number else None,
        "scores": {metric: scores[number], "mean_dice": scores[number] / 2},
        "metric": metric,
        "best": all(score < scores[number] for score in scores[:number]),
    }
