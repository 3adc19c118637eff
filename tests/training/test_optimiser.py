"""Optimisers by name."""

import pytest
import torch

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


def test_the_rate_and_the_momentum_of_all_groups_are_set():
    optimiser = build_optimiser("adam", torch.nn.Linear(1, 1), HYPER)
    set_rate(optimiser, 0.25, 0.8)
    assert all(group["lr"] == 0.25 and group["betas"][0] == 0.8 for group in optimiser.param_groups)
