"""The page about a run."""

import re
from pathlib import Path

import pytest

from unetkit.drawing import encode_png
from unetkit.errors import DataError, FormatError
from unetkit.files import write_json
from unetkit.reports import write_report
from unetkit.runs import RunFolder, environment

SCORES = {
    "split": "val",
    "images": 3,
    "scores": {"mean_iou": 0.9, "mean_dice": 0.95, "pixel_accuracy": 0.97},
    "baseline": {"constant": {"mean_iou": 0.3}, "position": None},
    "per_class": [
        {"id": 0, "name": "<sea>", "iou": 0.9, "dice": 0.95, "precision": 1.0, "recall": 0.9, "pixels": 90},
        {"id": 1, "name": "boat", "iou": None, "dice": None, "precision": None, "recall": None, "pixels": 0},
    ],
    "confusion": [[81, 9], [0, 0]],
}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(
        tmp_path / "run",
        config="network:\n  preset: small\n",
        environment=environment(),
        write_manifest=lambda path: (path / "manifest.csv").write_text("image,mask,split,group\n"),
    )
    folder.write_history(
        [
            {"epoch": 0.0, "step": 0, "loss": None, "scores": {"mean_iou": 0.1}},
            {"epoch": 1.0, "step": 9, "loss": 0.5, "scores": {"mean_iou": 0.9}},
        ]
    )
    return folder


def finished(run: RunFolder) -> RunFolder:
    landmark = {"metric": "mean_iou", "value": 0.9, "step": 9}
    run.write_scores({"steps": 9, "seconds": 3.0, "best": landmark, "last": landmark, "scores": SCORES})
    return run


def test_the_page_stands_alone(run: RunFolder):
    page = write_report(finished(run).path).read_text()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    assert "@import" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_scores_stand_beside_both_baselines_and_absent_classes_are_said(run: RunFolder):
    page = write_report(finished(run).path).read_text()
    assert "0.9000" in page
    assert "0.3000" in page
    assert "not in this split" in page


def test_names_from_the_data_are_text_and_never_markup(run: RunFolder):
    page = write_report(finished(run).path).read_text()
    assert "<sea>" not in page
    assert "&lt;sea&gt;" in page


def test_a_run_that_has_not_ended_has_a_page_with_its_curves(run: RunFolder):
    page = write_report(run.path).read_text()
    assert "has not ended yet" in page
    assert "<polyline" in page


def test_the_examples_are_inside_the_page(run: RunFolder):
    import numpy as np

    (run.figures / "best-1.png").write_bytes(encode_png(np.zeros((4, 4, 3), np.uint8)))
    entry = {"file": "best-1.png", "image": "images/a.png", "kind": "best", "accuracy": 0.99}
    write_json(run.figures / "examples.json", {"examples": [entry, {**entry, "file": "gone.png"}]})
    page = write_report(finished(run).path).read_text()
    assert page.count("data:image/png;base64,") == 1
    assert "99.0 % of the pixels right" in page


def test_a_damaged_run_is_refused(run: RunFolder):
    text = run.history.read_text()
    run.history.write_text(text.replace("0.5", "0.6"))
    with pytest.raises(FormatError):
        write_report(run.path)


def test_what_is_no_run_is_refused(tmp_path: Path):
    with pytest.raises(DataError):
        write_report(tmp_path)
