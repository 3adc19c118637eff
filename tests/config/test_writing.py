"""Settings as YAML that people read and we read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from unetkit.config.jobs import JOBS, TrainSettings
from unetkit.config.layers import settings_of_text
from unetkit.config.writing import commented_defaults, scalar, to_yaml


@pytest.mark.parametrize("name", JOBS)
def test_the_commented_defaults_are_the_defaults(name: str) -> None:
    text = commented_defaults(JOBS[name], name).replace("minutes: null", "minutes: 10")
    read = settings_of_text(JOBS[name], text, "defaults.yaml").model_dump()
    expected = JOBS[name]().model_dump()
    if name == "train":
        expected["training"]["minutes"] = 10
    assert read == expected


@given(
    st.one_of(st.text(st.characters(codec="utf-8", exclude_categories=["C"])), st.integers(), st.booleans(), st.none())
)
def test_any_plain_value_survives_yaml(value: object) -> None:
    assert YAML(typ="safe", pure=True).load(f"a: {scalar(value)}\n") == {"a": value}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_survives_yaml(value: float) -> None:
    assert float(YAML(typ="safe", pure=True).load(f"a: {scalar(value)}\n")["a"]) == value


def test_each_line_can_carry_a_remark() -> None:
    text = to_yaml(TrainSettings(), lambda key: f"of {key.name}")
    line = next(line for line in text.splitlines() if line.startswith("  batch: "))
    assert line.endswith("# of training.batch")
