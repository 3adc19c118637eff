"""The moving average of the weights."""

import pytest
import torch

from unetkit.training.average import MovingAverage


def changed(network: torch.nn.Module, value: float) -> None:
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(value)


def test_the_average_follows_the_recurrence():
    network = torch.nn.Linear(2, 1)
    changed(network, 0.0)
    average = MovingAverage(network, decay=0.9)
    expected = 0.0
    for update in range(1, 40):
        changed(network, float(update))
        average.update()
        decay = min(0.9, (1 + update) / (5 + update))
        expected = decay * expected + (1 - decay) * update
    assert float(average.network.weight[0, 0]) == pytest.approx(expected, rel=1e-5)  # pyright: ignore[reportIndexIssue, reportArgumentType, reportUnknownArgumentType]


def test_without_decay_the_average_is_the_network():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    average = MovingAverage(network, decay=0.0)
    network(torch.randn(2, 1, 5, 5))
    changed(network, 3.0)
    average.update()
    for name, tensor in network.state_dict().items():
        assert torch.equal(average.network.state_dict()[name], tensor), name


def test_the_average_stays_in_evaluation_mode_and_needs_no_gradient():
    average = MovingAverage(torch.nn.Linear(1, 1).train(), decay=0.5).network
    assert not average.training
    assert not any(weight.requires_grad for weight in average.parameters())
