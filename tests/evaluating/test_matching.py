"""Classes of data and model meet by name, never by chance."""

import numpy as np
import pytest

from unetkit.data.classes import ClassTable
from unetkit.errors import DataError
from unetkit.evaluating.matching import match_classes

MODEL = ClassTable.from_text("0=sea,128=boat,255=sky")


def table(text: str) -> ClassTable:
    return ClassTable.from_text(text)


def test_the_same_names_stay_as_they_are() -> None:
    matching = match_classes(table("1=sea,2=boat,3=sky"), MODEL)
    mask = np.array([[0, 1, 2, 255]], np.uint8)
    assert matching.apply(mask) is mask
    assert matching.said == ""


def test_names_in_another_order_are_brought_to_the_models_ids() -> None:
    matching = match_classes(table("0=sky,1=sea,2=boat"), MODEL)
    assert matching.apply(np.array([[0, 1, 2, 255]], np.uint8)).tolist() == [[2, 0, 1, 255]]


def test_fewer_classes_keep_their_names() -> None:
    matching = match_classes(table("0=sky,255=sea"), MODEL)
    assert matching.apply(np.array([[0, 1, 255]], np.uint8)).tolist() == [[2, 0, 255]]


def test_nameless_classes_are_matched_by_their_values_in_the_masks() -> None:
    matching = match_classes(ClassTable.of_sources([0, 255]), MODEL)
    assert matching.apply(np.array([[0, 1]], np.uint8)).tolist() == [[0, 2]]
    assert "by their values in the masks: 0 = sea, 255 = sky" in matching.said


def test_names_that_were_only_counted_out_are_no_names() -> None:
    matching = match_classes(ClassTable.of_sources([128, 255]), ClassTable.of_sources([0, 128, 255]))
    assert matching.ids.tolist() == [1, 2]


def test_nameless_classes_with_other_values_are_never_matched_by_order() -> None:
    with pytest.raises(DataError, match="nothing tells which") as caught:
        match_classes(ClassTable.of_sources([3, 5, 9]), MODEL)
    assert "--classes '3=sea,5=boat,9=sky'" in caught.value.advice


@pytest.mark.parametrize("source", ["1", "#102030"])
def test_an_unknown_class_is_refused_with_the_flag_that_leaves_it_out(source: str) -> None:
    with pytest.raises(DataError, match="does not know a class of the data: land") as caught:
        match_classes(table(f"#000000=sea,{source}=land" if source[0] == "#" else "0=sea,1=land"), MODEL)
    assert f"{source}=ignore'" in caught.value.advice
    assert caught.value.advice.startswith("--classes '")


def test_a_class_that_is_ignored_is_no_class_any_more() -> None:
    matching = match_classes(table("0=sky,1=sea,2=boat"), MODEL).without({1, 2})
    assert matching.apply(np.array([[0, 1, 2, 255]], np.uint8)).tolist() == [[255, 0, 255, 255]]


def test_nameless_classes_that_fit_nowhere_are_refused() -> None:
    with pytest.raises(DataError, match="the data's 2 classes is which of the model's 3"):
        match_classes(ClassTable.of_sources([7, 9]), MODEL)


def test_ids_beyond_a_byte_widen_the_mask_and_keep_ignore() -> None:
    many = ClassTable.of_sources(range(300))
    matching = match_classes(ClassTable.of_sources([0, 299]), many)
    widened = matching.apply(np.array([[1, 255]], np.uint8))
    assert widened.tolist() == [[299, 65535]]
    ignored = match_classes(ClassTable.of_sources([0, 299]), many).without({0})
    assert ignored.apply(np.array([[0, 1, 255]], np.uint8)).tolist() == [[65535, 299, 65535]]
