"""What every network promises. A new one subclasses `NetworkContract` and writes `make`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

SIZES = [(1, 1), (1, 9), (7, 13), (32, 48), (33, 50)]


class NetworkContract:
    """Subclass as `class TestMine(NetworkContract)`; the tests come along."""

    def make(self, channels: int, outputs: int) -> nn.Module:
        raise NotImplementedError

    def seeded(self, channels: int = 3, outputs: int = 2) -> nn.Module:
        torch.manual_seed(0)
        return self.make(channels, outputs)

    @pytest.mark.parametrize(("height", "width"), SIZES)
    def test_the_size_is_kept(self, height: int, width: int) -> None:
        assert scores(self.seeded(), image(2, 3, height, width)).shape == (2, 2, height, width)

    @pytest.mark.parametrize("channels", [1, 3, 5])
    @pytest.mark.parametrize("outputs", [1, 4])
    def test_any_number_of_channels_and_outputs(self, channels: int, outputs: int) -> None:
        assert scores(self.seeded(channels, outputs), image(1, channels, 8, 8)).shape == (1, outputs, 8, 8)

    def test_one_pixel_of_one_image_can_be_trained_on(self) -> None:
        self.seeded().train()(image(1, 3, 1, 1)).sum().backward()

    def test_every_parameter_learns(self) -> None:
        network = self.seeded().train()
        network(image(2, 3, 32, 32)).square().mean().backward()
        still = [name for name, value in network.named_parameters() if value.grad is None or not value.grad.any()]

        assert not still

    def test_images_of_a_batch_do_not_meet_in_prediction(self) -> None:
        batch = image(3, 3, 20, 24)
        alone = torch.cat([scores(self.seeded(), one[None]) for one in batch])

        torch.testing.assert_close(scores(self.seeded(), batch), alone, rtol=1e-4, atol=1e-5)

    def test_the_same_seed_gives_the_same_weights(self) -> None:
        first, second = self.seeded().state_dict(), self.seeded().state_dict()

        assert all(torch.equal(first[name], second[name]) for name in first)

    def test_its_state_is_the_whole_of_it(self) -> None:
        network, other = self.seeded().train(), self.make(3, 2)
        network(image(2, 3, 32, 32))
        other.load_state_dict(network.state_dict())

        assert torch.equal(scores(network, image(1, 3, 9, 9)), scores(other, image(1, 3, 9, 9)))

    def test_channels_last_gives_the_same(self) -> None:
        network, batch = self.seeded(), image(2, 3, 20, 24)
        expected = scores(network, batch)
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

        torch.testing.assert_close(
            scores(network, batch.contiguous(memory_format=torch.channels_last)), expected, rtol=1e-4, atol=1e-5
        )


def image(count: int, channels: int, height: int, width: int) -> Tensor:
    """The same noise whenever the same size is asked for."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, channels, height, width, generator=generator)


def scores(network: nn.Module, batch: Tensor) -> Tensor:
    """What the network predicts."""
    with torch.inference_mode():
        return network.eval()(batch)
