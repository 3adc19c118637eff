"""A wrong key or value is named with its place, the nearest right one, and the choices."""

import pytest

from unetkit.config.jobs import TrainSettings
from unetkit.config.layers import layer_of_tree, resolve
from unetkit.config.reading import read_settings
from unetkit.errors import ConfigError


def _complaint(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        resolve(TrainSettings, [layer_of_tree(TrainSettings, read_settings(text, "mine.yaml"), "mine.yaml")])
    return caught.value


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("training: {learning_rat: 1}", "training.learning_rate"),
        ("training: {lr: 1}", "training.learning_rate"),
        ("epochs: 3", "training.epochs"),
        ("trainng: {epochs: 3}", "training"),
        ("network: {epochs: 3}", "training.epochs"),
        ("recip: horizon", "recipe"),
    ],
)
def test_an_unknown_key_names_the_one_that_was_meant(text: str, nearest: str) -> None:
    assert f"did you mean '{nearest}'?" in _complaint(text).advice


def test_an_unknown_key_lists_the_keys_of_its_section() -> None:
    assert "choices in loss: name, weights" in _complaint("loss: {nam: dice}").advice


def test_a_wrong_choice_names_the_nearest_and_lists_all() -> None:
    complaint = _complaint("training:\n  optimiser: admaw\n")
    assert complaint.what == "training.optimiser cannot be 'admaw': it is none of the choices"
    assert complaint.where == "mine.yaml:2"
    assert complaint.advice == "did you mean 'adamw'? choices: adam, adamw, sgd, rmsprop"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("training: {batch: 0}", "training.batch cannot be 0: it must be a whole number, at least 1"),
        ("training: {batch: many}", "training.batch cannot be 'many': it must be a whole number, at least 1"),
        ("training: {ema: 1}", "training.ema cannot be 1: it must be a number, at least 0, below 1"),
        (
            f"training: {{seed: {2**63}}}",
            f"training.seed cannot be {2**63}: it must be a whole number, at least 0, below 9.22337e+18",
        ),
        ("data: {skip_bad: perhaps}", "data.skip_bad cannot be 'perhaps': it must be yes or no"),
    ],
)
def test_a_wrong_value_says_what_it_must_be(text: str, what: str) -> None:
    assert _complaint(text).what == what


def test_several_wrong_values_are_told_together() -> None:
    complaint = _complaint("training:\n  batch: 0\n  seed: x\n")
    assert complaint.what == "2 settings are wrong"
    assert [line.partition(": ")[0] for line in complaint.where.splitlines()] == ["mine.yaml:2", "mine.yaml:3"]
