"""Why all is one class is read off the numbers."""

from dataclasses import replace

import numpy as np
import pytest

from unetkit.modelfile import Contract
from unetkit.predicting.evidence import Seen, explain_one_class

USUAL = Seen(frozenset({0}), mean=0.1, spread=0.9, lead=4.0, second=1, variation=0.8)


def test_several_classes_need_no_explanation(contract: Contract) -> None:
    assert explain_one_class([USUAL, replace(USUAL, classes=frozenset({1}))], contract) is None


@pytest.mark.parametrize(("mean", "spread"), [(-9.0, 0.9), (0.0, 0.001), (0.0, 20.0)])
def test_images_outside_the_range_of_the_training_are_named(mean: float, spread: float, contract: Contract) -> None:
    said = explain_one_class([replace(USUAL, mean=mean, spread=spread)], contract)
    assert said is not None
    assert "'sea'" in said
    assert "unlike those of the training" in said


def test_scores_that_ignore_the_image_are_a_collapse(contract: Contract) -> None:
    said = explain_one_class([replace(USUAL, variation=1e-6)], contract)
    assert said is not None
    assert "collapsed in training" in said


def test_a_model_that_never_found_another_class_says_so(contract: Contract) -> None:
    scores = {"per_class": [{"recall": 1.0}, {"recall": 0.0}]}
    said = explain_one_class([USUAL], replace(contract, scores=scores))
    assert said is not None
    assert "did the same on the images it was validated with" in said


def test_a_close_call_names_the_second(contract: Contract) -> None:
    said = explain_one_class([replace(USUAL, lead=0.1)], contract)
    assert said is not None
    assert "'sky' follows by only 0.10" in said


def test_otherwise_the_images_may_simply_show_one_class(contract: Contract) -> None:
    said = explain_one_class([USUAL], contract)
    assert said is not None
    assert "Either they show one class only" in said


def test_what_is_seen_of_an_image() -> None:
    scores = np.zeros((3, 20, 20), np.float32)
    scores[1], scores[2] = 2.0, 1.0
    seen = Seen.of(np.full((20, 20, 1), 0.5, np.float32), scores, frozenset({1}))
    assert (seen.mean, seen.spread, seen.second) == (0.5, 0.0, 2)
    assert seen.lead == pytest.approx(1.0)
    assert seen.variation == pytest.approx(0.0)
