"""The training step, and the state that a checkpoint must hold for it."""

import pytest
import torch

from unetkit.losses import build_loss
from unetkit.networks import PRESETS, build
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.device import Compute
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.plan import Plan
from unetkit.training.progress import Progress
from unetkit.training.session import to_device
from unetkit.training.state import pack, unpack
from unetkit.training.step import Stepper

SETTINGS = {**PRESETS["nano"], "depth": 2, "width": 4, "dropout": 0.2}


def stepper(*, optimiser: str = "adamw", rate: float = 1e-2) -> Stepper:
    torch.manual_seed(0)
    network = to_device(build("unet", SETTINGS, 1, 2), Compute("cpu", 1, "fp32"))
    made = build_optimiser(optimiser, network, Hyper(rate, 0.9, 0.01))
    loss = build_loss("cross-entropy", classes=2, class_weights=None)
    return Stepper(network, loss, made, MovingAverage(network, 0.9), Compute("cpu", 1, "fp32"), clip=1.0)


def batch(number: int) -> Batch:
    generator = torch.Generator().manual_seed(number)
    images = torch.randn(4, 1, 2, 2, generator=generator).repeat_interleave(8, 2).repeat_interleave(8, 3)
    return Batch(images, (images[:, 0] > 0).long(), ())


def weights(made: Stepper) -> torch.Tensor:
    return torch.cat([tensor.flatten().double() for tensor in made.network.state_dict().values()])


def test_the_loss_falls_on_a_task_that_can_be_learnt():
    made = stepper()
    losses = [made.step([batch(number % 4)], seed=number).loss for number in range(60)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_same_seed_gives_the_same_bits():
    first, second = stepper(), stepper()
    for number in range(3):
        first.step([batch(number)], seed=number)
        torch.rand(7)  # somebody else's random numbers change nothing
        second.step([batch(number)], seed=number)
    assert torch.equal(weights(first), weights(second))


def test_a_step_that_is_not_finite_changes_nothing():
    made = stepper()
    before = weights(made)
    poisoned = batch(0)
    poisoned.images[0, 0, 0, 0] = float("inf")
    outcome = made.step([poisoned], seed=0)
    assert not outcome.finite
    kernels = [name for name, _ in made.network.named_parameters()]
    assert before.isfinite().all()
    assert all(made.network.state_dict()[name].isfinite().all() for name in kernels)
    assert made.average.updates == 0


def test_accumulated_batches_give_the_mean_gradient():
    made = stepper(optimiser="sgd", rate=0.0)
    made.network.eval()
    together = made.step([batch(1), batch(2)], seed=0).loss
    apart = [stepper(optimiser="sgd", rate=0.0).step([batch(number)], seed=0).loss for number in (1, 2)]
    assert together == pytest.approx(sum(apart) / 2, rel=0.2)


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd", "rmsprop"])
def test_a_run_goes_on_from_its_checkpoint_to_the_same_bits(optimiser: str):
    whole, stopped, resumed = (stepper(optimiser=optimiser) for _ in range(3))
    for number in range(3):
        whole.step([batch(number)], seed=number)
        stopped.step([batch(number)], seed=number)
    tensors, metadata = pack(stopped, Progress(step=3), Plan(6, "6 steps"))
    progress, plan = unpack(tensors, metadata, resumed)
    for number in range(3, 6):
        whole.step([batch(number)], seed=number)
        resumed.step([batch(number)], seed=number)
    assert torch.equal(weights(whole), weights(resumed))
    assert (progress.step, plan.total, resumed.average.updates) == (3, 6, 6)
