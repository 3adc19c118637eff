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
    assert "not in the truth of this split" in page


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
    entries, classes = [entry, {**entry, "file": "gone.png"}], [{"name": "<sea>", "colour": [0, 84, 147]}]
    write_json(run.figures / "examples.json", {"examples": entries, "classes": classes})
    page = write_report(finished(run).path).read_text()
    assert page.count("data:image/png;base64,") == 1
    assert "99.0 % of the pixels right" in page
    assert "#005493" in page


def test_later_evaluations_are_listed_in_order(run: RunFolder):
    for number in (2, 10, ".10.0123.tmp"):
        (run.evaluations / f"{number}").mkdir()
        evaluated = {**SCORES, "images": number, "data": "photos", "protocol": {"scored_trained_on": 7}}
        write_json(run.evaluations / f"{number}" / "scores.json", evaluated)
    page = write_report(finished(run).path).read_text()
    assert page.index('<th scope="row">2</th>') < page.index('<th scope="row">10</th>')
    assert "<td>7</td>" in page
    assert ".tmp" not in page, "what a killed evaluation left is none"


def test_every_picture_and_chart_has_words_for_who_cannot_see_it(run: RunFolder):
    page = write_report(finished(run).path).read_text()
    for picture in re.findall(r"<img [^>]*>|<svg [^>]*>", page):
        assert "alt=" in picture or "aria-label=" in picture or "aria-hidden=" in picture


def test_the_score_that_chose_the_best_model_has_its_curve(run: RunFolder):
    rows = [
        {"epoch": float(n), "step": n, "loss": 0.5, "scores": {"mean_iou": 0.9, "mean_recall": 0.9}} for n in (0, 1)
    ]
    run.write_history(rows)
    finished(run)
    run.write_scores({**run.read_scores(), "best": {"metric": "mean_recall", "value": 0.9, "step": 1}})
    keys = re.findall(r'<span class="key"><svg.*?</svg> (.*?)</span>', write_report(run.path).read_text())
    assert keys == ["mean recall", "mean IoU"]


def test_the_commands_of_the_page_name_the_run_as_it_was_trained(run: RunFolder):
    finished(run)
    run.write_scores({**run.read_scores(), "run": "runs/sea-1"})
    assert "unetkit predict runs/sea-1 " in write_report(run.path).read_text()
    run.write_scores({**run.read_scores(), "run": "runs/my sea"})
    assert "unetkit predict &#39;runs/my sea&#39; " in write_report(run.path).read_text()


def test_each_part_of_a_run_is_told_with_what_computed_it(run: RunFolder):
    run.add_part({"device": "cpu", "threads": 1})
    run.add_part({"device": "cuda", "gpu": "a GPU"})
    page = write_report(run.path).read_text()
    assert "device cpu, threads 1\n" in page
    assert "device cuda, gpu a GPU\n" in page


def test_a_run_that_is_still_written_to_is_only_looked_at(run: RunFolder):
    halfway = run.checkpoints / ".last.safetensors.0badc0de.tmp"
    halfway.touch()
    write_report(run.path)
    assert halfway.exists()


def test_a_damaged_run_is_refused(run: RunFolder):
    text = run.history.read_text()
    run.history.write_text(text.replace("0.5", "0.6"))
    with pytest.raises(FormatError):
        write_report(run.path)


def test_what_is_no_run_is_refused(tmp_path: Path):
    with pytest.raises(DataError):
        write_report(tmp_path)
