"""The training step, and the state that a checkpoint must hold for it."""

import time
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from unetkit.errors import OutOfMemory
from unetkit.losses import build_loss
from unetkit.networks import PRESETS, build
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.device import Compute
from unetkit.training.estimate import COLD, ENOUGH, TRIALS, seconds_per_step, wants_another
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.plan import Plan
from unetkit.training.progress import Progress
from unetkit.training.session import to_device
from unetkit.training.state import pack, unpack
from unetkit.training.step import StepOutcome, Stepper

SETTINGS = {**PRESETS["nano"], "depth": 2, "width": 4, "dropout": 0.2}


def stepper(*, optimiser: str = "adamw", rate: float = 1e-2, clip: float = 1.0) -> Stepper:
    torch.manual_seed(0)
    network = to_device(build("unet", SETTINGS, 1, 2), Compute("cpu", 1, "fp32"))
    made = build_optimiser(optimiser, network, Hyper(rate, 0.9, 0.01))
    loss = build_loss("cross-entropy", classes=2, class_weights=None)
    return Stepper(network, loss, made, MovingAverage(network, 0.9), Compute("cpu", 1, "fp32"), clip=clip)


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


@pytest.mark.parametrize("said", ["DefaultCPUAllocator: can't allocate memory", "CUDA out of memory"])
def test_a_trial_that_does_not_fit_names_the_batch(monkeypatch: pytest.MonkeyPatch, said: str):
    def greedy(*_: Any, **__: Any) -> StepOutcome:
        raise RuntimeError(said)

    monkeypatch.setattr(Stepper, "step", greedy)
    with pytest.raises(OutOfMemory, match="a step of 4 images of 16×16 does not fit"):
        seconds_per_step(stepper(), batch(0), accumulate=1)


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


@pytest.mark.parametrize(
    ("cold", "warm", "tries"), [(0.0, 0.0, TRIALS), (2 * ENOUGH, 0.0, TRIALS), (0.0, ENOUGH, 2), (COLD, 0.0, 1)]
)
def test_what_is_tried_is_the_step_itself_and_neither_a_cold_one_counts_nor_is_a_slow_one_tried_for_long(
    cold: float, warm: float, tries: int, monkeypatch: pytest.MonkeyPatch
):
    taken: list[int] = []
    step = Stepper.step

    def counted(self: Stepper, batches: Sequence[Batch], seed: int) -> StepOutcome:
        taken.append(seed)
        time.sleep(warm if len(taken) > 1 else cold)
        return step(self, batches, seed)

    monkeypatch.setattr(Stepper, "step", counted)
    seconds = seconds_per_step(stepper(), batch(0), accumulate=1)
    assert len(taken) == tries
    assert tries == 1 or seconds < warm + ENOUGH / 2


def test_weights_to_go_back_to_and_those_on_trial_come_back_from_a_checkpoint():
    made, other = stepper(), stepper()
    made.keep()
    made.judge(good=True)
    made.step([batch(0)], seed=0)
    made.keep()
    unpack(*pack(made, Progress(), None), other)
    for ours, theirs in ((made.kept, other.kept), (made.candidate, other.candidate)):
        assert ours
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(weight, theirs[name]) for name, weight in ours.items())
    assert any(not torch.equal(weight, made.kept[name]) for name, weight in made.candidate.items())


def test_the_first_step_on_a_gpu_never_counts():
    assert wants_another([600.0], "cuda")


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


def test_accumulated_batches_give_the_mean_loss_and_the_mean_gradient(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(SETTINGS, "dropout", 0.0)

    def stepped(*numbers: int) -> tuple[float, float, torch.Tensor]:
        made = stepper(clip=0.0)
        outcome = made.step([batch(number) for number in numbers], seed=0)
        gradients = [weight.grad.flatten().double() for weight in made.network.parameters() if weight.grad is not None]
        return outcome.loss, outcome.gradient_norm, torch.cat(gradients)

    loss, norm, gradient = stepped(1, 2)
    (first, _, one), (second, _, other) = stepped(1), stepped(2)
    assert loss == pytest.approx((first + second) / 2)
    assert (gradient - (one + other) / 2).norm() < 1e-5 * gradient.norm()
    assert norm == pytest.approx(float(gradient.norm()), rel=1e-5)
    assert one.norm() > 0
    assert (one - other).norm() > 0.1 * one.norm(), "else the mean would be told by either"


def test_a_gradient_is_cut_to_its_largest_norm_and_its_own_is_told():
    made, limit = stepper(clip=1e-3), 1e-3
    outcome = made.step([batch(0)], seed=0)
    gradients = [weight.grad.flatten() for weight in made.network.parameters() if weight.grad is not None]
    assert float(torch.cat(gradients).norm()) == pytest.approx(limit, rel=1e-2)
    assert outcome.gradient_norm > 10 * limit


def test_going_back_takes_what_was_kept_for_network_and_average_and_forgets_the_moments():
    made = stepper()
    made.step([batch(0)], seed=0)
    made.keep()
    kept = {name: tensor.clone() for name, tensor in made.average.network.state_dict().items()}
    made.judge(good=True)
    for number in range(1, 4):
        made.step([batch(number)], seed=number)
    made.keep()
    made.go_back()
    for network in (made.network, made.average.network):
        assert all(torch.equal(tensor, kept[name]) for name, tensor in network.state_dict().items())
    assert made.optimiser.tensors() == {}
    assert made.candidate == {}


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
    assert plan is not None
    assert (progress.step, plan.total, resumed.average.updates) == (3, 6, 6)


# --- a step that is queued on a device, and whose numbers nobody waits for --------------------------------------------

FUSED = ("adam", "adamw", "sgd")
WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal")


class Watch(TorchDispatchMode):
    """Notes every operation that needs a number of the device on the host: there a GPU would be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        by_mask = name == "index" and any(one is not None and one.dtype == torch.bool for one in args[1])
        if name in WAITING or by_mask:
            self.waits.append(name)
        return func(*args, **(kwargs or {}))


def late(optimiser: str = "adamw") -> Stepper:
    """As on a GPU."""
    made = stepper(optimiser=optimiser)
    made.looks_first = False
    return made


@pytest.mark.parametrize("optimiser", FUSED)
def test_without_looking_first_the_steps_are_the_same(optimiser: str):
    looking, blind = stepper(optimiser=optimiser), late(optimiser)
    for number in range(4):
        batches = [batch(number), batch(number + 10)]
        assert looking.step(batches, seed=number) == blind.step(batches, seed=number)
    assert torch.equal(weights(looking), weights(blind))
    assert all(map(torch.equal, looking.average.network.buffers(), blind.average.network.buffers()))


@pytest.mark.parametrize("optimiser", FUSED)
def test_a_step_that_is_not_finite_updates_no_weight_though_nobody_looked(optimiser: str):
    made = late(optimiser)
    made.step([batch(0)], seed=0)
    before = [weight.clone() for weight in made.network.parameters()]
    poisoned = batch(1)
    poisoned.images[0, 0, 0, 0] = float("nan")
    assert not made.step([poisoned], seed=1).finite
    assert all(map(torch.equal, made.network.parameters(), before))


@pytest.mark.parametrize("loss", ["cross-entropy", "dice", "bce", "focal+0.5*tversky"])
def test_a_queued_step_waits_for_nothing_that_the_device_computes(loss: str):
    made = late()
    made.loss = build_loss(loss, classes=2, class_weights=(1.0, 2.0))
    made.step([batch(0)], seed=0)
    with Watch() as watch:
        made.launch([batch(1), batch(2)], seed=1)
    assert watch.waits == []


def test_control_a_step_that_looks_first_is_caught_waiting():
    made = stepper()
    with Watch() as watch:
        made.launch([batch(1)], seed=1)
    assert "_local_scalar_dense" in watch.waits


def test_numbers_that_are_read_late_are_those_of_their_own_step():
    made, other = late(), stepper()
    queued = [made.launch([batch(number)], seed=number) for number in range(3)]
    assert [one.outcome() for one in queued] == [other.step([batch(number)], seed=number) for number in range(3)]


def test_an_optimiser_that_cannot_skip_by_itself_is_looked_at_first():
    network = to_device(build("unet", SETTINGS, 1, 2), Compute("cpu", 1, "fp32"))
    made = {name: build_optimiser(name, network, Hyper(1e-2, 0.9, 0.01)) for name in (*FUSED, "rmsprop")}
    loss, average = build_loss("cross-entropy", classes=2, class_weights=None), MovingAverage(network, 0.9)
    looks = {
        name: Stepper(network, loss, one, average, Compute("cuda", 1, "bf16"), clip=1.0).looks_first
        for name, one in made.items()
    }
    assert looks == {"adam": False, "adamw": False, "sgd": False, "rmsprop": True}
