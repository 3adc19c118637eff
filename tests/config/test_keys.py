"""One row a setting, from which flags, YAML and pages are drawn."""

import pytest

from unetkit.config.jobs import JOBS, TrainSettings
from unetkit.config.keys import keys_of


def test_a_setting_has_a_flag_by_its_path_and_a_short_one() -> None:
    key = keys_of(TrainSettings)["training", "learning_rate"]
    assert key.flags == ("--lr", "--training.learning-rate")


def test_a_short_flag_that_is_the_path_is_named_once() -> None:
    assert keys_of(TrainSettings)[("out",)].flags == ("--out",)


def test_limits_are_told_in_words() -> None:
    keys = keys_of(TrainSettings)
    assert keys["network", "depth"].bounds == "at least 1, at most 7"
    assert keys["network", "norm"].choices == ("batch", "group", "none")


@pytest.mark.parametrize("name", JOBS)
def test_no_flag_means_two_settings(name: str) -> None:
    flags = [flag for key in keys_of(JOBS[name]).values() for flag in key.flags]
    assert len(flags) == len(set(flags))


@pytest.mark.parametrize("name", JOBS)
def test_every_setting_says_what_it_means(name: str) -> None:
    assert [key.name for key in keys_of(JOBS[name]).values() if not key.help] == []
