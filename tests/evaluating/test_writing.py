"""`images.csv` is a plain table whose checksum stands in `scores.json`."""

import csv
from pathlib import Path

import pytest

from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.errors import FormatError
from unetkit.evaluating.score import score
from unetkit.evaluating.writing import read_images, write_scores
from unetkit.files import read_json
from unetkit.predicting.predictor import Predictor


@pytest.fixture
def written(predictor: Predictor, scenes: dict[Pair, tuple[Image, Mask]], tmp_path: Path) -> Path:
    hashes = {pair.image: "ab" * 32 for pair in scenes}
    write_scores(score(predictor, list(scenes), scenes.__getitem__, split="val", hashes=hashes), tmp_path)
    return tmp_path


def test_a_row_an_image_with_path_hash_group_and_counts(written: Path) -> None:
    with (written / "images.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "sha256", "group", "trained_on", "tp 0", "fp 0", "fn 0", "tp 1", "fp 1", "fn 1"]
    assert rows == read_images(written)
    assert (rows[0]["path"], rows[0]["group"], rows[0]["sha256"]) == ("images/0.png", "clip 0", "ab" * 32)


def test_the_scores_can_be_made_again_from_the_table(written: Path) -> None:
    rows = read_images(written)
    totals = [sum(int(row[f"{kind} 1"]) for row in rows) for kind in ("tp", "fp", "fn")]
    expected = read_json(written / "scores.json")["per_class"][1]["iou"]
    assert totals[0] / sum(totals) == pytest.approx(expected)


def test_a_changed_table_is_refused(written: Path) -> None:
    table = written / "images.csv"
    table.write_text(table.read_text().replace("clip 0", "clip 1", 1))
    with pytest.raises(FormatError, match="does not fit the checksum"):
        read_images(written)
