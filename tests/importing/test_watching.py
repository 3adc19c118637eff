"""A network watched at work: small ones, whose calls are drawn by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from unetkit.importing.watching import watched


class Small(nn.Module):
    """One level with a skip that leaves before or after the ReLU, which works in place or not."""

    def __init__(self, *, early: bool, in_place: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=in_place)
        self.dropout = nn.Dropout(0.5)
        self.growing = nn.Upsample(scale_factor=2)
        self.head = nn.Conv2d(8, 2, 1)
        self.early = early

    def forward(self, image: Tensor) -> Tensor:
        """[N, 3, H, W] → [N, 2, H, W]."""
        before = self.convolution(image)
        after = self.dropout(self.relu(before))
        skip = before if self.early else after
        grown = self.growing(functional.max_pool2d(after, 2))
        return self.head(torch.cat([skip, grown[..., : skip.shape[2], : skip.shape[3]]], dim=1))


def calls(network: nn.Module) -> list[tuple[str, tuple[int, ...]]]:
    """What is called, and whose results it takes."""
    with torch.device("meta"):
        seen = watched(network.to("meta").eval(), 3, 8)
    return [(one.what if isinstance(one.what, str) else type(one.what).__name__, one.inputs) for one in seen]


def test_layers_and_functions_are_seen_with_those_whose_results_they_take() -> None:
    """Dropout does nothing in prediction, nor does a cut of what has the size already: they pass on what they take."""
    late = [
        *(("Conv2d", (0,)), ("ReLU", (1,)), ("max_pool2d", (2,)), ("Upsample", (3,))),
        *(("cat", (2, 4)), ("Conv2d", (5,))),
    ]
    assert calls(Small(early=False, in_place=False)) == late


def test_a_skip_that_leaves_before_the_relu_is_seen() -> None:
    assert ("cat", (1, 4)) in calls(Small(early=True, in_place=False))


def test_what_is_changed_in_place_is_changed_for_whoever_took_it_before() -> None:
    """The oracle is the network itself, in numbers: its skip holds nothing negative, whenever it was taken."""
    assert ("cat", (2, 4)) in calls(Small(early=True, in_place=True))

    torch.manual_seed(0)
    image = torch.randn(1, 3, 8, 8)
    network = Small(early=True, in_place=True).eval()
    seen: list[Tensor] = []
    network.head.register_forward_pre_hook(lambda _, given: seen.append(given[0][:, :4]))
    network(image)
    assert (seen[0] >= 0).all()
    assert (network.convolution(image) < 0).any()


class Twice(nn.Module):
    """A layer that works twice, a sum, a real cut, and arithmetic on weights."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """[N, 3, H, W] → [N, 3, H, W / 2]."""
        once = self.convolution(image)
        twice = self.convolution(once)
        return (once + twice * self.convolution.weight.sum())[..., : image.shape[3] // 2]


def test_a_layer_that_works_twice_is_seen_twice_and_a_real_cut_is_no_passing_on() -> None:
    assert calls(Twice()) == [
        *(("Conv2d", (0,)), ("Conv2d", (1,)), ("sum", ()), ("mul", (2, 3))),
        *(("add", (1, 4)), ("__getitem__", (5,))),
    ]
