"""The order of work from names, however the file lists them."""

from __future__ import annotations

import random

import pytest

from importing.pytorch_networks import LabUNet, PytorchUNet
from unetkit.importing.naming import in_order, without_wrappers

PYTORCH_UNET = [
    *("inc.double_conv.0", "inc.double_conv.1", "inc.double_conv.3", "inc.double_conv.4"),
    *(f"down{level}.maxpool_conv.1.double_conv.{at}" for level in (1, 2, 3, 4) for at in (0, 1, 3, 4)),
    *(
        f"up{level}.{part}"
        for level in (1, 2, 3, 4)
        for part in ("up", *(f"conv.double_conv.{at}" for at in (0, 1, 3, 4)))
    ),
    "outc.conv",
]
LAB = [
    *(f"downs.{level}.conv.{at}" for level in (0, 1, 2, 3) for at in (0, 1, 3, 4)),
    *("bottleneck.0", "bottleneck.1"),
    *(
        f"ups.{place}{part}"
        for pair in (0, 2, 4, 6)
        for place, part in ((pair, ""), *((pair + 1, f".conv.{at}") for at in (0, 1, 3, 4)))
    ),
    "final_conv",
]


@pytest.mark.parametrize("names", [PYTORCH_UNET, LAB], ids=["Pytorch-UNet", "lab"])
@pytest.mark.parametrize("seed", range(3))
def test_known_names_are_put_in_the_order_of_work(names: list[str], seed: int) -> None:
    mixed = random.Random(seed).sample(names, len(names))
    ordered, naming = in_order(mixed)
    assert ordered == names
    assert naming is not None


def test_the_lists_above_are_the_names_of_those_networks() -> None:
    for network, names in ((PytorchUNet(3, 1, 1), PYTORCH_UNET), (LabUNet(3, 1, 1), LAB)):
        assert {name.rpartition(".")[0] for name in network.state_dict()} == set(names)


def test_one_unknown_name_leaves_all_as_they_came() -> None:
    mixed = [*reversed(PYTORCH_UNET), "classifier.0"]
    assert in_order(mixed) == (mixed, None)
    assert in_order([]) == ([], None)


def test_numbers_count_as_numbers() -> None:
    assert in_order(["inc.10", "inc.9", "outc"])[0] == ["inc.9", "inc.10", "outc"]


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["module.a.weight", "module.b.weight"], ["a.weight", "b.weight"]),
        (["_orig_mod.module.a.weight", "_orig_mod.module.b.bias"], ["a.weight", "b.bias"]),
        (["a.weight", "b.weight"], ["a.weight", "b.weight"]),
        (["a.weight", "a.bias"], ["weight", "bias"]),
        (["a.weight"], ["a.weight"]),
    ],
)
def test_what_all_names_share_is_left_out(names: list[str], short: list[str]) -> None:
    assert list(without_wrappers(names).values()) == short
