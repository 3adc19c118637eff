"""Scores are those of the pixels at native size, with how they came about beside them."""

import math

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, jaccard_score

from unetkit.data.arrays import Floats, Image, Mask
from unetkit.data.pair import Pair
from unetkit.errors import DataError, TrainingDiverged
from unetkit.evaluating.report import ScoreReport
from unetkit.evaluating.score import score
from unetkit.metrics import METRICS
from unetkit.modelfile import Fingerprint
from unetkit.predicting.predictor import Predictor

Scenes = dict[Pair, tuple[Image, Mask]]


@pytest.fixture
def report(predictor: Predictor, scenes: Scenes) -> ScoreReport:
    return score(predictor, list(scenes), scenes.__getitem__, split="val")


def test_the_counts_equal_scikit_learn_on_the_masks_that_predict_gives(
    report: ScoreReport, predictor: Predictor, scenes: Scenes
) -> None:
    truth = np.concatenate([mask.ravel() for _, mask in scenes.values()])
    predicted = np.concatenate([predictor.predict(image).mask.ravel() for image, _ in scenes.values()])
    np.testing.assert_array_equal(report.confusion.counts, confusion_matrix(truth, predicted))
    assert report.scores["mean_iou"] == pytest.approx(jaccard_score(truth, predicted, average="macro"))


def test_the_document_is_the_published_one(report: ScoreReport) -> None:
    document = report.to_json()
    assert (document["schema"], document["version"], document["images"]) == ("unetkit.scores", 1, 5)
    assert set(document["scores"]) == set(METRICS)
    assert [row["name"] for row in document["per_class"]] == ["sea", "sky"]
    assert set(document["per_class"][0]) == {"id", "name", "iou", "dice", "precision", "recall", "pixels"}
    assert np.array(document["confusion"]).sum() == sum(row["pixels"] for row in document["per_class"])


def test_the_protocol_says_split_size_ignore_and_classes(report: ScoreReport) -> None:
    protocol = report.protocol
    assert protocol["split"] == "val"
    assert protocol["size_rule"] == {"rule": "fit", "height": 24, "width": 32}
    assert protocol["classes_scored"] == ["sea", "sky"]
    assert protocol["ignore"]["pixels"] == 0


def test_rows_add_up_to_the_whole(report: ScoreReport) -> None:
    assert [row.image for row in report.rows] == [f"images/{number}.png" for number in range(5)]
    np.testing.assert_array_equal(sum(row.true_positives for row in report.rows), report.confusion.true_positives)
    np.testing.assert_array_equal(sum(row.false_negatives for row in report.rows), report.confusion.false_negatives)
    assert report.rows[1].group == "clip 1"


def test_both_baselines_are_scored_on_the_same_pixels(report: ScoreReport) -> None:
    # Train says: sea is most frequent, everywhere; both baselines are then a mask of sea.
    assert report.baseline["constant"] == pytest.approx(report.baseline["position"])
    sea = report.confusion.pixels[0] / report.confusion.pixels.sum()
    assert report.baseline["constant"]["pixel_accuracy"] == pytest.approx(sea)


def test_a_fingerprint_may_be_given_while_the_contract_has_none_yet(predictor: Predictor, scenes: Scenes) -> None:
    prior = np.zeros((24, 32), np.uint8)
    prior[:9] = 1
    fingerprint = Fingerprint.of([], [1, 9], prior)
    report = score(predictor, list(scenes)[:1], scenes.__getitem__, split="val", fingerprint=fingerprint)
    assert report.baseline["position"]["mean_iou"] == 1.0
    assert report.baseline["constant"]["mean_recall"] == 0.5


def test_what_is_not_known_about_the_training_is_no_baseline(predictor: Predictor, scenes: Scenes) -> None:
    report = score(predictor, list(scenes), scenes.__getitem__, split="val", fingerprint=Fingerprint.of(["ab"]))
    assert report.baseline == {}


def test_ignored_pixels_are_counted_apart(predictor: Predictor, scenes: Scenes) -> None:
    pair = next(iter(scenes))
    scenes[pair][1][:4] = 255
    report = score(predictor, [pair], scenes.__getitem__, split="val")
    assert report.protocol["ignore"]["pixels"] == 4 * 32
    assert report.confusion.counts.sum() == 20 * 32


def test_a_class_without_truth_is_listed_apart(predictor: Predictor, scenes: Scenes) -> None:
    pair = next(iter(scenes))
    scenes[pair][1][:] = 0
    document = score(predictor, [pair], scenes.__getitem__, split="val").to_json()
    assert document["absent_but_predicted"] == [{"id": 1, "name": "sky", "pixels": 9 * 32}]
    assert document["protocol"]["classes_absent"] == ["sky"]
    assert document["per_class"][1]["iou"] is None


def test_the_mask_decides_the_native_size_and_a_prepared_copy_of_the_image_will_do(
    predictor: Predictor, scenes: Scenes
) -> None:
    pair = next(pair for pair, (image, _) in scenes.items() if image.shape[0] == 48)
    image, mask = scenes[pair]
    small = predictor.contract.size.image(image, (0, 0, 0))
    report = score(predictor, [pair], lambda _: (small, mask), split="val")
    np.testing.assert_array_equal(
        report.confusion.counts, score(predictor, [pair], scenes.__getitem__, split="val").confusion.counts
    )


def test_all_pixels_ignored_is_no_score_and_no_failure(predictor: Predictor, scenes: Scenes) -> None:
    pair = next(iter(scenes))
    scenes[pair][1][:] = 255
    assert math.isnan(score(predictor, [pair], scenes.__getitem__, split="val").scores["mean_iou"])


def test_nan_scores_are_never_counted(predictor: Predictor, scenes: Scenes, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(batch: Floats) -> Floats:
        return np.full((len(batch), 2, *batch.shape[2:]), np.nan, np.float32)

    monkeypatch.setattr(predictor.backend, "scores", broken)
    with pytest.raises(TrainingDiverged, match="NaN"):
        score(predictor, list(scenes), scenes.__getitem__, split="val")


def test_a_pair_that_cannot_be_read_stops_the_scoring(predictor: Predictor, scenes: Scenes) -> None:
    def failing(pair: Pair) -> tuple[Image, Mask]:
        raise DataError("truncated", where=pair.image)

    with pytest.raises(DataError, match="truncated"):
        score(predictor, list(scenes), failing, split="val")
