"""Links out of the data folder, and names that are not UTF-8: followed when it is said, else one bad file each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from journeys.inside import STEP, Call, Spoil, a_mask, an_image, contents, refused
from unetkit.data.dataset import open_data, write_manifest

pytest.importorskip("torch")


def _link_folder(data: Path) -> None:
    away = data.parent / "away images"
    (data / "images").rename(away)
    (data / "images").symlink_to(away)


def _link_file(data: Path) -> None:
    (data.parent / "away").mkdir()
    path = an_image(data)
    path.rename(data.parent / "away" / path.name)
    path.symlink_to(data.parent / "away" / path.name)


def _rename(data: Path) -> None:
    path = an_image(data)
    path.rename(path.with_name(os.fsdecode(b"caf\xe9.jpg")))


def _rename_both(data: Path) -> None:
    mask = a_mask(data)
    _rename(data)
    mask.rename(mask.with_name(os.fsdecode(b"caf\xe9.png")))


@pytest.mark.parametrize("job", ["check", "train", "evaluate", "predict"])
def test_a_folder_link_is_followed_when_it_is_said(
    call: Call, few: Path, model: Path, tmp_path: Path, job: str
) -> None:
    _link_folder(few)
    before = contents(tmp_path)
    words = {"check": [few], "train": [few, *STEP], "predict": [model, few, "--channels", "3", "--quiet"]}
    told = refused(call(job, *words.get(job, [model, few, "--include-train", "--quiet"])))
    assert f"{few}/images -> {tmp_path}/away images" in told.err
    assert contents(tmp_path) == before
    (command,) = told.commands()
    assert "--follow-links" in command
    assert call(*command).code == 0


STRANGE: dict[str, tuple[Spoil, str]] = {
    "link": (_link_file, "outside-link"),
    "name": (_rename, "name-not-utf8"),
    "names": (_rename_both, "name-not-utf8"),
}


@pytest.mark.parametrize("case", STRANGE)
def test_check_counts_a_file_that_it_may_not_open_and_names_the_cure(call: Call, few: Path, case: str) -> None:
    spoil, code = STRANGE[case]
    spoil(few)
    told = call("check", few, "--json")
    (error,) = [finding for finding in told.document["findings"] if finding["severity"] == "error"]
    assert (told.code, error["code"], error["count"]) == (1, code, 2 if case == "names" else 1)
    assert ("rename" if code == "name-not-utf8" else "--follow-links") in error["advice"]
    assert call("check", few).code == 1


@pytest.mark.parametrize("case", STRANGE)
def test_train_refuses_such_a_file_until_it_is_left_out_or_followed(
    call: Call, few: Path, tmp_path: Path, case: str
) -> None:
    STRANGE[case][0](few)
    before = contents(tmp_path)
    told = refused(call("train", few, *STEP))
    assert contents(tmp_path) == before
    commands = list(told.commands())
    assert ["--follow-links" in command for command in commands] == ([True, False] if case == "link" else [False])
    assert [call(*command).code for command in commands] == [0] * len(commands)


@pytest.mark.parametrize("case", STRANGE)
def test_predict_does_the_others(call: Call, few: Path, model: Path, tmp_path: Path, case: str) -> None:
    STRANGE[case][0](few)
    told = call("predict", model, few / "images", "--json", "--out", "p")
    failed = [row["error"]["advice"] for row in told.document["outputs"] if row["error"]]
    assert (told.code, len(failed), len(list((tmp_path / "p" / "masks").iterdir()))) == (1, 1, 7)
    assert ("rename" if case != "link" else "--follow-links") in failed[0]
    assert call("predict", model, few / "images").code == 1
    if case == "link":
        assert call("predict", model, few / "images", "--follow-links").code == 0


def test_a_name_that_is_not_utf8_given_by_itself_fails_by_itself(call: Call, few: Path, model: Path) -> None:
    _rename(few)
    told = call("predict", model, *sorted((few / "images").iterdir()), "--json")
    assert (told.code, sum(bool(row["error"]) for row in told.document["outputs"])) == (1, 1)


def test_a_run_remembers_that_links_were_followed(call: Call, few: Path, tmp_path: Path) -> None:
    _link_folder(few)
    assert call("train", few, *STEP, "--follow-links", "--out", "run").code == 0
    assert "images/clip" in (tmp_path / "run" / "manifest.csv").read_text()
    assert call("evaluate", "run", "--quiet").code == 0


def test_a_manifest_that_says_nothing_of_links_is_asked_about(call: Call, few: Path) -> None:
    write_manifest(open_data(few), few)
    _link_folder(few)
    (command,) = refused(call("check", few)).commands()
    assert call(*command, "--json").document["pairs"] == 8


def test_a_dead_link_is_a_missing_file(call: Call, few: Path) -> None:
    path = an_image(few)
    path.unlink()
    path.symlink_to("gone.jpg")
    told = call("check", few, "--json")
    (error,) = [finding for finding in told.document["findings"] if finding["severity"] == "error"]
    assert (told.code, error["code"], error["count"]) == (1, "missing-file", 1)
    assert "a link to gone.jpg, where nothing is" in error["examples"][0]
