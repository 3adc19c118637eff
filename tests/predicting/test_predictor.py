"""One way from an image to a mask, whatever the image's size, and no silent conversion."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predicting.brightness import scene
from unetkit.data.arrays import Floats
from unetkit.data.classes import ClassTable
from unetkit.data.normalise import Normalisation
from unetkit.data.resize import Fit
from unetkit.errors import DataError, FormatError
from unetkit.modelfile import Contract
from unetkit.predicting.predictor import Predictor

SEA, SKY = 0, 1


def test_a_horizon_is_found_to_the_pixel_at_working_size(predictor: Predictor) -> None:
    mask = predictor.predict(scene(24, 32, 9)).mask
    assert (mask[:9] == SKY).all()
    assert (mask[9:] == SEA).all()


@pytest.mark.parametrize("shape", [(96, 128), (24, 32), (480, 640), (50, 200), (200, 50), (7, 5)])
def test_the_mask_has_the_size_of_the_image_and_the_horizon_its_place(
    shape: tuple[int, int], predictor: Predictor
) -> None:
    height, width = shape
    mask = predictor.predict(scene(height, width, height // 2)).mask
    assert mask.shape == shape
    assert mask.dtype == np.uint8
    tolerance = -(-height // 24) + 1
    assert (mask[: height // 2 - tolerance] == SKY).all()
    assert (mask[height // 2 + tolerance :] == SEA).all()


def test_one_pixel_is_an_image(predictor: Predictor) -> None:
    assert predictor.predict(np.full((1, 1, 3), 255, np.uint8)).mask.tolist() == [[SKY]]


def test_a_batch_of_mixed_sizes_equals_the_images_one_by_one(predictor: Predictor) -> None:
    images = [scene(40, 30, 11), scene(24, 32, 5), scene(9, 90, 4)]
    together = predictor.predict_batch(images)
    for image, prediction in zip(images, together, strict=True):
        alone = predictor.predict(image)
        np.testing.assert_array_equal(prediction.mask, alone.mask)
        np.testing.assert_array_equal(prediction.confidence, alone.confidence)


def test_no_images_are_no_predictions(predictor: Predictor) -> None:
    assert predictor.predict_batch([]) == []


@given(height=st.integers(1, 60), width=st.integers(1, 60), seed=st.integers(0, 100))
@settings(max_examples=30)
def test_shares_add_up_and_confidence_is_a_probability(height: int, width: int, seed: int) -> None:
    contract = Contract(
        network="",
        settings={},
        classes=ClassTable.from_text("0=a,1=b,2=c"),
        channels=1,
        depth=8,
        normalisation=Normalisation("unit", (0.0,), (255.0,)),
        size=Fit(8, 12),
        outputs=3,
    )
    prediction = Predictor(contract, RandomScores(seed)).predict(np.zeros((height, width, 1), np.uint8))
    assert prediction.class_shares.sum() == pytest.approx(1)
    assert prediction.confidence.shape == (height, width)
    assert prediction.confidence.min() >= 1 / 3 - 1e-6
    assert prediction.confidence.max() <= 1


class RandomScores:
    """Scores of three classes that do not depend on the image."""

    name = "random"

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def scores(self, batch: Floats) -> Floats:
        shape = (len(batch), 3, *batch.shape[2:])
        return np.random.default_rng(self.seed).normal(0, 5, shape).astype(np.float32)


def test_confidence_is_the_largest_softmax_of_the_scores_over_temperature(contract: Contract) -> None:
    predictor = Predictor(replace(contract, temperature=2.0), RandomScores(1))
    predictor.contract = replace(predictor.contract, classes=ClassTable.from_text("0=a,1=b,2=c"))
    prediction = predictor.predict(scene(24, 32, 3))

    exponentials = np.exp(prediction.scores.astype(np.float64) / 2)
    expected = (exponentials / exponentials.sum(axis=0)).max(axis=0)
    np.testing.assert_allclose(prediction.confidence, expected, rtol=1e-5)


def test_padding_never_shows_in_scores(predictor: Predictor) -> None:
    assert predictor.predict(scene(10, 100, 5)).scores.shape == (2, 3, 32)


def test_a_grey_image_for_a_colour_model_is_refused_with_the_flag(predictor: Predictor) -> None:
    with pytest.raises(DataError, match=r"1 channel \(grey\), the model takes 3 channels") as caught:
        predictor.prepare(scene(4, 4, 2, channels=1), "a.png")
    assert "--channels 3" in caught.value.advice
    assert caught.value.where == "a.png"


def test_a_colour_image_for_a_grey_model_is_refused_with_the_flag(grey_predictor: Predictor) -> None:
    image = scene(4, 4, 2)
    image[..., 0] = 7
    with pytest.raises(DataError) as caught:
        grey_predictor.predict(image)
    assert "--channels 1" in caught.value.advice


def test_three_equal_channels_are_grey(grey_predictor: Predictor) -> None:
    np.testing.assert_array_equal(
        grey_predictor.predict(scene(24, 32, 9)).mask, grey_predictor.predict(scene(24, 32, 9, channels=1)).mask
    )


@pytest.mark.parametrize(("flag", "given"), [("3", 1), ("3", 3)])
def test_the_flag_converts(flag: str, given: int, predictor: Predictor) -> None:
    converting = Predictor(predictor.contract, predictor.backend, channels=flag)
    assert converting.predict(scene(24, 32, 9, channels=given)).mask[0, 0] == SKY


def test_five_channels_are_refused_without_a_flag_that_would_not_help(predictor: Predictor) -> None:
    with pytest.raises(DataError, match="5 channels") as caught:
        predictor.predict(scene(4, 4, 2, channels=5))
    assert "--channels" not in caught.value.advice


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.int8])
def test_another_depth_is_refused(dtype: type[np.generic], predictor: Predictor) -> None:
    with pytest.raises(DataError, match="8-bit"):
        predictor.predict(np.zeros((4, 4, 3), dtype))  # pyright: ignore[reportArgumentType]


def test_a_backend_with_other_classes_than_the_contract_is_refused(contract: Contract) -> None:
    with pytest.raises(FormatError, match="3 scores a pixel, and the contract names 2"):
        Predictor(contract, RandomScores(0)).predict(scene(4, 4, 2))


def test_many_classes_give_16_bit_masks(contract: Contract) -> None:
    many = ClassTable.of_sources(range(300))

    class Last:
        name = "last"

        def scores(self, batch: Floats) -> Floats:
            scores = np.zeros((len(batch), 300, *batch.shape[2:]), np.float32)
            scores[:, 299] = 1
            return scores

    mask = Predictor(replace(contract, classes=many), Last()).predict(scene(24, 32, 3)).mask
    assert mask.dtype == np.uint16
    assert (mask == 299).all()


@pytest.mark.parametrize("image", ["photo.jpg", np.zeros((0, 5, 3), np.uint8), np.zeros((2, 2, 2, 3), np.uint8), None])
def test_what_is_no_array_of_pixels_is_refused(image: Any, predictor: Predictor) -> None:
    with pytest.raises(DataError, match="an image is an array of H×W×C pixels"):
        predictor.predict(image)
