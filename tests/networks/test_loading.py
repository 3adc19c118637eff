"""Weights by name and shape: what fits is kept, the rest is reset and named."""

from __future__ import annotations

import torch

from unetkit.networks import build, load_weights

from contracts.network import image, scores

TINY: dict[str, object] = {"depth": 1, "width": 4}


def test_the_same_network_keeps_everything() -> None:
    source, network = build("unet", TINY, 1, 2), build("unet", TINY, 1, 2)
    loaded = load_weights(network, {name: value.numpy() for name, value in source.state_dict().items()})

    assert set(loaded.kept) == set(source.state_dict())
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


def test_the_outcome_reads_as_a_sentence() -> None:
    loaded = load_weights(build("unet", TINY, 1, 5), build("unet", TINY, 1, 2).state_dict())

    assert str(loaded).endswith("2 reset (head.weight, head.bias), 2 unused (head.weight, head.bias)")
