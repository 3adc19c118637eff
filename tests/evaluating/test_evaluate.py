"""`evaluate` scores what it says it scores, never images that were trained on, and writes beside the model."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from predicting.brightness import stand_in
from unetkit import console
from unetkit.config.jobs import EvaluateSettings
from unetkit.config.sections import DataSettings
from unetkit.data.contents import Contents
from unetkit.data.dataset import open_data, write_manifest
from unetkit.errors import ConfigError, DataError, OutputExists
from unetkit.evaluating import evaluate as job
from unetkit.evaluating.evaluate import evaluate_model
from unetkit.evaluating.writing import read_images
from unetkit.files import read_json, sha256_file
from unetkit.modelfile import Fingerprint
from unetkit.predicting.predictor import Predictor
from unetkit.runs import RunFolder

Make = Callable[..., Path]
ALL = EvaluateSettings(data=DataSettings(split_by="random"))


@pytest.fixture(autouse=True)
def model(predictor: Predictor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Predictor:
    """MODEL is the brightness model."""
    stand_in(job, predictor, monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.safetensors").touch()
    return predictor


@pytest.fixture
def run(folder: Make, tmp_path: Path) -> RunFolder:
    dataset = open_data(folder("sea"), val="0.4", test="0", split_by="random")
    run = RunFolder.create(
        tmp_path / "runs" / "sea-1",
        config="seed: 0\n",
        environment={},
        write_manifest=lambda path: write_manifest(
            dataset, path, hashes=Contents(dataset.root).hash_images(dataset.pairs), sealed=True
        ),
    )
    run.model.touch()
    return run


def test_other_data_are_scored_whole_and_matched_by_value(folder: Make) -> None:
    report = evaluate_model(ALL, "m.safetensors", str(folder("sea")))
    assert (report.split, len(report.rows)) == ("all", 5)
    assert report.scores["mean_iou"] > 0.97
    assert report.data == str(folder("sea"))


def test_scores_and_table_lie_in_a_numbered_folder(folder: Make) -> None:
    data = str(folder("sea"))
    for number in (1, 2):
        report = evaluate_model(ALL, "m.safetensors", data)
        out = Path("evaluations") / f"m-{number}"
        assert read_json(out / "scores.json")["scores"]["mean_iou"] == report.scores["mean_iou"]
        assert [row["path"] for row in read_images(out)] == [row.image for row in report.rows]


def test_a_run_is_scored_on_its_own_split_inside_itself(run: RunFolder) -> None:
    report = evaluate_model(EvaluateSettings(), str(run.path))
    assert (report.split, len(report.rows)) == ("val", 2)
    assert read_json(run.evaluations / "1" / "scores.json")["split"] == "val"
    assert all(len(row.sha256) == 64 for row in report.rows)


def test_a_stale_hash_in_a_manifest_hides_no_image_that_was_trained_on(
    folder: Make, tmp_path: Path, model: Predictor
) -> None:
    dataset = open_data(folder("sea"))
    true = Contents(dataset.root).hash_images(dataset.pairs)
    model.contract = replace(model.contract, fingerprint=Fingerprint.of(true.values()))
    write_manifest(dataset, tmp_path, hashes=dict.fromkeys(true, "0" * 64))
    with pytest.raises(DataError, match="trained on all"):
        evaluate_model(ALL, "m.safetensors", str(tmp_path))


def test_a_run_can_be_scored_on_what_it_was_trained_on_when_asked(run: RunFolder, model: Predictor) -> None:
    hashes = [row["sha256"] for row in _manifest_rows(run)]
    model.contract = replace(model.contract, fingerprint=Fingerprint.of(hashes))
    report = evaluate_model(EvaluateSettings(split="train"), str(run.path))
    assert len(report.rows) == report.protocol["scored_trained_on"] == 3


def test_images_that_were_trained_on_are_left_out_by_content(folder: Make, model: Predictor) -> None:
    trained = folder("trained", 3)
    _train_on(model, trained)
    # The same three files under other names, and two new ones.
    data = folder("other", 5)
    (data / "images" / "000.png").rename(data / "images" / "009.png")
    (data / "masks" / "000.png").rename(data / "masks" / "009.png")

    report = evaluate_model(ALL, "m.safetensors", str(data))
    assert [row.image for row in report.rows] == ["images/003.png", "images/004.png"]
    assert report.protocol["left_out_trained_on"] == 3


def test_include_train_scores_them_all_the_same(folder: Make, model: Predictor) -> None:
    _train_on(model, folder("sea"))
    report = evaluate_model(ALL.model_copy(update={"include_train": True}), "m.safetensors", str(folder("sea")))
    assert len(report.rows) == 5
    assert (report.protocol["include_train"], report.protocol["scored_trained_on"]) == (True, 5)


def test_the_table_says_which_images_were_trained_on(folder: Make, model: Predictor) -> None:
    _train_on(model, folder("trained", 2))
    report = evaluate_model(ALL.model_copy(update={"include_train": True}), "m.safetensors", str(folder("sea")))
    rows = read_images(Path("evaluations") / "m-1")
    assert [row["trained_on"] for row in rows] == ["yes", "yes", "no", "no", "no"]
    assert report.protocol["scored_trained_on"] == 2


def test_nothing_but_trained_images_is_refused(folder: Make, model: Predictor) -> None:
    _train_on(model, folder("sea"))
    with pytest.raises(DataError, match="trained on all 5 images") as caught:
        evaluate_model(ALL, "m.safetensors", str(folder("sea")))
    assert "--include-train" in caught.value.advice


def test_classes_in_another_order_score_the_same(folder: Make) -> None:
    swapped = EvaluateSettings(data=DataSettings(classes="0=sky,255=sea", split_by="random"))
    data = str(folder("swapped", values=(255, 0)))
    report = evaluate_model(swapped, "m.safetensors", data)
    assert report.scores["mean_iou"] > 0.97
    assert report.to_json()["per_class"][1]["name"] == "sky"


def test_data_with_a_split_of_their_own_are_scored_on_it(folder: Make) -> None:
    data = folder("sea")
    for kind in ("images", "masks"):
        parts = sorted((data / kind).iterdir())
        for number, path in enumerate(parts):
            split = data / ("val" if number < 2 else "train") / kind
            split.mkdir(parents=True, exist_ok=True)
            path.rename(split / path.name)
        (data / kind).rmdir()
    report = evaluate_model(EvaluateSettings(), "m.safetensors", str(data))
    assert (report.split, len(report.rows)) == ("val", 2)


@pytest.mark.parametrize("said", ["sky", "255"])
def test_a_class_of_a_run_is_ignored_by_name_or_value_and_the_protocol_says_it(said: str, run: RunFolder) -> None:
    report = evaluate_model(EvaluateSettings(data=DataSettings(ignore=said)), str(run.path))
    assert report.protocol["ignore"]["source"] == [int(said) if said.isdigit() else said]
    assert report.protocol["classes_scored"] == ["sea"]
    assert report.protocol["ignore"]["pixels"] + int(report.confusion.counts.sum()) == 2 * 24 * 32


def test_no_data_and_no_run_is_refused() -> None:
    with pytest.raises(ConfigError, match="DATA is missing"):
        evaluate_model(ALL, "m.safetensors")


def test_a_run_is_never_replaced_by_an_evaluation(run: RunFolder) -> None:
    run.write_scores({"best": None})
    with pytest.raises(OutputExists):
        evaluate_model(EvaluateSettings(out=str(run.path), overwrite=True), str(run.path))
    assert run.config.is_file()


def test_a_run_without_a_val_part_says_that_it_was_trained_on_what_is_scored(
    run: RunFolder, model: Predictor, capsys: pytest.CaptureFixture[str]
) -> None:
    model.contract = replace(model.contract, fingerprint=Fingerprint.of([row["sha256"] for row in _manifest_rows(run)]))
    console.switch_on()
    evaluate_model(EvaluateSettings(split="all"), str(run.path))
    console.switch_off()
    assert "5 of these images were trained on" in capsys.readouterr().err


def test_what_is_set_about_other_data_is_told_to_be_unused(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    console.switch_on()
    evaluate_model(EvaluateSettings(data=DataSettings(classes="0=sky,255=sea", size="64")), str(run.path))
    console.switch_off()
    assert "not used" in (said := " ".join(capsys.readouterr().err.split()))
    assert "data.size, data.classes" in said


def test_a_split_that_is_empty_is_refused(run: RunFolder) -> None:
    with pytest.raises(DataError, match="no pair in split 'test'"):
        evaluate_model(EvaluateSettings(split="test"), str(run.path))


def test_an_output_that_exists_is_refused_before_anything_is_computed(
    folder: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ALL.model_copy(update={"out": "out"})
    evaluate_model(settings, "m.safetensors", str(folder("sea")))
    monkeypatch.setattr(job, "score", None)
    with pytest.raises(OutputExists):
        evaluate_model(settings, "m.safetensors", str(folder("sea")))


def _train_on(model: Predictor, data: Path) -> None:
    hashes = [sha256_file(path) for path in (data / "images").iterdir()]
    model.contract = replace(model.contract, fingerprint=Fingerprint.of(hashes))


def _manifest_rows(run: RunFolder) -> list[dict[str, str]]:
    import csv

    return list(csv.DictReader(run.manifest.read_text().splitlines()))
