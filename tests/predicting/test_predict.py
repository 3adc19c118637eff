"""`predict` writes three pictures an image, counts what failed, and overwrites nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from predicting.brightness import scene, stand_in
from unetkit.config.jobs import PredictSettings
from unetkit.data.arrays import Floats
from unetkit.data.classes import ClassTable
from unetkit.errors import DiskFull, OutputExists
from unetkit.files import read_json
from unetkit.predicting import predict as job
from unetkit.predicting import writing
from unetkit.predicting.predict import predict
from unetkit.predicting.predictor import Predictor

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "json" / "predictions.json"

Save = Callable[..., Path]


@pytest.fixture(autouse=True)
def model(predictor: Predictor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Predictor:
    """MODEL is the brightness model."""
    stand_in(job, predictor, monkeypatch)
    monkeypatch.chdir(tmp_path)
    return predictor


@pytest.fixture
def photo(tmp_path: Path) -> Save:
    def save(name: str, height: int = 30, width: int = 40, horizon: int = 15) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), scene(height, width, horizon))
        return path

    return save


def test_three_pictures_an_image_with_its_relative_name(photo: Save, tmp_path: Path) -> None:
    photo("a/1.png")
    photo("b/1.png")
    report = predict(PredictSettings(out="out"), "m", [str(tmp_path / "in")])

    assert report.exit_code == 0
    written = {path.relative_to("out").as_posix() for path in Path("out").rglob("*.png")}
    assert written == {f"{kind}/{name}/1.png" for kind in ("masks", "colour", "overlays") for name in ("a", "b")}


def test_the_mask_is_a_palette_image_whose_index_is_the_class(photo: Save) -> None:
    report = predict(PredictSettings(out="out"), "m", [str(photo("1.png"))])
    with Pillow.open(report.outputs[0].mask or "") as picture:
        assert picture.mode == "P"
        assert picture.size == (40, 30)
        ids = np.asarray(picture)
    assert np.unique(ids).tolist() == [0, 1]
    assert ids[0, 0] == 1
    assert ids[-1, 0] == 0


def test_as_source_writes_the_values_of_the_data_set(photo: Save) -> None:
    report = predict(PredictSettings(out="out", as_source=True), "m", [str(photo("1.png"))])
    with Pillow.open(report.outputs[0].mask or "") as picture:
        assert np.unique(np.asarray(picture)).tolist() == [0, 255]


def test_the_document_is_the_published_one(photo: Save) -> None:
    report = predict(PredictSettings(out="out"), "m", [str(photo("1.png"))])
    document = report.to_json()
    output = document["outputs"][0]

    assert (document["schema"], document["version"]) == ("unetkit.predictions", 1)
    assert set(output) == {"input", "mask", "colour", "overlay", "class_shares", "confidence", "horizon", "error"}
    assert output["class_shares"]["sky"] == pytest.approx(0.5, abs=0.05)
    assert 0.5 < output["confidence"] <= 1
    assert json.loads(json.dumps(document)) == read_json(Path("out/predictions.json"))
    pytest.importorskip("jsonschema").validate(document, json.loads(REFERENCE.read_text()))


def test_bad_files_are_counted_and_stop_nothing(photo: Save, tmp_path: Path) -> None:
    photo("good.png")
    (tmp_path / "in" / "text.png").write_text("no image")
    (tmp_path / "in" / "empty.png").touch()
    cut = photo("cut.jpg")
    cut.write_bytes(cut.read_bytes()[:-200])
    report = predict(PredictSettings(out="out"), "m", [str(tmp_path / "in")])

    assert report.exit_code == 1
    assert len(report.failed) == 3
    assert len(list(Path("out/masks").iterdir())) == 1
    assert all(output.to_json()["error"]["what"] for output in report.failed)
    assert not any("--skip-bad" in output.to_json()["error"]["advice"] for output in report.failed)


def test_a_long_name_is_written_and_one_that_gets_too_long_stops_nothing(photo: Save, tmp_path: Path) -> None:
    for name in ("good.png", f"{'я' * 125}.png", f"{'n' * 251}.png", f"{'n' * 251}.jpg"):
        photo(name)
    report = predict(PredictSettings(out="out"), "m", [str(tmp_path / "in")])
    assert len(list(Path("out/masks").iterdir())) == 2
    assert [output.error and output.error.what for output in report.outputs if output.error] == [
        "this name is too long for the file system"
    ] * 2


def test_all_bad_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("no image")
    assert predict(PredictSettings(out="out"), "m", [str(tmp_path / "bad.png")]).exit_code == 2


def test_a_grey_image_is_bad_until_the_flag_converts_it(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((9, 9), 200, np.uint8))
    refused = predict(PredictSettings(out="a"), "m", [str(tmp_path / "grey.png")])
    assert refused.outputs[0].error is not None
    assert "--channels 3" in refused.outputs[0].error.advice
    assert predict(PredictSettings(out="b", channels="3"), "m", [str(tmp_path / "grey.png")]).exit_code == 0


def test_an_existing_folder_is_refused_and_untouched(photo: Save) -> None:
    path = str(photo("1.png"))
    predict(PredictSettings(out="out"), "m", [path])
    before = Path("out/masks/1.png").stat().st_mtime_ns
    with pytest.raises(OutputExists):
        predict(PredictSettings(out="out"), "m", [path])
    assert Path("out/masks/1.png").stat().st_mtime_ns == before


def test_overwrite_replaces_predictions_and_nothing_else(photo: Save, tmp_path: Path) -> None:
    path = str(photo("1.png"))
    predict(PredictSettings(out="out"), "m", [path])
    predict(PredictSettings(out="out", overwrite=True), "m", [str(photo("2.png"))])
    assert [entry.name for entry in Path("out/masks").iterdir()] == ["2.png"]
    with pytest.raises(OutputExists, match="not written by this command"):
        predict(PredictSettings(out=str(tmp_path / "in"), overwrite=True), "m", [path])
    assert Path(path).exists()


def test_a_folder_with_somebodys_own_masks_is_never_replaced(photo: Save) -> None:
    Path("mine/masks").mkdir(parents=True)
    with pytest.raises(OutputExists, match="not written by this command"):
        predict(PredictSettings(out="mine", overwrite=True), "m", [str(photo("1.png"))])
    assert Path("mine/masks").is_dir()


def test_outputs_are_numbered_by_the_name_of_the_input(photo: Save, tmp_path: Path) -> None:
    photo("1.png")
    for expected in ("predictions/in-1", "predictions/in-2"):
        assert predict(PredictSettings(), "m", [str(tmp_path / "in")]).folder == Path(expected)


def test_one_class_on_all_images_explains_itself(photo: Save, tmp_path: Path) -> None:
    photo("1.png", horizon=0)
    photo("2.png", horizon=0)
    report = predict(PredictSettings(out="out"), "m", [str(tmp_path / "in")])
    assert len(report.notes) == 1
    assert "every pixel of every image (2) came out as 'sea'" in report.notes[0]


def test_masks_that_will_look_black_are_announced(photo: Save, model: Predictor) -> None:
    model.contract = replace(model.contract, classes=ClassTable.from_text("1=sea,2=sky"))
    report = predict(PredictSettings(out="out", as_source=True), "m", [str(photo("1.png"))])
    assert "look black in a viewer" in report.notes[0]


def test_an_ordinary_prediction_has_no_notes(photo: Save) -> None:
    assert predict(PredictSettings(out="out"), "m", [str(photo("1.png"))]).notes == ()


def test_scores_that_are_nan_give_no_mask(photo: Save, model: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(batch: Floats) -> Floats:
        return np.full((len(batch), 2, *batch.shape[2:]), np.nan, np.float32)

    monkeypatch.setattr(model.backend, "scores", broken)
    report = predict(PredictSettings(out="out"), "m", [str(photo("1.png"))])
    assert report.exit_code == 2
    assert list(Path("out").rglob("*.png")) == []


def test_a_full_disk_stops_at_once(photo: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise DiskFull("no space left", where=str(path))

    monkeypatch.setattr(writing, "write_bytes", full)
    with pytest.raises(DiskFull):
        predict(PredictSettings(out="out"), "m", [str(photo("1.png"))])


def test_more_images_than_fit_in_a_batch_come_back_in_order(photo: Save, model: Predictor, tmp_path: Path) -> None:
    for number in range(model.batch + 3):
        photo(f"{number:03}.png", horizon=number % 30)
    report = predict(PredictSettings(out="out"), "m", [str(tmp_path / "in")])
    assert [Path(output.input).name for output in report.outputs] == [f"{n:03}.png" for n in range(model.batch + 3)]
    shares = [(output.class_shares or {})["sky"] for output in report.outputs]
    np.testing.assert_allclose(shares, [n % 30 / 30 for n in range(model.batch + 3)], atol=0.05)


def test_a_turned_photo_is_predicted_upright(tmp_path: Path) -> None:
    image = np.full((30, 40, 3), 30, np.uint8)
    image[:, :20] = 220
    exif = Pillow.Exif()
    exif[0x0112] = 6  # the first row of the file is the right side of the picture
    Pillow.fromarray(image).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    report = predict(PredictSettings(out="out"), "m", [str(tmp_path / "turned.jpg")])
    with Pillow.open(report.outputs[0].mask or "") as picture:
        ids = np.asarray(picture)
    assert ids.shape == (40, 30)
    assert ids[0, 15] == 1
    assert ids[-1, 15] == 0
