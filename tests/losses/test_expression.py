"""Losses by name, and sums of them."""

from __future__ import annotations

import pytest
import torch

from unetkit.errors import ConfigError
from unetkit.losses import LOSSES, build_loss
from unetkit.losses.expression import Term, parse

from contracts.loss import batch


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        ("dice", [Term("dice", 1.0)]),
        ("dice+0.5*focal", [Term("dice", 1.0), Term("focal", 0.5)]),
        (" 0.5 * Cross-Entropy + 2e-1*lovasz ", [Term("cross-entropy", 0.5), Term("lovasz", 0.2)]),
    ],
)
def test_a_sum_is_read_in_its_order(expression: str, terms: list[Term]) -> None:
    assert list(parse(expression)) == terms


def test_a_sum_adds_up() -> None:
    parts = {name: build_loss(name, classes=3)(*batch()) for name in ("bce", "dice")}

    torch.testing.assert_close(
        build_loss("0.25*bce+3*dice", classes=3)(*batch()), 0.25 * parts["bce"] + 3 * parts["dice"]
    )


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'dice'") as caught:
        build_loss("cross-entropy+dicee", classes=2)

    assert "loss.name: 'cross-entropy+dicee'" in str(caught.value)
    assert all(name in caught.value.advice for name in LOSSES)


@pytest.mark.parametrize(
    "expression", ["", "dice+", "+dice", "0.5*", "*dice", "0*dice", "-1*dice", "x*dice", "inf*dice"]
)
def test_what_is_no_sum_is_refused(expression: str) -> None:
    with pytest.raises(ConfigError):
        parse(expression)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 2.0, 3.0], [0.0, 0.0], [1.0, -1.0], [1.0, float("nan")]])
def test_class_weights_that_do_not_fit_are_refused(weights: list[float]) -> None:
    with pytest.raises(ConfigError, match="class weights"):
        build_loss("dice", classes=2, class_weights=weights)


def test_the_weights_move_with_the_loss() -> None:
    loss = build_loss("cross-entropy+dice", classes=2, class_weights=[1.0, 2.0]).to("meta")

    assert all(buffer.device.type == "meta" for buffer in loss.buffers())
