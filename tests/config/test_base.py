"""Settings take values as they stand in a file, a variable or a flag."""

import pytest
from pydantic import ValidationError

from unetkit.config.jobs import JOBS, TrainSettings
from unetkit.config.sections import DataSettings, NetworkSettings, TrainingSettings


def test_a_number_a_list_and_a_mapping_become_the_text_they_stand_for() -> None:
    data = DataSettings.model_validate(
        {"val": 0.2, "test": ["b4", "d3"], "classes": {0: "sea", 255: "sky"}, "channels": 1}
    )
    assert (data.val, data.test, data.classes, data.channels) == ("0.2", "b4,d3", "0=sea,255=sky", "1")


def test_a_text_becomes_the_number_that_is_among_the_choices() -> None:
    assert NetworkSettings.model_validate({"stem_stride": "4"}).stem_stride == 4


@pytest.mark.parametrize("word", ["", "none", "null", "None"])
def test_a_word_unsets_a_number_that_may_be_unset(word: str) -> None:
    assert TrainingSettings.model_validate({"epochs": word}).epochs is None


def test_none_stays_a_word_where_a_text_is_expected() -> None:
    assert DataSettings.model_validate({"ignore": "none"}).ignore == "none"
    assert DataSettings.model_validate({"ignore": ""}).ignore is None


def test_true_is_no_number() -> None:
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate({"batch": True})


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        TrainSettings().training.batch = 3  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_not_finite_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate({"learning_rate": value})


@pytest.mark.parametrize("name", JOBS)
def test_every_default_is_a_right_value(name: str) -> None:
    settings = JOBS[name]()
    assert JOBS[name].model_validate(settings.model_dump()) == settings
