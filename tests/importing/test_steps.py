"""Two networks, held against each other step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from importing.one_level import one_level
from unetkit.errors import FormatError
from unetkit.importing.steps import Step, refuse_other_steps

OURS = one_level("encoder.0", "encoder.0.activation", "", "decoder.0.growing", "", "head")
THEIRS = one_level(*(f"theirs_{number}" for number in range(1, 7)))


def otherwise(number: int, **changes: object) -> tuple[Step, ...]:
    """Their steps, one of them changed."""
    changed = replace(THEIRS[number - 1], **changes)  # pyright: ignore[reportArgumentType]
    return (*THEIRS[: number - 1], changed, *THEIRS[number:])


def test_names_and_what_stands_first_in_a_join_may_differ() -> None:
    refuse_other_steps(OURS, THEIRS)
    refuse_other_steps(OURS, otherwise(5, inputs=(4, 2)))


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (otherwise(2, word="elu"), "step 2: elu theirs_2 in the file, relu encoder.0.activation in the network"),
        (THEIRS[:5], "step 6: nothing in the file, convolution head in the network"),
        ((*THEIRS, Step("relu", "more", (6,))), "step 7: relu more in the file, nothing in the network"),
    ],
)
def test_a_step_that_computes_something_else_is_named_on_both_sides(theirs: tuple[Step, ...], said: str) -> None:
    with pytest.raises(FormatError, match="computes something else") as caught:
        refuse_other_steps(OURS, theirs)
    assert caught.value.where == said


@pytest.mark.parametrize(
    ("number", "inputs", "said"),
    [
        (
            *(5, (1, 4)),
            "step 5: in the file join theirs_5 takes step 1 (convolution theirs_1) and step 4 (transposed theirs_4), "
            "in the network join takes step 2 (relu encoder.0.activation) and step 4 (transposed decoder.0.growing)",
        ),
        (
            *(3, (0,)),
            "step 3: in the file pooling theirs_3 takes the image, in the network pooling takes step 2 (relu "
            "encoder.0.activation)",
        ),
        (
            *(6, ()),
            "step 6: in the file convolution theirs_6 takes nothing, "
            "in the network convolution head takes step 5 (join)",
        ),
    ],
)
def test_a_step_that_takes_something_else_is_named_with_what_it_takes_on_both_sides(
    number: int, inputs: tuple[int, ...], said: str
) -> None:
    with pytest.raises(FormatError, match="wired otherwise") as caught:
        refuse_other_steps(OURS, otherwise(number, inputs=inputs))
    assert caught.value.where == said


def test_a_step_of_one_input_takes_it_once() -> None:
    with pytest.raises(FormatError, match="wired otherwise"):
        refuse_other_steps(OURS, otherwise(6, inputs=(5, 5)))
