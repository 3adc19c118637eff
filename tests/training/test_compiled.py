"""A network is compiled where a run is long enough, and computed as it is where that fails."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import nn

from unetkit.networks import PRESETS, build
from unetkit.training.compiled import Compiled, pays

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


def test_an_error_of_the_network_itself_is_not_taken_for_one_of_the_compiler(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    forward = Compiled(network, "eager")
    monkeypatch.setattr(forward, "_compiled", full)
    with pytest.raises(torch.OutOfMemoryError):
        forward(IMAGES)
