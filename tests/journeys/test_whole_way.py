"""From a folder of images and masks to a model in use, one command each."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import unetkit as library
from journeys.travel import TINY, Unetkit, document


@pytest.fixture(scope="module")
def run(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from unetkit.config.jobs import TrainSettings

    folder = tmp_path_factory.mktemp("journey") / "run"
    values = {
        "out": str(folder),
        "data": {"size": "48", "classes": "0=sea,255=sky", "test": "0.25", "val": "0.25"},
        "network": {"preset": "nano", "depth": 2, "stem_stride": 2, "width": 16},
        "augmentation": {"strength": 0},
        "training": {"steps": 60, "batch": 8, "threads": 1, "device": "cpu"},
    }
    library.train(TrainSettings.model_validate(values), str(scenes))
    return folder


def test_check_knows_what_is_there(unetkit: Unetkit, scenes: Path):
    found = document(unetkit("check", scenes, "--json"))
    assert found["pairs"] == 40
    assert found["groups"]["count"] == 4
    assert [entry["source"] for entry in found["classes"]] == [0, 255]


def test_a_short_training_learns_something_and_stands_beside_both_baselines(run: Path, unetkit: Unetkit):
    scores = document(unetkit("evaluate", run, "--json"))
    assert scores["split"] == "test"
    assert scores["scores"]["mean_iou"] > scores["baseline"]["constant"]["mean_iou"] + 0.1
    assert 0 < scores["baseline"]["position"]["mean_iou"] < 1


def test_predict_writes_ids_colours_and_overlays_at_native_size(
    run: Path, unetkit: Unetkit, scenes: Path, tmp_path: Path
):
    done = document(unetkit("predict", run, scenes / "images", "--out", tmp_path / "out", "--json"))
    assert len(done["outputs"]) == 40
    with Pillow.open(done["outputs"][0]["mask"]) as mask:
        assert mask.mode == "P"
        assert mask.size == (64, 48)
        assert set(np.unique(np.asarray(mask))) <= {0, 1}
    assert Path(done["outputs"][0]["overlay"]).is_file()
    assert Path(done["outputs"][0]["colour"]).is_file()


def test_the_library_gives_the_mask_that_the_command_writes(run: Path, unetkit: Unetkit, scenes: Path, tmp_path: Path):
    image = sorted((scenes / "images").iterdir())[0]
    done = document(unetkit("predict", run, image, "--out", tmp_path / "out", "--json"))
    with Pillow.open(image) as picture:
        predicted = library.load(run).predict(np.asarray(picture)).mask
    with Pillow.open(done["outputs"][0]["mask"]) as mask:
        assert np.array_equal(np.asarray(mask), predicted)


def test_the_report_can_be_made_again(run: Path, unetkit: Unetkit):
    (run / "report.html").unlink()
    assert unetkit("report", run).returncode == 0
    page = (run / "report.html").read_text()
    assert "data:image/png" in page
    assert "sea" in page


def test_a_run_folder_holds_what_the_design_says(run: Path):
    expected = "config.yaml data.yaml environment.json history.jsonl manifest.csv plan.json report.html scores.json"
    assert {*expected.split(), "model.safetensors"} <= {path.name for path in run.iterdir()}
    assert {"curves.png", "sheet.png", "examples.json"} <= {path.name for path in (run / "figures").iterdir()}


def test_a_preview_shows_augmented_pairs_and_trains_nothing(unetkit: Unetkit, scenes: Path, tmp_path: Path):
    done = unetkit("train", scenes, *TINY, "--preview", tmp_path / "sheet.png", "--steps", "1")
    assert done.returncode == 0, done.stderr
    with Pillow.open(tmp_path / "sheet.png") as sheet:
        assert min(sheet.size) > 400
    assert not (tmp_path / "runs").exists()


def test_nothing_is_overwritten(run: Path, unetkit: Unetkit, scenes: Path):
    before = (run / "model.safetensors").read_bytes()
    done = unetkit("train", scenes, *TINY, "--steps", "1", "--out", run)
    assert done.returncode == 2
    assert "--overwrite" in done.stderr
    assert (run / "model.safetensors").read_bytes() == before


def test_training_can_start_from_a_model(run: Path, unetkit: Unetkit, scenes: Path, tmp_path: Path):
    same = ("--network.stem-stride", "2", "--network.width", "16")
    done = unetkit("train", scenes, *TINY, *same, "--from", run, "--steps", "2", "--out", tmp_path / "tuned")
    assert done.returncode == 0, done.stderr
    assert "kept" in done.stderr
