"""Optimisers by name."""

import copy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from unetkit.networks import build
from unetkit.networks.levels import freeze
from unetkit.training.optimiser import Hyper, Optimiser, build_optimiser
from unetkit.training.updates import RULES

HYPER = Hyper(rate=0.1, momentum=0.9, weight_decay=0.5)


@pytest.mark.parametrize("name", list(RULES))
def test_every_optimiser_makes_a_simple_loss_fall(name: str):
    network = torch.nn.Linear(3, 1)
    optimiser = build_optimiser(name, network, Hyper(0.01, 0.9, 0.0))
    inputs, targets = torch.randn(32, 3), torch.randn(32, 1)
    losses = []
    for _ in range(20):
        optimiser.zero()
        loss = torch.nn.functional.mse_loss(network(inputs), targets)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


def test_only_kernels_decay():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    kernels, others = build_optimiser("adamw", network, HYPER).groups
    assert [weight.ndim for weight in kernels.weights] == [4]
    assert kernels.decay == 0.5
    assert others.decay == 0.0


def rates(optimiser: Optimiser, network: torch.nn.Module) -> dict[str, float]:
    """The learning rate of every trainable weight, by its name."""
    of = {id(weight): optimiser.rate * group.share for group in optimiser.groups for weight in group.weights}
    return {name: of[id(weight)] for name, weight in network.named_parameters() if weight.requires_grad}


def test_each_level_learns_at_a_share_of_the_rate_of_the_level_after_it():
    network = build("unet", {"depth": 2, "width": 4, "stem_stride": 2}, 1, 2)
    optimiser = build_optimiser("adamw", network, replace(HYPER, layer_rate=0.5))
    back = ["head", "decoder.1", "decoder.0", "bottleneck", "encoder.1", "encoder.0", "stem"]
    for highest in (HYPER.rate, 0.8):
        for name, rate in rates(optimiser, network).items():
            level = next(number for number, start in enumerate(back) if name.startswith(f"{start}."))
            assert rate == pytest.approx(highest * 0.5**level), name
        optimiser.rate = 0.8


@pytest.mark.parametrize("layer_rate", [1.0, 0.5])
def test_what_is_frozen_is_in_no_group(layer_rate: float):
    network = build("unet", {"depth": 2, "width": 4, "stem_stride": 2}, 1, 2)
    freeze(network, None)
    optimiser = build_optimiser("adamw", network, replace(HYPER, layer_rate=layer_rate))
    held = {id(weight) for group in optimiser.groups for weight in group.weights}
    assert held == {id(weight) for weight in network.parameters() if weight.requires_grad}
    assert len(held) < len(list(network.parameters()))


ORACLES: dict[str, Callable[[float], tuple[type[torch.optim.Optimizer], dict[str, Any]]]] = {
    "adam": lambda momentum: (torch.optim.Adam, {"betas": (momentum, 0.999)}),
    "adamw": lambda momentum: (torch.optim.AdamW, {"betas": (momentum, 0.999)}),
    "sgd": lambda momentum: (torch.optim.SGD, {"momentum": momentum}),
    "rmsprop": lambda momentum: (torch.optim.RMSprop, {"momentum": momentum}),
}


@pytest.mark.parametrize("momentum", [0.8, 0.0])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", list(RULES))
def test_weights_move_as_by_pytorch_s_own_optimiser(name: str, layout: torch.memory_format, momentum: float):
    first, second = (build("unet", {"depth": 1, "width": 4, "stem_stride": 1}, 3, 2) for _ in range(2))
    first.to(memory_format=layout)  # type: ignore[call-overload]
    second.load_state_dict(first.state_dict())
    ours = build_optimiser(name, first, HYPER)
    ours.momentum = momentum
    twins = dict(zip(first.parameters(), second.parameters(), strict=True))
    groups = [{"params": [twins[w] for w in group.weights], "weight_decay": group.decay} for group in ours.groups]
    kind, options = ORACLES[name](momentum)
    oracle = kind(groups, lr=HYPER.rate, **options)  # type: ignore[call-arg]
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        for weight, twin in twins.items():
            twin.grad = torch.randn(weight.shape, generator=generator)
            weight.grad = torch.empty_like(weight).copy_(twin.grad)
        ours.step()
        oracle.step()
    for weight, twin in twins.items():
        torch.testing.assert_close(weight, twin, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.skips])
def test_a_step_that_the_device_calls_off_changes_nothing(name: str):
    network = torch.nn.Linear(2, 1)
    optimiser = build_optimiser(name, network, HYPER)
    network(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    before = copy.deepcopy((network.state_dict(), optimiser.tensors()))
    optimiser.step(skipped=torch.ones(()))
    torch.testing.assert_close((network.state_dict(), optimiser.tensors()), before, rtol=0, atol=0)


def test_what_an_optimiser_remembers_goes_to_another_one():
    network = torch.nn.Conv2d(2, 2, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    made, other = (build_optimiser("adamw", network, HYPER) for _ in range(2))
    network(torch.ones(1, 2, 4, 4)).sum().backward()
    made.step()
    kept = {name: tensor.contiguous() for name, tensor in made.tensors().items()}
    other.load(kept)
    torch.testing.assert_close(other.tensors(), kept, rtol=0, atol=0)
    assert other.tensors()["0.exp_avg"].is_contiguous(memory_format=torch.channels_last)


def test_training_never_loads_the_compiler_of_pytorch_on_a_cpu():
    code = """
import sys, torch
from unetkit.training.optimiser import Hyper, build_optimiser
network = torch.nn.Conv2d(1, 1, 3)
optimiser = build_optimiser("adamw", network, Hyper(0.1, 0.9, 0.1))
network(torch.ones(1, 1, 4, 4)).sum().backward()
optimiser.step()
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
