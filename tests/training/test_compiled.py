"""A network is compiled where a run is long enough, and computed as it is where that fails."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from functorch.compile import nop
from torch import nn
from torch._dynamo.backends.common import aot_autograd

from unetkit.losses import build_loss
from unetkit.networks import PRESETS, build
from unetkit.training import step
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.compiled import Compiled, pays
from unetkit.training.device import Compute
from unetkit.training.estimate import seconds_per_step
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.step import Stepper

IMAGES = torch.rand(2, 1, 16, 16)


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return build("unet", {**PRESETS["nano"], "depth": 1, "width": 4}, 1, 2)


@pytest.mark.parametrize(
    ("seconds", "steps", "told"),
    [(600, None, True), (599, None, False), (None, 10_000, True), (None, 9_999, False), (None, None, False)],
)
def test_only_long_runs_are_compiled(seconds: float | None, steps: int | None, told: bool) -> None:
    assert pays(seconds, steps) == told


def test_what_is_compiled_gives_the_same_scores_and_moves_the_same_statistics(network: nn.Module) -> None:
    expected = network(IMAGES)
    statistics = [buffer.clone() for buffer in network.buffers()]
    torch.manual_seed(0)
    other = build("unet", {**PRESETS["nano"], "depth": 1, "width": 4}, 1, 2)
    assert torch.equal(Compiled(other, "eager")(IMAGES), expected)
    assert all(map(torch.equal, other.buffers(), statistics))


def test_what_cannot_be_compiled_is_said_once_and_computed_as_it_is(network: nn.Module, said: io.StringIO) -> None:
    def nothing(*_: Any) -> Any:
        raise RuntimeError("Failed to find C compiler")

    forward = Compiled(network.eval(), nothing)
    for _ in range(3):
        assert torch.equal(forward(IMAGES), network(IMAGES))
    assert said.getvalue().count("warning") == 1
    assert "Failed to find C compiler" in said.getvalue()


class InductorError(RuntimeError):
    """As the compiler's own, which is named by its module."""


InductorError.__module__ = "torch._inductor.exc"


def stepper_that_compiles(monkeypatch: pytest.MonkeyPatch, network: nn.Module) -> Stepper:
    """Its forward pass is compiled, and its gradient cannot be."""

    def no_gradient(*_: Any) -> Any:
        raise InductorError("no triton")

    class WithoutGradient(Compiled):
        def __init__(self, network: nn.Module) -> None:
            super().__init__(network, aot_autograd(fw_compiler=nop, bw_compiler=no_gradient))

    monkeypatch.setattr(step, "Compiled", WithoutGradient)
    return stepper_of(network, Compute("cpu", 1, "fp32", compiled=True))


def stepper_of(network: nn.Module, compute: Compute) -> Stepper:
    optimiser = build_optimiser("adamw", network, Hyper(0.01, 0.9, 0.0))
    loss = build_loss("cross-entropy", classes=2, class_weights=None)
    return Stepper(network, loss, optimiser, MovingAverage(network, 0.9), compute, clip=1.0)


def test_a_gradient_that_cannot_be_compiled_is_computed_as_it_is(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch, said: io.StringIO
) -> None:
    batch = Batch(IMAGES, (IMAGES[:, 0] > 0.5).long(), ())
    plain = stepper_of(copy.deepcopy(network), Compute("cpu", 1, "fp32"))
    made = stepper_that_compiles(monkeypatch, network)
    first, expected = made.step([batch], seed=0), plain.step([batch], seed=0)
    assert first.loss == pytest.approx(expected.loss)
    assert first.gradient_norm == pytest.approx(expected.gradient_norm, rel=1e-5)
    assert not made.compiles
    assert said.getvalue().count("not compiled: no triton") == 1


def test_what_a_trial_could_not_compile_the_run_does_not_try_again(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch, said: io.StringIO
) -> None:
    made, batch = stepper_that_compiles(monkeypatch, network), Batch(IMAGES, (IMAGES[:, 0] > 0.5).long(), ())
    assert made.compiles
    seconds_per_step(made, batch, accumulate=1)
    assert not made.compiles
    assert said.getvalue().count("not compiled") == 1


def test_an_error_of_the_network_itself_is_not_taken_for_one_of_the_compiler(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    forward = Compiled(network, "eager")
    monkeypatch.setattr(forward, "_compiled", full)
    with pytest.raises(torch.OutOfMemoryError):
        forward(IMAGES)
