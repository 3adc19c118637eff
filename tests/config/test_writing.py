"""Settings as YAML that people read and we read back."""

import pytest
from hypothesis import example, given
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


@given(st.text(st.characters()) | st.integers() | st.booleans() | st.none())
@example(".2")
@example(".inf")
@example("\x7f\x85\u2028\udc80\ufeff\U0010ffff")
def test_any_plain_value_survives_yaml(value: object) -> None:
    assert YAML(typ="safe", pure=True).load(f"a: {scalar(value)}\n") == {"a": value}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_survives_yaml(value: float) -> None:
    assert float(YAML(typ="safe", pure=True).load(f"a: {scalar(value)}\n")["a"]) == value


def test_each_line_can_carry_a_remark() -> None:
    text = to_yaml(TrainSettings(), lambda key: f"of {key.name}")
    line = next(line for line in text.splitlines() if line.startswith("  batch: "))
    assert line.endswith("# of training.batch")
