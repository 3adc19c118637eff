"""Class weights, against their formulas; what they have in common, for any counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetkit.errors import ConfigError, DataError
from unetkit.losses import class_weights, suggest_weights
from unetkit.losses.weights import imbalance

METHODS = ["inverse", "median", "enet", "effective", "effective:0.999"]
COUNTS = np.array([800, 150, 50], dtype=np.int64)


def scaled(weights: list[float]) -> list[float]:
    return [weight / (sum(weights) / len(weights)) for weight in weights]


def test_inverse_frequency() -> None:
    assert class_weights(COUNTS, "inverse") == pytest.approx(scaled([1 / 0.8, 1 / 0.15, 1 / 0.05]))


def test_median_frequency_counts_only_the_images_that_show_the_class() -> None:
    where_present = np.array([1000, 1000, 100], dtype=np.int64)

    assert class_weights(COUNTS, "median", where_present=where_present) == pytest.approx(
        scaled([0.5 / 0.8, 0.5 / 0.15, 0.5 / 0.5])
    )


def test_the_formula_of_enet() -> None:
    assert class_weights(COUNTS, "enet") == pytest.approx(scaled([1 / math.log(1.02 + p) for p in (0.8, 0.15, 0.05)]))


def test_the_effective_number_with_a_given_beta() -> None:
    expected = scaled([(1 - 0.99) / (1 - 0.99**count) for count in (800, 150, 50)])

    assert class_weights(COUNTS, "effective:0.99") == pytest.approx(expected)


def test_the_effective_number_takes_its_beta_from_the_mean_count() -> None:
    assert class_weights(COUNTS, "effective") == pytest.approx(class_weights(COUNTS, f"effective:{1 - 3 / 1000}"))


def test_a_class_without_a_pixel_weighs_nothing_and_changes_nothing() -> None:
    assert list(class_weights(np.array([5, 0, 5], dtype=np.int64), "inverse")) == [1, 0, 1]


def test_given_numbers_are_taken_as_they_are() -> None:
    assert list(class_weights(COUNTS, "1,2.5, 0.3")) == [1, 2.5, 0.3]


def test_none_is_one_for_all() -> None:
    assert list(class_weights(COUNTS, "none")) == [1, 1, 1]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any), st.sampled_from(METHODS))
def test_weights_have_the_mean_one_over_the_classes_that_occur(numbers: list[int], method: str) -> None:
    counts = np.array(numbers, dtype=np.int64)
    weights = class_weights(counts, method)

    assert weights[counts > 0].mean() == pytest.approx(1)
    assert not weights[counts == 0].any()


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=10), st.sampled_from(METHODS))
def test_a_rarer_class_never_weighs_less(numbers: list[int], method: str) -> None:
    weights = class_weights(np.sort(np.array(numbers, dtype=np.int64))[::-1].copy(), method)

    assert np.all(np.diff(weights) >= -1e-9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("enett", "did you mean 'enet'"),
        ("1,2", "2 class weights for 3 classes"),
        ("1,a,2", "no list of numbers"),
        ("effective:2", "between 0 and 1"),
        ("effective:x", "between 0 and 1"),
    ],
)
def test_what_is_no_method_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        class_weights(COUNTS, text)


def test_without_a_pixel_there_is_nothing_to_weigh() -> None:
    with pytest.raises(DataError, match="no pixel"):
        class_weights(np.zeros(3, dtype=np.int64), "inverse")


@pytest.mark.parametrize(
    ("numbers", "ratio"),
    [([500, 500], 1), ([990, 10], 99), ([800, 150, 50], 3), ([1000, 900, 0, 10], 90), ([7, 0], 1)],
)
def test_imbalance_is_the_typical_class_over_the_rarest(numbers: list[int], ratio: float) -> None:
    assert imbalance(np.array(numbers, dtype=np.int64)) == pytest.approx(ratio)


def test_weights_are_suggested_when_the_imbalance_is_strong() -> None:
    assert suggest_weights(np.array([990, 10], dtype=np.int64)) == "enet"
    assert suggest_weights(np.array([900, 100], dtype=np.int64)) is None


@pytest.mark.parametrize("text", ["-1,2,3", "1,nan,2", "1,inf,1", "0,0,0"])
def test_a_given_weight_is_finite_and_not_negative(text: str) -> None:
    with pytest.raises(ConfigError, match="a finite number, 0 or more"):
        class_weights(COUNTS, text)
