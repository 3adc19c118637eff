"""The later layer wins, and every value says where it came from."""

import pytest

from unetkit.config.jobs import CheckSettings, TrainSettings
from unetkit.config.layers import (
    NO_BUDGET,
    Layer,
    Resolved,
    layer_of_environment,
    layer_of_tree,
    layer_of_values,
    resolve,
    settings_of_text,
)
from unetkit.config.reading import read_settings
from unetkit.config.writing import to_yaml
from unetkit.errors import ConfigError


def _file(text: str, name: str = "mine.yaml") -> Layer:
    return layer_of_tree(TrainSettings, read_settings(text, name), name)


def _flags(**values: object) -> Layer:
    return layer_of_values(TrainSettings, {name.replace("__", "."): value for name, value in values.items()}, "flag")


def _resolve(*layers: Layer) -> Resolved[TrainSettings]:
    return resolve(TrainSettings, layers)


def test_the_higher_layer_wins_value_by_value() -> None:
    found = _resolve(_file("training:\n  batch: 4\n  seed: 1\n"), _flags(training__batch=8))
    assert (found.settings.training.batch, found.settings.training.seed) == (8, 1)


def test_each_value_says_where_it_came_from() -> None:
    found = _resolve(_file("training:\n  batch: 4\n"), _flags(training__seed=8))
    assert found.origin(("training", "batch")) == "mine.yaml:2"
    assert found.origin(("training", "seed")) == "flag"
    assert found.origin(("training", "ema")) == "default"


def test_a_budget_puts_aside_the_budgets_below() -> None:
    found = _resolve(_file("training: {epochs: 100}"), _flags(training__minutes=2))
    assert (found.settings.training.epochs, found.settings.training.minutes) == (None, 2)


def test_two_budgets_in_one_layer_are_refused_with_both_places() -> None:
    with pytest.raises(ConfigError, match="one budget") as caught:
        _resolve(_file("training:\n  epochs: 3\n  minutes: 4\n"))
    assert caught.value.where == "mine.yaml:3; mine.yaml:2"


def test_without_a_budget_ten_minutes_are_assumed_and_it_is_known() -> None:
    found = _resolve()
    assert found.settings.training.minutes == 10
    assert found.assumed_budget
    assert found.origin(("training", "minutes")) == NO_BUDGET
    assert not _resolve(_flags(training__steps=3)).assumed_budget


def test_a_preset_lies_under_all_layers() -> None:
    presets = {"small": {"width": 24}, "tiny": {"width": 4, "depth": 2}}
    found = resolve(TrainSettings, [_flags(network__preset="tiny", network__depth=3)], presets)
    assert (found.settings.network.width, found.settings.network.depth) == (4, 3)
    assert found.origin(("network", "width")) == "preset tiny"


def test_a_preset_puts_aside_the_network_of_the_layers_below() -> None:
    found = _resolve(_file("network: {preset: base, width: 99}"), _flags(network__preset="nano"))
    assert ("network", "width") not in found.origins


def test_an_unknown_preset_names_the_nearest_and_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(TrainSettings, [_file("network:\n  preset: smal\n")], {"small": {}, "nano": {}})
    assert "'small'" in caught.value.advice
    assert caught.value.where == "mine.yaml:2"


def test_an_empty_section_says_nothing() -> None:
    assert _resolve(_file("training:\n")).settings.training.batch == 16


def test_a_section_is_no_value() -> None:
    with pytest.raises(ConfigError, match="section") as caught:
        _file("training: 3")
    assert caught.value.where == "mine.yaml:1"


# --- environment ------------------------------------------------------------------------------------------------------


def test_a_variable_names_section_and_key() -> None:
    layer = layer_of_environment(TrainSettings, {"UNETKIT_TRAINING__LEARNING_RATE": "1e-4", "HOME": "/"})
    assert _resolve(layer).settings.training.learning_rate == 1e-4
    assert _resolve(layer).origin(("training", "learning_rate")) == "environment UNETKIT_TRAINING__LEARNING_RATE"


def test_a_variable_without_two_underscores_is_no_setting() -> None:
    assert layer_of_environment(TrainSettings, {"UNETKIT_DATA": "/data", "UNETKIT_TRAINING": "x"}) == {}


def test_a_variable_of_another_job_is_left_alone() -> None:
    assert layer_of_environment(CheckSettings, {"UNETKIT_TRAINING__SEED": "1"}) == {}


def test_an_unknown_variable_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        layer_of_environment(TrainSettings, {"UNETKIT_TRAINING__LERNING_RATE": "1"})
    assert "'training.learning_rate'" in caught.value.advice
    assert caught.value.where == "environment UNETKIT_TRAINING__LERNING_RATE"


# --- whole configurations ---------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back_the_same() -> None:
    settings = _resolve(
        _file("data: {val: [b4, d3], classes: {0: sea, 255: 'sky: blue'}}\ntraining: {epochs: 3}")
    ).settings
    assert settings_of_text(TrainSettings, to_yaml(settings), "config.yaml") == settings
