"""Frozen levels and rates by level, in the step and over a checkpoint."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from unetkit.losses import build_loss
from unetkit.networks import PRESETS, build
from unetkit.networks.levels import freeze
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.device import Compute
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.plan import Plan
from unetkit.training.progress import Progress
from unetkit.training.session import to_device
from unetkit.training.state import pack, unpack
from unetkit.training.step import Stepper

SETTINGS = {**PRESETS["nano"], "depth": 2, "width": 4, "dropout": 0.2, "dropout_place": "all"}
CPU = Compute("cpu", 1, "fp32")
BACK = ["head", "decoder.1", "decoder.0", "bottleneck", "encoder.1", "encoder.0", "stem"]


def stepper(*, frozen: bool = True, layer_rate: float = 0.5, optimiser: str = "adamw", seed: int = 0) -> Stepper:
    torch.manual_seed(seed)
    network = to_device(build("unet", SETTINGS, 1, 2), CPU)
    if frozen:
        freeze(network, 1)
    made = build_optimiser(optimiser, network, Hyper(1e-2, 0.9, 0.01, layer_rate))
    loss = build_loss("cross-entropy", classes=2, class_weights=None)
    return Stepper(network, loss, made, MovingAverage(network, 0.9), CPU, clip=1.0)


def batch(number: int) -> Batch:
    images = torch.randn(4, 1, 16, 16, generator=torch.Generator().manual_seed(number))
    return Batch(images, (images[:, 0] > 0).long(), ())


def state(made: Stepper) -> dict[str, Tensor]:
    both = {"now": made.network, "average": made.average.network}
    return {f"{which}.{name}": value.clone() for which, one in both.items() for name, value in one.state_dict().items()}


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


def is_frozen(name: str) -> bool:
    return name.partition(".")[2].startswith(("stem.", "encoder.0."))


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd", "rmsprop"])
def test_frozen_weights_and_their_statistics_stay_to_the_bit_and_all_others_learn(optimiser: str):
    made = stepper(optimiser=optimiser)
    before = state(made)
    for number in range(3):
        made.step([batch(number)], seed=number)
    assert moved(before, state(made)) == {name for name in before if not is_frozen(name)}


def test_frozen_levels_get_no_gradient_and_drop_nothing():
    made = stepper()
    made.step([batch(0)], seed=0)
    frozen = made.network.get_submodule("encoder.0")
    assert not any(module.training for module in frozen.modules())
    assert all(weight.grad is None for weight in frozen.parameters())
    assert made.network.get_submodule("encoder.1").training


def test_a_twin_is_frozen_too():
    twin = stepper().twin()
    before = state(twin)
    twin.step([batch(0)], seed=0)
    assert not any(is_frozen(name) for name in moved(before, state(twin)))


def test_the_first_step_of_a_level_is_its_share_of_what_it_would_have_been():
    ones, halves = (stepper(frozen=False, layer_rate=rate, optimiser="sgd") for rate in (1.0, 0.5))
    before = {name: value.clone() for name, value in ones.network.state_dict().items()}
    for made in (ones, halves):
        made.step([batch(0)], seed=0)
    for name, _ in ones.network.named_parameters():
        level = next(number for number, start in enumerate(BACK) if name.startswith(f"{start}."))
        whole, part = (made.network.state_dict()[name] - before[name] for made in (ones, halves))
        torch.testing.assert_close(part, whole * 0.5**level, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("layer_rate", [1.0, 0.5])
@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd", "rmsprop"])
def test_a_run_goes_on_from_its_checkpoint_to_the_same_bits(optimiser: str, layer_rate: float, frozen: bool):
    whole = stepper(optimiser=optimiser, layer_rate=layer_rate, frozen=frozen)
    stopped = stepper(optimiser=optimiser, layer_rate=layer_rate, frozen=frozen)
    resumed = stepper(optimiser=optimiser, layer_rate=layer_rate, frozen=frozen, seed=9)
    for number in range(3):
        whole.step([batch(number)], seed=number)
        stopped.step([batch(number)], seed=number)
    tensors, metadata = pack(stopped, Progress(step=3), Plan(6, "6 steps"))
    unpack(tensors, metadata, resumed)
    for number in range(3, 6):
        whole.step([batch(number)], seed=number)
        resumed.step([batch(number)], seed=number)
    assert moved(state(whole), state(resumed)) == set()
