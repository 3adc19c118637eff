"""The confusion matrix counts exactly what scikit-learn counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from unetkit.data.arrays import Mask
from unetkit.metrics.confusion import Confusion

SEA, SKY, IGNORE = 0, 1, 255


def random_masks(seed: int, classes: int, dtype: type[np.uint8] | type[np.uint16]) -> tuple[Mask, Mask]:
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, classes, (37, 53)).astype(dtype)
    truth[draw.random(truth.shape) < 0.1] = 255 if dtype is np.uint8 else 65535
    return truth, draw.integers(0, classes, truth.shape).astype(dtype)


@pytest.mark.parametrize(("classes", "dtype"), [(2, np.uint8), (19, np.uint8), (255, np.uint8), (300, np.uint16)])
def test_counts_equal_scikit_learn(classes: int, dtype: type[np.uint8] | type[np.uint16]) -> None:
    truth, predicted = random_masks(classes, classes, dtype)
    confusion = Confusion(classes)
    confusion.update(truth, predicted)

    scored = truth != np.iinfo(dtype).max
    expected = confusion_matrix(truth[scored], predicted[scored], labels=range(classes))
    np.testing.assert_array_equal(confusion.counts, expected)


@given(seed=st.integers(0, 1000), classes=st.integers(1, 40))
def test_bytes_and_16_bit_masks_are_counted_alike(seed: int, classes: int) -> None:
    truth, predicted = random_masks(seed, classes, np.uint8)
    narrow, wide = Confusion(classes), Confusion(classes)
    narrow.update(truth, predicted)
    wide.update(truth.astype(np.uint16), predicted.astype(np.uint16), ignore=255)
    np.testing.assert_array_equal(narrow.counts, wide.counts)


def test_ignored_pixels_are_not_counted() -> None:
    confusion = Confusion(2)
    confusion.update(np.array([[SEA, IGNORE, SKY]], np.uint8), np.array([[SEA, SKY, SEA]], np.uint8))
    assert confusion.counts.tolist() == [[1, 0], [1, 0]]


def test_ignore_may_be_a_class_id() -> None:
    confusion = Confusion(3)
    confusion.update(np.array([[0, 1, 2]], np.uint8), np.array([[2, 2, 2]], np.uint8), ignore=2)
    assert confusion.counts.tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 0]]


def test_counts_add_up_over_updates_and_sums() -> None:
    parts = [random_masks(seed, 5, np.uint8) for seed in range(3)]
    whole, total = Confusion(5), Confusion(5)
    for truth, predicted in parts:
        whole.update(truth, predicted)
        part = Confusion(5)
        part.update(truth, predicted)
        total += part
    np.testing.assert_array_equal(whole.counts, total.counts)


def test_counts_are_exact_beyond_what_float32_holds() -> None:
    confusion = Confusion(1, np.array([[2**40]], np.int64))
    confusion.update(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.uint8))
    assert confusion.counts.item() == 2**40 + 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("truth", "predicted"), [(2, 0), (0, 2), (254, 0)])
def test_an_id_that_is_no_class_is_refused(truth: int, predicted: int, dtype: type[np.uint8]) -> None:
    with pytest.raises(ValueError, match="none of the 2 classes"):
        Confusion(2).update(np.full((2, 2), truth, dtype), np.full((2, 2), predicted, dtype))


def test_masks_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="prediction"):
        Confusion(2).update(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))


def test_an_empty_mask_counts_nothing() -> None:
    confusion = Confusion(2)
    confusion.update(np.zeros((0, 4), np.uint8), np.zeros((0, 4), np.uint8))
    assert not confusion.counts.any()
