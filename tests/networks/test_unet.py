"""The U-Net: any size, scores over their pixels, and what each choice changes."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from unetkit.networks import parameter_count
from unetkit.networks.anatomy import Anatomy, StemStride, Upsampling
from unetkit.networks.unet import UNet, halve

from contracts.network import image, scores

UPSAMPLING: list[Upsampling] = ["transposed-2", "transposed-3", "transposed-3-same", "bilinear", "nearest", "sub-pixel"]


@given(
    st.integers(1, 70), st.integers(1, 70), st.integers(1, 7), st.sampled_from([1, 2, 4]), st.sampled_from(UPSAMPLING)
)
@settings(deadline=None, max_examples=40)
def test_any_size_comes_out_as_it_went_in(
    height: int, width: int, depth: int, stride: StemStride, upsampling: Upsampling
) -> None:
    network = UNet(1, 3, Anatomy(depth=depth, width=1, width_cap=2, stem_stride=stride, upsampling=upsampling))

    assert scores(network, image(1, 1, height, width)).shape == (1, 3, height, width)


@pytest.mark.parametrize("depth", range(1, 8))
def test_depth_is_the_number_of_halvings(depth: int) -> None:
    network = UNet(1, 1, Anatomy(depth=depth, width=2, width_cap=4, stem_stride=1)).eval()

    assert bottleneck_size(network, 128) == 128 >> depth


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_the_stem_divides_the_size_by_its_stride(stride: StemStride) -> None:
    network = UNet(1, 1, Anatomy(depth=1, width=2, stem_stride=stride)).eval()

    assert bottleneck_size(network, 64) == 64 // stride // 2


def test_widths_double_up_to_the_cap() -> None:
    assert Anatomy(depth=5, width=24, width_cap=100).widths() == (24, 48, 96, 100, 100, 100)


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("upsampling", ["bilinear", "transposed-2"])
def test_scores_lie_exactly_over_their_pixels(stride: StemStride, upsampling: Upsampling) -> None:
    """Kernels that are their own mirror image make a network that commutes with mirroring, unless something shifts."""
    torch.manual_seed(0)
    network = UNet(1, 2, Anatomy(depth=2, width=4, stem_stride=stride, upsampling=upsampling))
    for weight in network.parameters():
        if weight.dim() == 4:
            weight.data = (weight.data + weight.data.flip(3)) / 2
    picture = image(1, 1, 32, 32)

    torch.testing.assert_close(scores(network, picture.flip(3)), scores(network, picture).flip(3), rtol=1e-4, atol=1e-5)


def test_halving_rounds_up_and_keeps_the_largest() -> None:
    numbers = torch.arange(15.0).reshape(1, 1, 3, 5)

    assert halve(numbers).tolist() == [[[[6, 8, 9], [11, 13, 14]]]]


def test_a_double_bottleneck_has_one_convolution_more() -> None:
    single, double = (UNet(1, 1, Anatomy(width=4, width_cap=16, bottleneck=kind)) for kind in ("single", "double"))

    assert parameter_count(double) - parameter_count(single) == 9 * 16 * 16 + 2 * 16


@pytest.mark.parametrize(("place", "expected"), [("bottleneck", 1), ("deep", 2), ("all", 7)])
def test_dropout_comes_after_the_blocks_it_is_told(place: str, expected: int) -> None:
    network = UNet(1, 1, Anatomy(depth=3, width=2, dropout=0.5, dropout_place=place))  # type: ignore[arg-type]

    assert sum(isinstance(module, nn.Dropout) for module in network.modules()) == expected


def test_a_residual_block_of_zeros_passes_its_input_on() -> None:
    network = UNet(1, 1, Anatomy(depth=1, width=4, width_cap=4, block="residual"))
    block = network.bottleneck
    for weight in block.parameters():
        nn.init.zeros_(weight)
    features = image(2, 4, 8, 8).relu()

    torch.testing.assert_close(block(features), features)


def test_a_closed_gate_lets_nothing_of_the_skip_through() -> None:
    level = UNet(1, 1, Anatomy(depth=1, width=4, attention=True)).decoder[0]
    gate = level.get_submodule("gate.weight")
    nn.init.constant_(gate.get_parameter("bias"), -1e4)
    seen = list[Tensor]()
    level.get_submodule("block").register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    level(image(1, 8, 4, 4), image(1, 4, 8, 8))

    assert not seen[0][:, :4].any()


def test_every_choice_builds_and_runs() -> None:
    choices = itertools.product(["plain", "residual"], ["batch", "group", "none"], ["before", "after"], [False, True])
    for block, norm, place, shared in choices:
        anatomy = Anatomy(depth=1, width=4, block=block, norm=norm, norm_place=place, shared_norm=shared)  # type: ignore[arg-type]
        assert scores(UNet(1, 2, anatomy), image(1, 1, 5, 5)).isfinite().all()


def test_any_size_survives_export() -> None:
    """One exported graph serves every size: no size was baked in."""
    network = UNet(1, 2, Anatomy(depth=1, width=1)).eval()
    free = dict.fromkeys((0, 2, 3), torch.export.Dim.AUTO)
    exported = torch.export.export(network, (image(2, 1, 21, 30),), dynamic_shapes=(free,))
    graph = exported.module(check_guards=False)  # they exclude sides of 1, on which the graph itself does not depend

    for size in [(1, 1), (7, 13), (64, 48)]:
        batch = image(3, 1, *size)
        torch.testing.assert_close(graph(batch), network(batch))


def bottleneck_size(network: UNet, size: int) -> int:
    """The height at which the bottleneck works on a square image of `size`."""
    seen = list[int]()
    network.bottleneck.register_forward_hook(lambda _, given, output: seen.append(output.shape[2]))
    network(image(1, 1, size, size))
    return seen[0]
