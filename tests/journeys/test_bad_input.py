"""What users do wrong, and what they are told: what, where, and a command that then works."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from journeys.inside import STEP, Call, Spoil, a_mask, an_image, contents, leftovers, refused

pytest.importorskip("torch")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


# --- nothing to read ------------------------------------------------------------------------------------------------


def _no_pairs(data: Path) -> None:
    for path in (data / "masks").iterdir():
        path.rename(path.with_stem(f"{ord(path.stem[-1])}-other"))


def _one_image_only(data: Path) -> None:
    for path in [*(data / "masks").iterdir(), *sorted((data / "images").iterdir())[1:]]:
        path.unlink()


def _a_file(data: Path) -> None:
    shutil.rmtree(data)
    data.write_text("these are my images")


def _empty(data: Path) -> None:
    shutil.rmtree(data)
    data.mkdir()


def _all_broken(data: Path) -> None:
    for path in (data / "images").iterdir():
        path.write_text("no picture")


NOTHING: dict[str, tuple[Spoil, str]] = {
    "missing": (shutil.rmtree, "there is no such folder"),
    "empty": (_empty, "the folder holds no image files"),
    "a file": (_a_file, "this is a file, not a folder of images"),
    "no pairs": (_no_pairs, "no pairs of image and mask"),
    "no masks": (lambda data: shutil.rmtree(data / "masks"), "no pairs of image and mask: 8 images, and no masks"),
    "one image": (_one_image_only, "there is one image and no mask"),
    "all broken": (_all_broken, "none of the 8 pairs can be used"),
}


@pytest.mark.parametrize("job", ["check", "train", "evaluate"])
@pytest.mark.parametrize("case", NOTHING)
def test_nothing_to_read_is_told_and_nothing_is_written(
    call: Call, few: Path, model: Path, tmp_path: Path, case: str, job: str
) -> None:
    spoil, what = NOTHING[case]
    spoil(few)
    before = contents(tmp_path)
    words = {"check": [few], "train": [few, *STEP], "evaluate": [model, few]}[job]
    assert what in refused(call(job, *words)).err
    document = call(job, *words, "--json").document
    assert (document["schema"], document["exit"]) == ("unetkit.error", 2)
    assert document["what"].startswith(what)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("given", ["nowhere", "empty", "none/*.jpg"])
def test_predict_without_any_image(call: Call, model: Path, tmp_path: Path, given: str) -> None:
    (tmp_path / "empty").mkdir()
    refused(call("predict", model, given))
    assert call("predict", model, given, "--json").document["exit"] == 2
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("job", ["evaluate", "predict"])
@pytest.mark.parametrize("given", ["nowhere", "few", "few/images"])
def test_what_is_no_model_is_told(call: Call, few: Path, tmp_path: Path, given: str, job: str) -> None:
    before = contents(tmp_path)
    assert "model" in refused(call(job, given, few)).err
    assert contents(tmp_path) == before


# --- broken files ---------------------------------------------------------------------------------------------------


def _damage(data: Path) -> None:
    """A bit in the middle of a PNG: its header and its end are sound."""
    path = an_image(data)
    noisy = Pillow.effect_noise((300, 300), 90).convert("RGB")
    path.unlink()
    noisy.save(path.with_suffix(".png"))
    Pillow.new("L", noisy.size, 255).save(a_mask(data))
    spoilt = bytearray(path.with_suffix(".png").read_bytes())
    spoilt[len(spoilt) // 2] ^= 255
    path.with_suffix(".png").write_bytes(spoilt)


DEFECTS: dict[str, tuple[Spoil, str]] = {
    "sizes": (lambda data: Pillow.new("L", (20, 20), 255).save(a_mask(data)), "size-mismatch"),
    "empty image": (lambda data: an_image(data).write_bytes(b""), "empty-file"),
    "empty mask": (lambda data: a_mask(data).write_bytes(b""), "empty-file"),
    "cut image": (lambda data: _cut(an_image(data)), "truncated-file"),
    "cut mask": (lambda data: _cut(a_mask(data)), "truncated-file"),
    "text as image": (lambda data: an_image(data).write_text("no picture\n"), "not-an-image"),
    "text as mask": (lambda data: a_mask(data).write_text("no picture\n"), "not-an-image"),
    "damaged": (_damage, "damaged-file"),
}


@pytest.mark.parametrize("case", DEFECTS)
def test_check_counts_a_broken_file_and_goes_on(call: Call, few: Path, case: str) -> None:
    spoil, code = DEFECTS[case]
    spoil(few)
    told = call("check", few, "--json")
    errors = [finding for finding in told.document["findings"] if finding["severity"] == "error"]
    assert told.code == 1
    assert [(finding["code"], finding["count"]) for finding in errors] == [(code, 1)]
    assert told.document["pairs"] == 8
    assert "Traceback" not in told.err


@pytest.mark.parametrize("case", DEFECTS)
def test_train_refuses_a_broken_file_until_it_is_left_out(call: Call, few: Path, tmp_path: Path, case: str) -> None:
    DEFECTS[case][0](few)
    before = contents(tmp_path)
    told = refused(call("train", few, *STEP, "--out", "run"))
    assert "1 of 8 pairs cannot be used" in told.err
    assert contents(tmp_path) == before
    (command,) = told.commands()
    assert call(*command).code == 0
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("case", DEFECTS)
def test_evaluate_refuses_a_broken_file_until_it_is_left_out(
    call: Call, few: Path, model: Path, tmp_path: Path, case: str
) -> None:
    DEFECTS[case][0](few)
    before = contents(tmp_path)
    told = refused(call("evaluate", model, few, "--include-train", "--out", "scores", "--quiet"))
    assert contents(tmp_path) == before
    (command,) = told.commands()
    assert call(*command, "--json").document["images"] == 7
    assert leftovers(tmp_path) == []


def test_one_broken_file_among_many_stops_neither_check_nor_predict(
    call: Call, scenes: Path, model: Path, tmp_path: Path
) -> None:
    shutil.copytree(scenes, tmp_path / "many")
    an_image(tmp_path / "many").write_bytes(b"")
    assert call("check", "many", "--json").document["pairs"] == 40
    told = call("predict", model, "many/images", "--out", "p", "--json")
    failed = [row for row in told.document["outputs"] if row["error"]]
    assert told.code == 1
    assert [Path(row["input"]).name for row in failed] == [an_image(tmp_path / "many").name]
    assert len(list((tmp_path / "p" / "masks").iterdir())) == 39
    assert leftovers(tmp_path) == []


def test_predict_with_broken_files_only_is_an_error_of_the_input(call: Call, model: Path, few: Path) -> None:
    _all_broken(few)
    told = call("predict", model, few / "images")
    assert told.code == 2
    assert "8 inputs: this is no image" in told.out
    assert "Traceback" not in told.err


def test_orphans_are_warnings(call: Call, few: Path) -> None:
    an_image(few).unlink()
    sorted((few / "masks").iterdir())[5].unlink()
    told = call("check", few, "--json")
    found = {finding["code"]: finding["severity"] for finding in told.document["findings"]}
    assert told.code == 0
    assert (found["orphan-images"], found["orphan-masks"]) == ("warning", "warning")
    assert call("train", few, *STEP).code == 0


# --- masks and classes ----------------------------------------------------------------------------------------------


def _more_values(data: Path) -> None:
    mask = np.array(Pillow.open(a_mask(data)))
    mask[:4] = 7
    Pillow.fromarray(mask).save(a_mask(data))


@pytest.mark.parametrize("job", ["check", "train"])
def test_a_mask_with_more_values_than_classes_asks_for_one_flag(
    call: Call, few: Path, tmp_path: Path, job: str
) -> None:
    _more_values(few)
    before = contents(tmp_path)
    words = [few, "--classes", "0=sea,255=sky", *(STEP if job == "train" else ())]
    told = refused(call(job, *words))
    assert "none of the 2 classes: 7" in told.err
    assert a_mask(few).name in told.err
    assert contents(tmp_path) == before
    commands = list(told.commands())
    assert len(commands) == 2
    assert [call(*command).code for command in commands] == [0, 0]


def test_evaluate_refuses_classes_that_the_model_does_not_have(
    call: Call, few: Path, model: Path, tmp_path: Path
) -> None:
    _more_values(few)
    before = contents(tmp_path)
    assert "3 classes" in refused(call("evaluate", model, few, "--quiet")).err
    assert contents(tmp_path) == before


@pytest.mark.parametrize("encoding", ["ids", "binary"])
def test_a_mask_that_changed_after_training_is_named(call: Call, few: Path, tmp_path: Path, encoding: str) -> None:
    for path in (few / "masks").iterdir() if encoding == "ids" else ():
        Pillow.fromarray((np.asarray(Pillow.open(path)) > 0).astype(np.uint8)).save(path)
    assert call("train", few, *STEP, "--out", "run").code == 0
    _more_values(few)
    errors = [row for row in call("check", "run", "--json").document["findings"] if row["severity"] == "error"]
    assert [(row["code"], row["count"]) for row in errors] == [("unknown-values", 1)]
    told = refused(call("train", "run", *STEP, "--out", "again"))
    assert not (tmp_path / "again").exists()
    (command,) = told.commands()
    assert call(*command).code == 0
    assert f'"encoding": "{encoding}"' in call("check", "run", "--json").out
    told = refused(call("evaluate", "run", "--split", "all", "--quiet"))
    (command,) = told.commands()
    assert call(*command).code == 0


def test_one_pair_is_little_and_trains_all_the_same(call: Call, few: Path) -> None:
    for part in ("images", "masks"):
        for path in sorted((few / part).iterdir())[1:]:
            path.unlink()
    told = call("check", few)
    assert told.code == 0
    assert "there is only one image" in told.out
    assert "1 warning\n" in told.out
    told = call("train", few, *STEP)
    assert told.code == 0
    assert told.err.startswith("warning: there is no validation image")


def test_images_of_two_depths_are_refused_before_training(call: Call, few: Path, tmp_path: Path) -> None:
    path = an_image(few)
    deep = np.array(Pillow.open(path).convert("L")).astype(np.uint16) * 257
    path.unlink()
    Pillow.fromarray(deep).save(path.with_suffix(".png"))
    before = contents(tmp_path)
    told = refused(call("train", few, *STEP))
    assert path.with_suffix(".png").name in told.err
    assert contents(tmp_path) == before


# --- words of the command line --------------------------------------------------------------------------------------

WRONG: dict[str, tuple[list[str], str]] = {
    "command": (["trian", "few"], "'train'"),
    "flag": (["train", "few", "--training.lerning-rate", "1"], "--training.learning-rate"),
    "value": (["train", "few", "--batch", "many"], "whole number"),
    "network": (["train", "few", "--network", "nanno"], "'nano'"),
    "loss": (["train", "few", "--loss", "dize", "--quiet"], "'dice'"),
    "size": (["train", "few", "--size", "0", "--quiet"], "--size 256"),
    "recipe": (["train", "few", "--recipe", "horizn"], "'horizon'"),
    "variant": (["train", "few", "--recipe", "horizon", "--variant", "sorce"], "'source'"),
    "recipe page": (["recipes", "horizn"], "'horizon'"),
    "budgets": (["train", "few", "--steps", "1", "--minutes", "2"], "leave out all but one"),
    "key": (["train", "few", "--config", "key.yaml"], "'network'"),
    "yaml": (["train", "few", "--config", "broken.yaml"], "unetkit config train"),
    "no file": (["train", "few", "--config", "nowhere.yaml"], "unetkit config train"),
    "no DATA": (["check"], "unetkit check --help"),
    "too much": (["check", "few", "more"], "unetkit check --help"),
    "regex": (["check", "few", "--groups", "("], "unetkit check few --groups '"),
    "share": (["check", "few", "--val", "1.5"], "a share (0.2)"),
    "folder": (["check", "few", "--images", "photos"], "folders here: images (8), masks (8)"),
    "no run": (["report", "few"], "unetkit train"),
    "log": (["check", "few", "--log-json", "nowhere/log"], "check the path"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_word_names_the_right_one(call: Call, few: Path, tmp_path: Path, case: str) -> None:
    (tmp_path / "key.yaml").write_text("netwrk: {depth: 3}\n")
    (tmp_path / "broken.yaml").write_text("network: [\n")
    before = contents(tmp_path)
    words, advice = WRONG[case]
    assert advice in refused(call(*words)).err
    assert call(*words, "--json").document["exit"] == 2
    assert contents(tmp_path) == before
    assert few.is_dir()


# --- outputs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [[], ["--overwrite"]])
@pytest.mark.parametrize("job", ["train", "evaluate", "predict"])
@pytest.mark.parametrize("out", ["few", "few/images/clip00_0000.jpg", "few/images/clip00_0000.jpg/new"])
def test_what_is_not_ours_is_never_replaced(
    call: Call, few: Path, model: Path, tmp_path: Path, job: str, out: str, flags: list[str]
) -> None:
    words = {"train": [few, *STEP], "evaluate": [model, "--quiet"], "predict": [model, few / "images", "--quiet"]}
    before = contents(tmp_path)
    told = refused(call(job, *words[job], "--out", out, *flags))
    assert list(told.commands()) == []
    assert contents(tmp_path) == before


@pytest.mark.parametrize("job", ["train", "evaluate", "predict"])
def test_an_output_of_ours_is_kept_until_overwrite_is_said(
    call: Call, few: Path, model: Path, tmp_path: Path, job: str
) -> None:
    words = {"train": [few, *STEP], "evaluate": [model, "--quiet"], "predict": [model, few / "images", "--quiet"]}
    assert call(job, *words[job], "--out", "out").code == 0
    before = contents(tmp_path)
    told = refused(call(job, *words[job], "--out", "out"))
    assert contents(tmp_path) == before
    (command,) = told.commands()
    assert call(*command).code == 0
    assert leftovers(tmp_path) == []


# --- channels -------------------------------------------------------------------------------------------------------


def test_predict_names_the_flag_that_converts_channels(call: Call, few: Path, model: Path) -> None:
    for path in (few / "images").iterdir():
        Pillow.open(path).convert("L").save(path)
    told = call("predict", model, few / "images", "--out", "p")
    assert told.code == 2
    assert "the image has 1 channel (grey), the model takes 3 channels (colour)" in told.out
    (command,) = told.commands()
    assert command[-2:] == ["--channels", "3"]
    assert call(*command, "--json").code == 0


def test_evaluate_names_the_flag_that_converts_channels(call: Call, few: Path, model: Path) -> None:
    for path in (few / "images").iterdir():
        Pillow.open(path).convert("L").save(path)
    told = refused(call("evaluate", model, few, "--include-train", "--quiet"))
    (command,) = told.commands()
    assert call(*command).code == 0
