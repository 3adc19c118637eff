"""How a Keras file says who takes whose results: both notations read alike, and what reads otherwise is refused."""

from __future__ import annotations

from typing import Any

import pytest

from importing.keras_network import inbound
from importing.one_level import one_level
from unetkit.errors import FormatError
from unetkit.importing.keras_wiring import joined_of, steps_of
from unetkit.importing.steps import Step

WORDS = {
    "image": (),
    "conv": ("convolution", "relu"),
    "drop": (),
    "pool": ("pooling",),
    "grow": ("transposed",),
    "join": ("join",),
    "last": ("convolution",),
}
KINDS = {"image": "InputLayer", "drop": "Dropout", "join": "Concatenate"}
TAKEN = {"conv": ["image"], "drop": ["conv"], "pool": ["drop"], "grow": ["pool"], "join": ["drop", "grow"]}
OUTPUT = ["last", 0, 0]

# By hand: the convolution's activation is a step of its own, and the dropout passes the activation on.
STEPS = one_level("conv", "conv", "pool", "grow", "join", "last")


def rows(notation: int, **nodes: object) -> list[dict[str, Any]]:
    """The layers in the notation of Keras 2 or 3, some with other `inbound_nodes`."""
    taken = {**TAKEN, "last": ["join"]}
    found = {name: nodes.get(name, inbound(taken.get(name, []), notation)) for name in WORDS}
    return [
        {"class_name": KINDS.get(name, "Conv2D"), "config": {"name": name}, "inbound_nodes": found[name]}
        for name in WORDS
    ]


def tensor(name: str, call: int = 0) -> dict[str, Any]:
    """A result in the notation of Keras 3."""
    return {"class_name": "__keras_tensor__", "config": {"shape": [None, 8, 8, 4], "keras_history": [name, call, 0]}}


@pytest.mark.parametrize("notation", [2, 3])
@pytest.mark.parametrize("output", [OUTPUT, [OUTPUT], {"scores": OUTPUT}])
def test_both_notations_say_the_same(notation: int, output: object) -> None:
    assert steps_of(rows(notation), WORDS, output) == STEPS


@pytest.mark.parametrize(
    "node",
    [
        [[["grow", 0, 0, {}], ["drop", 0, 0, {"training": False}]]],
        [[["grow", 0, 0], ["drop", 0, 0]]],
        [{"args": [[tensor("grow"), tensor("drop")]], "kwargs": {"training": False, "mask": None}}],
        [{"args": [tensor("grow"), tensor("drop")], "kwargs": {}}],
        [{"args": [], "kwargs": {"inputs": [tensor("grow"), tensor("drop")]}}],
    ],
)
def test_a_join_is_read_in_the_order_of_its_arguments_whatever_is_written_around_them(node: object) -> None:
    steps = steps_of(rows(3, join=node), WORDS, OUTPUT)
    assert steps[4].inputs == (4, 2)
    assert joined_of(steps) == "grown-first"


def test_the_grown_features_are_those_that_were_made_later() -> None:
    assert joined_of(STEPS) == "skip-first"
    assert joined_of(STEPS[:4]) is None
    with pytest.raises(FormatError, match="joined first, others last"):
        joined_of((*STEPS, Step("join", "another", (6, 2))))


@pytest.mark.parametrize(
    ("name", "node", "said"),
    [
        ("pool", [], "Conv2D takes the results of 0 layers, not of 1"),
        ("pool", inbound(["drop", "conv"], 3), "Conv2D takes the results of 2 layers, not of 1"),
        ("join", inbound(["grow"], 2), "Concatenate takes the results of 1 layers, not of 2"),
        ("join", inbound(["grow", "drop", "conv"], 2), "Concatenate takes the results of 3 layers"),
        ("image", inbound(["conv"], 2), "InputLayer takes the results of 1 layers, not of 0"),
        ("conv", inbound(["image"], 2) * 2, "Conv2D is called 2 times"),
        ("conv", inbound(["image"], 3) * 2, "Conv2D is called 2 times"),
        ("pool", inbound(["grow"], 2), "takes the result of grow, which is no layer above it"),
        ("pool", inbound(["absent"], 3), "takes the result of absent, which is no layer above it"),
        ("pool", inbound(["pool"], 3), "takes the result of pool, which is no layer above it"),
        ("pool", [[["drop", 1, 0, {}]]], "result 0 of call 1"),
        ("pool", [[["drop", 0, 2, {}]]], "result 2 of call 0"),
        ("pool", [{"args": [tensor("drop", 3)], "kwargs": {}}], "result 0 of call 3"),
        ("drop", [[["conv", 0, 0, {"training": True}]]], "called with True beside results of layers"),
        (
            "drop",
            [{"args": [tensor("conv")], "kwargs": {"training": True}}],
            "called with True beside results of layers",
        ),
        ("drop", [{"args": [tensor("conv"), True], "kwargs": {}}], "called with True beside results of layers"),
        ("pool", [{"args": [tensor("drop"), "more"], "kwargs": {}}], "called with more"),
    ],
)
def test_a_layer_that_takes_what_none_here_takes_is_refused_by_its_name(name: str, node: object, said: str) -> None:
    with pytest.raises(FormatError, match="wired as no network here is") as caught:
        steps_of(rows(3, **{name: node}), WORDS, OUTPUT)
    assert said in caught.value.what
    assert caught.value.where == name


@pytest.mark.parametrize("output", [None, [], ["conv", 0, 0], [OUTPUT, ["conv", 0, 0]], ["absent", 0, 0]])
def test_a_network_that_gives_something_else_than_its_last_result_is_refused(output: object) -> None:
    with pytest.raises(FormatError, match="wired as no network here is") as caught:
        steps_of(rows(3), WORDS, output)
    assert caught.value.where == "output_layers"


def test_two_layers_of_one_name_are_refused() -> None:
    twice = rows(3)
    twice.insert(2, twice[1])
    with pytest.raises(FormatError, match="two layers have one name"):
        steps_of(twice, WORDS, OUTPUT)
