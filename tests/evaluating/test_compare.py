"""Runs side by side: what each has come to, what they differ in, and where the image goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from evaluating.histories import PAIRS, make_run, make_series
from unetkit.config.jobs import CompareSettings
from unetkit.errors import ConfigError, DataError, FormatError, OutputExists, UsageError
from unetkit.evaluating import compare
from unetkit.evaluating.compare import Comparison, Difference, compare_runs
from unetkit.evaluating.histories import Reached
from unetkit.reports.curves import RunCurves, curves_svg

POLYLINE = "{http://www.w3.org/2000/svg}polyline"


def compared(*runs: Path, **values: object) -> Comparison:
    return compare_runs(CompareSettings.model_validate(values), runs)


def found(differences: tuple[Difference, ...]) -> dict[str, Any]:
    return {one.key: dict(one.values) for one in differences}


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return make_run(tmp_path / "runs" / "first").path


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return make_run(tmp_path / "runs" / "second", (0.3, 0.5), said={"training.learning_rate": 0.001}).path


# --- what each has come to --------------------------------------------------------------------------------------------


def test_a_run_is_told_by_its_history(first: Path, second: Path) -> None:
    one, other = compared(first, second).runs
    assert (one.steps, one.planned, one.epochs, one.seconds) == (30, 40, 7.5, 210.0)
    assert (one.loss, one.rate) == (pytest.approx(1 / 3), pytest.approx(0.001 / 3))
    assert (one.best("mean_iou"), one.last("mean_iou")) == (Reached(0.9, 20), Reached(0.85, 30))
    assert (other.steps, other.best("mean_iou")) == (10, Reached(0.5, 10))


def test_the_first_of_equal_scores_is_the_best(tmp_path: Path, first: Path) -> None:
    twice = make_run(tmp_path / "runs" / "twice", (0.1, 0.7, 0.7))
    assert compared(first, twice.path).runs[1].best("mean_iou") == Reached(0.7, 10)


def test_runs_that_have_not_ended_are_compared_as_far_as_they_are(tmp_path: Path, first: Path) -> None:
    going = make_run(tmp_path / "runs" / "going", (0.1, 0.2), finished=False)
    new = make_run(tmp_path / "runs" / "new", (), finished=False)
    rows = compared(first, going.path, new.path).to_json()["runs"]
    assert [(row["finished"], row["scorings"], row["steps"]) for row in rows] == [
        (True, 4, 30),
        (False, 2, 10),
        (False, 0, 0),
    ]
    assert (rows[2]["best"], rows[2]["last"], rows[2]["loss"]) == (None, None, None)
    assert rows[2]["learning_rate"] == {"highest": 0.003, "last": None}


def test_looking_at_a_run_changes_nothing_in_it(first: Path, second: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*")}
    halfway = first / "checkpoints" / ".last.safetensors.0badc0de.tmp"
    halfway.touch()
    compared(first, second, out=str(first.parent / "x.svg"))
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*") if path != halfway and path.is_file()} == {
        path: when for path, when in before.items() if path.is_file()
    }
    assert halfway.exists()


def test_the_runs_of_several_seeds_stand_for_their_folder(tmp_path: Path, first: Path) -> None:
    series = make_series(tmp_path / "runs" / "three", 9, 10, 2)
    result = compared(series, first)
    assert [run.name for run in result.runs] == ["three/seed-2", "three/seed-9", "three/seed-10", "first"]
    assert found(compared(series).settings) == {"training.seed": {"seed-2": 2, "seed-9": 9, "seed-10": 10}}


def test_names_are_short_and_tell_runs_apart(tmp_path: Path, first: Path) -> None:
    namesake = make_run(tmp_path / "elsewhere" / "first").path
    assert [run.name for run in compared(first, namesake).runs] == ["runs/first", "elsewhere/first"]


# --- what they differ in ----------------------------------------------------------------------------------------------


def test_settings_that_differ_are_listed_and_no_others(first: Path, second: Path) -> None:
    assert found(compared(first, second).settings) == {"training.learning_rate": {"first": 0.003, "second": 0.001}}


def test_a_setting_that_one_run_does_not_know_is_a_difference(first: Path, second: Path) -> None:
    run = compared(first, second).runs[0]
    older = make_run(first.parent / "older")
    older.write_config("training:\n  learning_rate: 0.003\n")
    differing = found(compared(first, older.path).settings)
    assert differing["training.batch"] == {"first": run.settings["training.batch"]}
    assert "training.learning_rate" not in differing


def test_machine_and_versions_that_differ_are_listed_but_not_when_and_how_it_was_called(
    tmp_path: Path, first: Path
) -> None:
    other = {"cores": 8, "versions": {"unetkit": "0.1.0", "torch": "2.12.0", "timm": "1.0.15"}, "command": ["else"]}
    run = make_run(tmp_path / "runs" / "other", machine=other)
    assert found(compared(first, run.path).machine) == {
        "cores": {"first": 2, "other": 8},
        "versions.torch": {"first": "2.13.0", "other": "2.12.0"},
        "versions.timm": {"other": "1.0.15"},
    }


def test_what_computed_the_parts_of_a_run_is_compared(tmp_path: Path) -> None:
    def part(device: str) -> dict[str, Any]:
        return {"started": "2026", "command": [], "compute": {"device": device, "threads": 2}}

    here = make_run(tmp_path / "runs" / "here", machine={"parts": [part("cpu")]})
    moved = make_run(tmp_path / "runs" / "moved", machine={"parts": [part("cpu"), part("cuda"), part("cpu")]})
    assert found(compared(here.path, moved.path).machine) == {
        "compute.device": {"here": "cpu", "moved": "cpu, then cuda"}
    }


@pytest.mark.parametrize(
    ("pairs", "differing", "same"),
    [
        ({"train": "cba", "val": "ed"}, [], True),
        ({"train": "abx", "val": "de"}, ["train"], True),
        ({"train": "abc", "val": "df"}, ["val"], False),
        ({"train": "abcde"}, ["train", "val"], False),
    ],
)
def test_other_pairs_are_a_difference_and_other_validation_pairs_make_scores_incomparable(
    tmp_path: Path, first: Path, pairs: dict[str, str], differing: list[str], same: bool
) -> None:
    result = compared(first, make_run(tmp_path / "runs" / "other", pairs=pairs).path)
    assert [one.key for one in result.pairs] == differing
    assert result.same_validation is same
    assert [str(one.values["first"]).partition(" ")[0] for one in result.pairs] == [
        str(len(PAIRS[split])) for split in differing
    ]


# --- the score --------------------------------------------------------------------------------------------------------


def test_the_score_is_the_first_runs_own_unless_another_is_asked_for(tmp_path: Path, first: Path) -> None:
    other = make_run(tmp_path / "runs" / "other", metric="pixel_accuracy").path
    assert compared(first, other).metric == "mean_iou"
    assert compared(other, first).metric == "pixel_accuracy"
    dice = compared(first, other, metric="mean_dice")
    assert [run["best"]["value"] for run in dice.to_json()["runs"]] == [0.45, 0.45]


def test_a_run_that_does_not_know_the_score_has_none(tmp_path: Path, first: Path) -> None:
    other = make_run(tmp_path / "runs" / "other", metric="pixel_accuracy").path
    assert compared(first, other).to_json()["runs"][1]["best"] is None


def test_a_score_that_no_run_knows_is_refused_with_the_nearest(first: Path, second: Path) -> None:
    with pytest.raises(ConfigError) as wrong:
        compared(first, second, metric="mean_dise")
    assert "did you mean 'mean_dice'?" in wrong.value.advice


# --- the image --------------------------------------------------------------------------------------------------------


def test_the_image_lies_beside_the_first_run_under_a_name_that_is_free(first: Path, second: Path) -> None:
    images = [compared(first, second).image for _ in range(2)]
    assert images == [first.parent / "comparison-1.svg", first.parent / "comparison-2.svg"]


@pytest.mark.parametrize(("axis", "last"), [("epochs", 7.5), ("steps", 30.0), ("minutes", 3.5)])
def test_the_curves_run_over_what_was_asked_for(first: Path, second: Path, axis: str, last: float) -> None:
    result = compared(first, second, axis=axis)
    assert result.runs[0].points(axis, "mean_iou")[-1] == (last, 0.85)
    assert result.image is not None
    assert len([*ET.parse(result.image).iter(POLYLINE)]) == 4
    assert f">{axis}</text>" in result.image.read_text()


@pytest.mark.parametrize(("axis", "last", "best"), [("epochs", 7.5, 5.0), ("steps", 30.0, 20.0)])
def test_loss_score_and_best_are_drawn_where_they_belong(
    first: Path, second: Path, axis: str, last: float, best: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[RunCurves] = []

    def watched(curves: Sequence[RunCurves], **words: str) -> str:
        seen.extend(curves)
        return curves_svg(curves, **words)

    monkeypatch.setattr(compare, "curves_svg", watched)
    run = compared(first, second, axis=axis).runs[0]
    drawn = seen[0]
    assert drawn.loss[-1] == (last, run.loss)
    assert drawn.score[-1] == (last, 0.85)
    assert drawn.best == (best, 0.9)


def test_the_untrained_network_has_a_score_and_no_loss(first: Path, second: Path) -> None:
    run = compared(first, second).runs[0]
    assert [x for x, _ in run.points("steps", "loss")] == [10, 20, 30]
    assert [x for x, _ in run.points("steps", "mean_iou")] == [0, 10, 20, 30]


def test_an_image_that_is_there_is_replaced_only_if_it_is_said(first: Path, second: Path, tmp_path: Path) -> None:
    image = tmp_path / "new" / "curves.svg"
    compared(first, second, out=str(image))
    with pytest.raises(OutputExists):
        compared(first, second, out=str(image))
    compared(first, second, out=str(image), overwrite=True)
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(OutputExists):
        compared(first, second, out=str(tmp_path / "folder.svg"), overwrite=True)


def test_another_kind_of_image_is_refused(first: Path, second: Path) -> None:
    with pytest.raises(ConfigError) as wrong:
        compared(first, second, out="curves.png")
    assert wrong.value.advice == "--out curves.svg"


def test_runs_that_were_never_scored_have_no_image(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, (), finished=False).path for name in ("a", "b")]
    result = compared(*runs, metric="mean_iou")
    assert (result.metric, result.image) == (None, None)
    assert not list(tmp_path.glob("*.svg"))


def test_a_folder_whose_name_is_no_text_has_its_image(tmp_path: Path, first: Path) -> None:
    strange = make_run(Path(os.fsdecode(os.fsencode(tmp_path / "runs") + b"/caf\xe9"))).path
    assert compared(first, strange).image == first.parent / "comparison-1.svg"


# --- what is refused --------------------------------------------------------------------------------------------------


def test_fewer_than_two_runs_are_refused(tmp_path: Path, first: Path) -> None:
    for runs in ([], [first], [first, first / ".." / "first"], [make_series(tmp_path / "series", 1)]):
        with pytest.raises(UsageError, match="a comparison needs two runs"):
            compared(*runs)


def test_what_is_no_run_is_refused(tmp_path: Path, first: Path) -> None:
    with pytest.raises(DataError, match="no run folder"):
        compared(first, tmp_path)


@pytest.mark.parametrize("name", ["history.jsonl", "config.yaml", "environment.json", "plan.json"])
def test_a_damaged_run_is_refused(first: Path, second: Path, name: str) -> None:
    path = second / name
    path.write_text(path.read_text().replace("0", "1"))
    with pytest.raises(FormatError):
        compared(first, second)
    assert not list(first.parent.glob("*.svg"))
