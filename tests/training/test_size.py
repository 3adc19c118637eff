"""The working size that a text says."""

import pytest

from unetkit.data.resize import Fit
from unetkit.errors import ConfigError
from unetkit.training.size import working_size


@pytest.mark.parametrize(
    ("text", "native", "expected"),
    [
        ("auto", [(360, 480)], Fit(192, 256)),
        ("auto", [(60, 80)], Fit(60, 80)),
        ("320", [(360, 480), (360, 480), (10, 10)], Fit(240, 320)),
        ("fit:128x256", [(480, 640)], Fit(128, 256)),
        ("64", [(1, 1000)], Fit(1, 64)),
    ],
)
def test_the_text_says_the_working_size(text: str, native: list[tuple[int, int]], expected: Fit):
    assert working_size(text, native) == expected


@pytest.mark.parametrize("text", ["big", "fit:1", "0", "-3", "fit:0x4", "99999"])
def test_any_other_text_is_refused_with_the_two_ways_to_say_it(text: str):
    with pytest.raises(ConfigError) as caught:
        working_size(text, [(10, 10)])
    assert "--size fit:192x256" in caught.value.advice
