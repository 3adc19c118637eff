"""Weights by name and shape: what fits is kept, the rest is reset and named."""

from __future__ import annotations

import pytest
import torch

from unetkit.networks import build, load_weights

from contracts.network import image, scores

TINY: dict[str, object] = {"depth": 1, "width": 4}


def test_the_same_network_keeps_everything() -> None:
    source, network = build("unet", TINY, 1, 2), build("unet", TINY, 1, 2)
    loaded = load_weights(network, {name: value.numpy() for name, value in source.state_dict().items()})

    assert set(loaded.kept) == {name for name in source.state_dict() if not name.endswith("num_batches_tracked")}
    assert loaded.reset == loaded.unused == ()
    assert torch.equal(scores(source, image(1, 1, 9, 9)), scores(network, image(1, 1, 9, 9)))


def test_another_number_of_classes_resets_the_head_alone() -> None:
    network = build("unet", TINY, 1, 5)
    fresh = network.state_dict()["head.weight"].clone()
    loaded = load_weights(network, build("unet", TINY, 1, 2).state_dict())

    assert loaded.reset == loaded.unused == ("head.weight", "head.bias")
    assert torch.equal(network.state_dict()["head.weight"], fresh)


def test_what_the_network_does_not_have_is_named() -> None:
    loaded = load_weights(build("unet", TINY, 1, 2), {"teacher.weight": torch.zeros(3)})

    assert loaded.unused == ("teacher.weight",)
    assert not loaded.kept


def test_the_network_keeps_its_own_precision() -> None:
    network = build("unet", TINY, 1, 2).double()
    load_weights(network, build("unet", TINY, 1, 2).state_dict())

    assert network.state_dict()["head.weight"].dtype == torch.float64


@pytest.mark.parametrize(
    ("source", "wanted", "told"),
    [
        ({}, {}, "kept stem, encoder.0 to encoder.1, bottleneck, decoder.0 to decoder.1, head"),
        (
            {"width": 4, "width_cap": 8},
            {"width": 8, "width_cap": 8},
            "kept bottleneck, decoder.0; kept in part encoder.1, head; reset stem, encoder.0, decoder.1",
        ),
        (
            {"depth": 4, "width": 4, "width_cap": 4},
            {"width": 4, "width_cap": 4},
            "kept stem, encoder.0 to encoder.1, bottleneck, decoder.0 to decoder.1, head; "
            "unused encoder.2 to encoder.3, decoder.2 to decoder.3",
        ),
    ],
)
def test_the_outcome_is_told_level_by_level(source: dict[str, object], wanted: dict[str, object], told: str) -> None:
    made = [build("unet", {**TINY, "depth": 2, **settings}, 1, 2) for settings in (wanted, source)]

    assert str(load_weights(made[0], made[1].state_dict())) == told


def test_another_number_of_classes_is_told_of_the_head_alone() -> None:
    loaded = load_weights(build("unet", TINY, 1, 5), build("unet", TINY, 1, 2).state_dict())

    assert str(loaded) == "kept stem, encoder.0, bottleneck, decoder.0; reset head"
