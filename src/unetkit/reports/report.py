"""`report.html`: one self-contained page about a run, made from its plain files, and made again at any time."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from unetkit.errors import FormatError
from unetkit.files import read_json, write_sealed_text
from unetkit.reports.chart import line_chart
from unetkit.reports.marks import Curve
from unetkit.runs import RunFolder

SCORES = ("mean_iou", "mean_dice", "pixel_accuracy")
TITLES = {
    "mean_iou": "mean IoU",
    "mean_dice": "mean Dice",
    "pixel_accuracy": "pixel accuracy",
    "mean_precision": "mean precision",
    "mean_recall": "mean recall",
}


def write_report(run: Path) -> Path:
    """Write `report.html` into a run folder; returns its path.

    Raises:
        DataError: there is no run.
        FormatError: a file of the run is damaged.
    """
    folder = RunFolder.at(run)
    write_sealed_text(folder.report, render(folder))
    return folder.report


def render(folder: RunFolder) -> str:
    """The page as HTML; what a run does not have yet is left out."""
    result = folder.read_scores()
    scores: dict[str, Any] = result.get("scores") or {}
    history = folder.read_history()
    page = Environment(
        loader=PackageLoader("unetkit.reports", "templates"),
        autoescape=select_autoescape(default_for_string=True, default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("report.html")
    return page.render(
        name=folder.path.resolve().name,
        result=result,
        scores=scores,
        headline=_headline(scores),
        loss_chart=line_chart("Training loss", "epoch", [Curve("loss", _points(history, "loss"))]),
        score_chart=line_chart("Scores on the validation split", "epoch", _score_curves(history, result)),
        confusion=_confusion(scores),
        evaluations=_evaluations(folder),
        examples=_examples(folder),
        classes=_classes(folder),
        model=shlex.quote(result.get("run", folder.path.resolve().name)),
        config=folder.read_config(),
        environment=folder.read_environment(),
        titles=TITLES,
    )


def _headline(scores: dict[str, Any]) -> list[dict[str, Any]]:
    """Each score beside both baselines."""
    if not scores:
        return []
    baseline = scores["baseline"]
    return [
        {
            "name": TITLES.get(name, name),
            "value": value,
            "constant": _of(baseline.get("constant"), name),
            "position": _of(baseline.get("position"), name),
        }
        for name, value in scores["scores"].items()
    ]


def _of(baseline: dict[str, float] | None, name: str) -> float | None:
    return None if baseline is None else baseline.get(name)


def _points(history: Iterable[dict[str, Any]], key: str) -> list[tuple[float, float]]:
    return [(row["epoch"], row[key]) for row in history if row[key] is not None]


def _score_curves(history: list[dict[str, Any]], result: dict[str, Any]) -> list[Curve]:
    """The score that chose the best model first, where it is none of the usual ones."""
    best: dict[str, Any] = result.get("best") or {}
    names: list[str] = [best.get("metric", SCORES[0]), *SCORES]
    return [
        Curve(TITLES.get(name, name), [(row["epoch"], row["scores"][name]) for row in history if name in row["scores"]])
        for name in dict.fromkeys(names)
    ]


def _confusion(scores: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a class of the truth: pixels predicted as each class, and their share of the row."""
    if not scores:
        return []
    names = [entry["name"] for entry in scores["per_class"]]
    rows: list[dict[str, Any]] = []
    for name, counts in zip(names, scores["confusion"], strict=True):
        total = sum(counts)
        cells = [{"pixels": count, "share": count / total if total else 0.0} for count in counts]
        rows.append({"name": name, "total": total, "cells": cells})
    return rows


def _evaluations(folder: RunFolder) -> list[dict[str, Any]]:
    """What `evaluate` wrote into the run, the oldest first."""
    found = sorted(folder.evaluations.glob("[!.]*/scores.json"), key=lambda path: (len(path.parent.name), path))
    return [{"name": path.parent.name, **_evaluation(read_json(path))} for path in found]


def _evaluation(document: dict[str, Any]) -> dict[str, Any]:
    trained_on = document["protocol"].get("scored_trained_on")
    return {
        **document,
        "trained_on": "–" if trained_on is None else f"{trained_on:,}",
        "position": _of(document["baseline"].get("position"), "mean_iou"),
    }


def _examples(folder: RunFolder) -> list[dict[str, Any]]:
    """The pictures under `figures/` that training chose, embedded; those that are gone are left out."""
    return [
        {**entry, "picture": _embedded(folder.figures / entry["file"])}
        for entry in _index(folder)["examples"]
        if (folder.figures / entry["file"]).is_file()
    ]


def _classes(folder: RunFolder) -> dict[str, str]:
    """Class name → its colour in the pictures, as CSS writes it."""
    return {row["name"]: "#{:02x}{:02x}{:02x}".format(*row["colour"]) for row in _index(folder)["classes"]}


def _index(folder: RunFolder) -> dict[str, Any]:
    """What training wrote about its pictures."""
    index = folder.figures / "examples.json"
    return {"examples": (), "classes": (), **(read_json(index) if index.is_file() else {})}


def _embedded(picture: Path) -> str:
    data = picture.read_bytes()
    if not data.startswith(b"\x89PNG"):
        raise FormatError("this picture is no PNG", where=str(picture), advice="delete it, and make the report again")
    return "data:image/png;base64," + base64.b64encode(data).decode()
