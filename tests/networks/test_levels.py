"""The levels of a network, and what it means to freeze some."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from unetkit.errors import ConfigError
from unetkit.networks import build
from unetkit.networks.levels import freeze, levels, still

from contracts.network import image

STEM_AND_TWO: dict[str, object] = {"depth": 2, "width": 4, "stem_stride": 2, "dropout": 0.5, "dropout_place": "all"}
NAMES = ["stem", "encoder.0", "encoder.1", "bottleneck", "decoder.0", "decoder.1", "head"]


def make(**settings: object) -> nn.Module:
    torch.manual_seed(0)
    return build("unet", {**STEM_AND_TWO, **settings}, 1, 2)


def frozen_names(network: nn.Module) -> set[str]:
    """Levels of which some parameter takes no gradient, by the parameters' names alone."""
    names = [name for name, parameter in network.named_parameters() if not parameter.requires_grad]
    return {next(level for level in NAMES if name.startswith(f"{level}.")) for name in names}


def test_levels_run_from_the_image_to_the_scores_and_hold_every_parameter_once() -> None:
    network = make()
    held = [parameter for level in levels(network).values() for parameter in level.parameters()]
    assert list(levels(network)) == NAMES
    assert {id(parameter) for parameter in held} == {id(parameter) for parameter in network.parameters()}
    assert len(held) == len(list(network.parameters()))


def test_without_a_stem_the_encoder_comes_first() -> None:
    assert list(levels(make(stem_stride=1))) == NAMES[1:]


@pytest.mark.parametrize(
    ("count", "frozen"),
    [(None, {"stem", "encoder.0", "encoder.1"}), (1, {"stem", "encoder.0"}), (2, {"stem", "encoder.0", "encoder.1"})],
)
def test_the_stem_and_so_many_levels_are_frozen(count: int | None, frozen: set[str]) -> None:
    network = make()
    assert set(freeze(network, count)) == frozen == frozen_names(network)


def test_more_levels_than_there_are_cannot_be_frozen() -> None:
    with pytest.raises(ConfigError, match="the encoder has 2 levels, and 3"):
        freeze(make(), 3)


@pytest.mark.usefixtures("foreign")
def test_a_foreign_encoder_is_one_level() -> None:
    network = build("timm-unet", {"encoder": "stand_in", "width_cap": 16}, 3, 2)
    assert next(iter(levels(network))) == "encoder"
    assert freeze(network, None) == ("encoder",)
    assert not any(parameter.requires_grad for parameter in network.get_submodule("encoder").parameters())


def test_what_is_still_answers_alike_twice_and_leaves_its_statistics() -> None:
    network = make().train()
    freeze(network, None)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for module in still(network):
        module.eval()
    first = network.get_submodule("encoder.0")(network.get_submodule("stem")(image(2, 1, 16, 16)))
    second = network.get_submodule("encoder.0")(network.get_submodule("stem")(image(2, 1, 16, 16)))
    network(image(2, 1, 16, 16))
    moved = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert torch.equal(first, second)  # dropout included
    assert moved
    assert not [name for name in moved if name.startswith(("stem", "encoder"))]


def test_where_nothing_is_frozen_nothing_is_still() -> None:
    assert still(make()) == []
