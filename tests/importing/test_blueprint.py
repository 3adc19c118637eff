"""Our own networks, watched: every weight has its place, in the order in which an image meets it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from unetkit.importing.blueprint import blueprint_of
from unetkit.networks import PRESETS, build


@pytest.mark.parametrize("preset", PRESETS)
def test_every_weight_of_a_preset_has_one_slot(preset: str) -> None:
    blueprint = blueprint_of("unet", PRESETS[preset], 3, 2)
    named = [f"{slot.name}.weight" for slot in blueprint.slots]

    assert sorted(named) == sorted(name for name in blueprint.state if name.endswith(".weight"))
    assert all(slot.shape == blueprint.state[f"{slot.name}.weight"] for slot in blueprint.slots)
    assert all(slot.bias == (f"{slot.name}.bias" in blueprint.state) for slot in blueprint.slots)


def test_the_slots_stand_in_the_order_of_work() -> None:
    names = [slot.name for slot in blueprint_of("unet", {**PRESETS["infrared"], "depth": 1}, 3, 1).slots]
    assert names == [
        *("encoder.0.convolutions.0", "encoder.0.norms.0", "encoder.0.convolutions.1", "encoder.0.norms.1"),
        *("bottleneck.convolutions.0", "bottleneck.norms.0", "decoder.0.growing"),
        *("decoder.0.block.convolutions.0", "decoder.0.block.norms.0"),
        *("decoder.0.block.convolutions.1", "decoder.0.block.norms.1", "head"),
    ]


def test_the_steps_are_told_in_words_with_those_whose_results_they_take() -> None:
    """Drawn by hand: every step takes the result of the one before it, but for the join, which takes the skip, too."""
    steps = blueprint_of("unet", {**PRESETS["camvid"], "depth": 1}, 3, 4).steps
    pair = ("convolution", "relu", "convolution", "relu")
    growing, head = ("nearest", "convolution", "relu", "join"), ("convolution", "relu", "convolution")

    assert tuple(step.word for step in steps) == (*pair, "pooling", *pair, *growing, *pair, *head)
    assert [step.inputs for step in steps] == [(4, 12) if number == 12 else (number,) for number in range(20)]


@pytest.mark.parametrize("preset", ["infrared", "infrared-double", "camvid", "carla", "forest", "original"])
def test_a_skip_leaves_where_the_halving_leaves(preset: str) -> None:
    """Both take what their level gives, after its last norm and activation; the deepest level is joined first."""
    steps = blueprint_of("unet", PRESETS[preset], 3, 4).steps
    halved = [step.inputs[0] for step in steps if step.word == "pooling"]
    joined = [step.inputs[0] for step in steps if step.word == "join"]

    assert len(halved) == 4
    assert joined == halved[::-1]
    assert all(step.name.startswith("encoder.") for step in (steps[number - 1] for number in joined))


def test_a_shared_norm_has_one_slot_and_works_twice() -> None:
    blueprint = blueprint_of("unet", {**PRESETS["forest"], "depth": 1}, 3, 1)
    assert sum(slot.kind == "norm" for slot in blueprint.slots) == 3
    assert sum(step.word == "norm" for step in blueprint.steps) == 6


def test_the_channels_of_a_skip_are_those_that_stand_first() -> None:
    """Input channels of a decoder's first kernel that answer to the skip: found by what they change."""
    settings = {**PRESETS["carla"], "width": 2, "depth": 2, "dropout": 0.0}
    network = build("unet", settings, 3, 2).eval()
    for slot in blueprint_of("unet", settings, 3, 2).slots:
        if not slot.skip:
            continue
        level: nn.Module = network.get_submodule(slot.name.rpartition(".block")[0])
        kernel = network.get_submodule(slot.name).get_parameter("weight")
        kernel.data[:, : slot.skip] = 0
        features, skip = torch.randn(1, 2 * slot.skip, 4, 4), torch.randn(1, slot.skip, 8, 8)
        assert torch.equal(level(features, skip), level(features, torch.zeros_like(skip)))
        assert not torch.equal(level(features, skip), level(torch.zeros_like(features), skip))


@pytest.mark.parametrize(("preset", "multiple"), [("carla", 16), ("small", 64), ("base", 64)])
def test_the_multiple_is_what_all_levels_halve(preset: str, multiple: int) -> None:
    assert blueprint_of("unet", PRESETS[preset], 3, 2).multiple == multiple


def test_no_memory_is_taken_for_weights() -> None:
    """A thousand times wider than any machine could hold."""
    assert blueprint_of("unet", {**PRESETS["original"], "width": 4096, "width_cap": 4096}, 3, 2).slots
