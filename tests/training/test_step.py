"""The training step, and the state that a checkpoint must hold for it."""

from collections.abc import Sequence

import pytest
import torch

from unetkit.losses import build_loss
from unetkit.networks import PRESETS, build
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.device import Compute
from unetkit.training.estimate import TRIALS, seconds_per_step
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.plan import Plan
from unetkit.training.progress import Progress
from unetkit.training.session import to_device
from unetkit.training.state import pack, unpack
from unetkit.training.step import StepOutcome, Stepper

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


def state(made: Stepper) -> dict[str, bytes]:
    """Everything that a step could change, random numbers included."""
    tensors, metadata = pack(made, Progress(), Plan(6, "6 steps"))
    return {
        **{name: array.tobytes() for name, array in tensors.items()},
        "metadata": str(metadata).encode(),
        "mode": str([module.training for module in made.network.modules()]).encode(),
        "gradients": str([weight.grad for weight in made.network.parameters()]).encode(),
        "random": torch.get_rng_state().numpy().tobytes(),
    }


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd", "rmsprop"])
def test_trying_steps_leaves_no_trace(optimiser: str, steps: int):
    made = stepper(optimiser=optimiser)
    for number in range(steps):
        made.step([batch(number)], seed=number)
    before = state(made)
    assert seconds_per_step(made, batch(7), accumulate=1) > 0
    assert state(made) == before


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd", "rmsprop"])
def test_a_twin_takes_the_very_same_steps(optimiser: str):
    made = stepper(optimiser=optimiser)
    made.step([batch(0)], seed=0)
    twin = made.twin()
    assert twin.step([batch(1)], seed=1) == made.step([batch(1)], seed=1)
    assert torch.equal(weights(twin), weights(made))


def test_what_is_tried_is_the_step_itself(monkeypatch: pytest.MonkeyPatch):
    taken: list[int] = []
    step = Stepper.step

    def counted(self: Stepper, batches: Sequence[Batch], seed: int) -> StepOutcome:
        taken.append(seed)
        return step(self, batches, seed)

    monkeypatch.setattr(Stepper, "step", counted)
    seconds_per_step(stepper(), batch(0), accumulate=1)
    assert len(taken) == TRIALS


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
