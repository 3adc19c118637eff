"""Norms, on what PyTorch refuses: one value per channel."""

from __future__ import annotations

import pytest
import torch

from unetkit.networks.norms import BatchNorm, make_norm

from contracts.network import image


def test_one_value_per_channel_takes_the_running_statistics_and_leaves_them() -> None:
    norm = BatchNorm(3).train()
    norm(image(4, 3, 8, 8))
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    one = image(1, 3, 1, 1)
    trained = norm(one)

    torch.testing.assert_close(trained, norm.eval()(one))
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())


def test_otherwise_it_is_pytorchs_batch_norm() -> None:
    ours, theirs = BatchNorm(3).train(), torch.nn.BatchNorm2d(3).train()

    torch.testing.assert_close(ours(image(1, 3, 1, 2)), theirs(image(1, 3, 1, 2)))
    torch.testing.assert_close(ours.running_var, theirs.running_var)


@pytest.mark.parametrize("channels", [1, 2, 4, 6, 16, 17, 48, 256])
def test_group_norm_divides_any_width(channels: int) -> None:
    normalised = make_norm("group", channels)(image(2, channels, 8, 8) * 5 + 3)

    assert normalised.mean().item() == pytest.approx(0, abs=1e-4)
    assert normalised.square().mean().item() == pytest.approx(1, abs=1e-2)


def test_a_group_of_one_value_becomes_zero() -> None:
    assert make_norm("group", 1)(torch.full((1, 1, 1, 1), 5.0)).item() == pytest.approx(0, abs=1e-3)
