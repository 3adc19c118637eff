"""Optimisers by name."""

from dataclasses import replace

import pytest
import torch

from unetkit.networks import build
from unetkit.networks.levels import freeze
from unetkit.training.optimiser import OPTIMISERS, Hyper, build_optimiser, set_rate

HYPER = Hyper(rate=0.1, momentum=0.9, weight_decay=0.5)


@pytest.mark.parametrize("name", list(OPTIMISERS))
def test_every_optimiser_makes_a_simple_loss_fall(name: str):
    network = torch.nn.Linear(3, 1)
    optimiser = build_optimiser(name, network, Hyper(0.01, 0.9, 0.0))
    inputs, targets = torch.randn(32, 3), torch.randn(32, 1)
    losses = []
    for _ in range(20):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(network(inputs), targets)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


def test_only_kernels_decay():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    kernels, others = build_optimiser("adamw", network, HYPER).param_groups
    assert [weight.ndim for weight in kernels["params"]] == [4]
    assert kernels["weight_decay"] == 0.5
    assert others["weight_decay"] == 0.0


def rates(optimiser: torch.optim.Optimizer, network: torch.nn.Module) -> dict[str, float]:
    """The learning rate of every trainable weight, by its name."""
    of = {id(weight): group["lr"] for group in optimiser.param_groups for weight in group["params"]}
    return {name: of[id(weight)] for name, weight in network.named_parameters() if weight.requires_grad}


def test_each_level_learns_at_a_share_of_the_rate_of_the_level_after_it():
    network = build("unet", {"depth": 2, "width": 4, "stem_stride": 2}, 1, 2)
    optimiser = build_optimiser("adamw", network, replace(HYPER, layer_rate=0.5))
    back = ["head", "decoder.1", "decoder.0", "bottleneck", "encoder.1", "encoder.0", "stem"]
    for highest in (HYPER.rate, 0.8):
        for name, rate in rates(optimiser, network).items():
            level = next(number for number, start in enumerate(back) if name.startswith(f"{start}."))
            assert rate == pytest.approx(highest * 0.5**level), name
        assert optimiser.param_groups[0]["lr"] == highest, "the first group tells the rate of the run"
        set_rate(optimiser, 0.8, None)


@pytest.mark.parametrize("layer_rate", [1.0, 0.5])
def test_what_is_frozen_is_in_no_group(layer_rate: float):
    network = build("unet", {"depth": 2, "width": 4, "stem_stride": 2}, 1, 2)
    freeze(network, None)
    optimiser = build_optimiser("adamw", network, replace(HYPER, layer_rate=layer_rate))
    held = {id(weight) for group in optimiser.param_groups for weight in group["params"]}
    assert held == {id(weight) for weight in network.parameters() if weight.requires_grad}
    assert len(held) < len(list(network.parameters()))


def test_the_rate_and_the_momentum_of_all_groups_are_set():
    optimiser = build_optimiser("adam", torch.nn.Linear(1, 1), HYPER)
    set_rate(optimiser, 0.25, 0.8)
    assert all(group["lr"] == 0.25 and group["betas"][0] == 0.8 for group in optimiser.param_groups)
