"""What people see of a result: everything that matters, on narrow screens too."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from unetkit.cli.call import Call, current_call
from unetkit.cli.screen import Screen
from unetkit.cli.views.demo import show_demo
from unetkit.cli.views.findings import show_check
from unetkit.cli.views.predictions import show_predictions
from unetkit.cli.views.run import show_run
from unetkit.cli.views.scores import show_scores
from unetkit.cli.views.tables import score, share

jsonschema = pytest.importorskip("jsonschema")

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "json"
MEANS = {"mean_iou": 0.5, "mean_dice": 0.6, "pixel_accuracy": 0.7}
SCORES: dict[str, Any] = {
    "schema": "unetkit.scores",
    "version": 1,
    "model": "runs/a-1",
    "data": "a",
    "split": "val",
    "images": 1234,
    "protocol": {
        "split": "val",
        "images": 1234,
        "scored_trained_on": 0,
        "left_out_trained_on": 0,
        "include_train": False,
        "resolution": "native",
        "classes_absent": ["boat"],
        "ignore": {"id": 255, "source": [255], "pixels": 125, "pixels_share": 0.125},
    },
    "scores": {**MEANS, "mean_iou": 0.9876},
    "per_class": [
        {"id": 0, "name": "sea", "iou": 0.98, "dice": 0.99, "precision": 0.97, "recall": 0.96, "pixels": 999},
        {"id": 1, "name": "boat", "iou": None, "dice": None, "precision": None, "recall": None, "pixels": 1},
    ],
    "absent_but_predicted": [{"id": 2, "name": "pier", "pixels": 42}],
    "baseline": {"constant": MEANS},
    "confusion": [[999, 0], [0, 1]],
}
LANDMARK = {"metric": "mean_iou", "value": 0.9876, "step": 1200}
RUN: dict[str, Any] = {
    "schema": "unetkit.run",
    "version": 1,
    "run": "runs/a-1",
    "model": "runs/a-1/model.safetensors",
    "seconds": 61.2,
    "steps": 1500,
    "best": LANDMARK,
    "last": LANDMARK,
    "scores": SCORES,
}
PREDICTIONS: dict[str, Any] = {
    "schema": "unetkit.predictions",
    "version": 1,
    "outputs": [
        {
            "input": "photos/a [1].jpg",
            "mask": "p/masks/a.png",
            "colour": "p/colour/a.png",
            "overlay": "p/overlays/a.png",
            "class_shares": {"sea": 0.25, "sky": 0.75, "boat": 0.0},
            "confidence": 0.9,
            "horizon": None,
            "error": None,
        },
        {
            "input": "photos/b.jpg",
            **dict.fromkeys(("mask", "colour", "overlay", "class_shares", "confidence", "horizon")),
            "error": {"what": "the file is truncated", "where": "photos/b.jpg", "advice": ""},
        },
    ],
    "seconds": 1.5,
}
CHECK: dict[str, Any] = {
    "schema": "unetkit.check",
    "version": 1,
    "data": "photos",
    "layout": "folders",
    "encoding": "two values",
    "pairs": 1234,
    "orphans": {"images": 2, "masks": 0},
    "channels": {"3": 1234},
    "sizes": [{"width": 640, "height": 480, "count": 1234}],
    "classes": [
        {"id": 0, "name": "sea", "source": 0, "colour": [0, 0, 255], "pixels_share": 0.9999, "images_share": 1.0},
        {"id": 1, "name": "sky", "source": [70, 130, 180], "pixels_share": 0.0001, "images_share": 0.5},
    ],
    "ignore": {"values": [255], "pixels_share": 0.01},
    "groups": {"rule": "clip", "count": 12},
    "splits": {"train": 1000, "val": 234, "test": 0},
    "findings": [
        {
            "code": "truncated",
            "severity": "error",
            "count": 9,
            "examples": ["images/a.jpg", "images/b.jpg", "images/c.jpg", "images/d.jpg"],
            "message": "9 images are truncated",
            "advice": "copy them again\nunetkit train photos --skip-bad --a-very-long-flag-that-is-not-wrapped at-all",
        }
    ],
    "reading": {"evidence": "equal names", "flags": "", "notes": ["a note"]},
    "read": {"headers": 2468, "masks": 500, "masks_total": 1234, "images": 500},
    "next": None,
}
DEMO = {
    "schema": "unetkit.demo",
    "version": 1,
    "folder": "unetkit-demo",
    "report": "unetkit-demo/run/report.html",
    "check": CHECK,
    "run": RUN,
    "scores": SCORES,
    "predictions": PREDICTIONS,
}
VIEWS = [
    (SCORES, show_scores),
    (RUN, show_run),
    (PREDICTIONS, show_predictions),
    (CHECK, show_check),
    (DEMO, show_demo),
]


def _shown(view: Any, document: Any, width: int = 80) -> str:
    stream = io.StringIO()
    view(document, Console(file=stream, width=width, highlight=False))
    return stream.getvalue()


@pytest.mark.parametrize(("document", "_view"), VIEWS, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_drawn_here_is_a_document_as_described(document: dict[str, Any], _view: Any) -> None:
    name = document["schema"].removeprefix("unetkit.")
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(document)) == []


@pytest.mark.parametrize("width", [50, 80, 120])
@pytest.mark.parametrize(("document", "view"), VIEWS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_view_fits_the_screen_but_for_what_is_pasted(document: dict[str, Any], view: Any, width: int) -> None:
    lines = [line for line in _shown(view, document, width).splitlines() if "unetkit" not in line]
    unwrapped = ("runs/a-1 on ", "failed ")  # a sentence with a path in it
    assert [line for line in lines if len(line.rstrip()) > width and not line.startswith(unwrapped)] == []


def test_scores_stand_beside_their_baselines() -> None:
    lines = [line.split() for line in _shown(show_scores, SCORES).splitlines()]
    assert ["mean", "IoU", "0.9876", "0.5000", "–"] in lines
    assert ["boat", "–", "–", "–", "–", "0.1", "%"] in lines


def test_scores_say_what_was_scored_first() -> None:
    first = _shown(show_scores, SCORES).splitlines()[0]
    assert first == "runs/a-1 on 1,234 images of a (split: val)"


def test_a_class_predicted_without_truth_is_listed_apart() -> None:
    assert "pier: 42 pixels predicted, none in the truth" in _shown(show_scores, SCORES)


def test_images_that_were_trained_on_are_told_in_the_first_line() -> None:
    document = {**SCORES, "protocol": {**SCORES["protocol"], "scored_trained_on": 17}}
    assert "the model was trained on 17 of them" in _shown(show_scores, document).splitlines()[0]
    assert "trained on" not in _shown(show_scores, SCORES).splitlines()[0]


def test_the_ignored_share_and_the_classes_without_truth_are_told() -> None:
    shown = _shown(show_scores, SCORES)
    assert "12.5 % of the pixels" in shown
    assert ["not", "in", "the", "truth", "boat"] in [line.split() for line in shown.splitlines()]


def test_a_run_ends_with_the_next_command() -> None:
    assert _shown(show_run, RUN).splitlines()[-1] == "  unetkit predict runs/a-1 YOUR-IMAGES"
    spaced = {**RUN, "run": "runs/my photos-1"}
    assert _shown(show_run, spaced).splitlines()[-1] == "  unetkit predict 'runs/my photos-1' YOUR-IMAGES"


def test_a_run_without_validation_has_no_scores_to_show() -> None:
    assert "model" in _shown(show_run, {**RUN, "scores": None, "best": None})


def test_predictions_name_what_failed_and_why() -> None:
    shown = _shown(show_predictions, PREDICTIONS)
    assert "failed  1 input: the file is truncated\n    photos/b.jpg\n" in shown
    assert "a [1].jpg" in shown
    assert "sky 75.0 %, sea 25.0 %" in shown
    assert "1 in 1.5 s; 1 failed" in shown


def test_a_flag_asked_for_comes_with_a_command_that_may_use_the_same_folder_again() -> None:
    error = {"what": "the image has 1 channel", "where": "", "advice": "--channels 3"}
    failed = {**PREDICTIONS["outputs"][0], "error": error}
    token = current_call.set(Call(("predict", "m", "photos", "--out", "p"), 0.0, Screen()))
    try:
        shown = _shown(show_predictions, {**PREDICTIONS, "outputs": [failed]})
    finally:
        current_call.reset(token)
    assert "unetkit predict m photos --out p --overwrite --channels 3\n" in shown


def test_a_finding_is_shown_with_examples_and_a_command_on_one_line() -> None:
    lines = _shown(show_check, CHECK, 60).splitlines()
    assert "error  9 images are truncated" in lines
    assert "    and 6 more" in lines
    assert "  → unetkit train photos --skip-bad --a-very-long-flag-that-is-not-wrapped at-all" in lines
    assert lines[-1] == "1 error"


def test_ignored_colours_are_few_and_in_one_way_of_writing_and_the_next_command_comes_last() -> None:
    ignore = {"values": [[0, 0, 0], *([200, 100, number] for number in range(8))], "pixels_share": 0.0}
    lines = _shown(show_check, {**CHECK, "ignore": ignore, "next": "unetkit train photos"}, 100).splitlines()
    assert "#000000, #c86400, #c86401, #c86402, #c86403, #c86404 and 3 more" in "\n".join(lines)
    assert any(line.rstrip().startswith("ignored   no pixel: ") for line in lines)
    assert lines[-1] == "next  unetkit train photos"


def test_classes_without_names_come_with_the_line_that_names_them() -> None:
    rows = [{**row, "name": f"class {row['id']}"} for row in CHECK["classes"]]
    shown = _shown(show_check, {**CHECK, "classes": rows}, 60)
    assert "  unetkit check photos --classes '0=class 0,#4682b4=class 1'\n" in shown
    assert "--classes" not in _shown(show_check, CHECK, 60)


def test_a_share_that_is_not_zero_is_not_shown_as_zero() -> None:
    assert [share(value) for value in (0.0, 0.0001, 0.5, None)] == ["0.0 %", "< 0.1 %", "50.0 %", "–"]


def test_a_score_that_is_unknown_is_a_dash() -> None:
    assert [score(value) for value in (None, float("nan"), 0.5)] == ["–", "–", "0.5000"]
