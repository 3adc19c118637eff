"""Initial weights."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from unetkit.networks.anatomy import Initialisation
from unetkit.networks.blocks import Block
from unetkit.networks.growing import EvenConvolution
from unetkit.networks.stem import Stem


def initialise(network: nn.Module, rule: Initialisation) -> None:
    """Draw the weights of all convolutions anew, from PyTorch's global generator; biases become 0.

    - "he-normal" (He et al. 2015): normal with variance 2 / inputs for a convolution whose output is rectified;
      the others (head, transposed, 1×1) are linear and take Glorot's rule, which has no factor for the rectifier.
    - "glorot" (Glorot and Bengio 2010): uniform with variance 2 / (inputs + outputs), everywhere.
    - "default": PyTorch's own, left as it is.

    Sub-pixel layers start with four equal copies, which removes the initial checkerboard (Aitken et al. 2017).
    """
    if rule == "default":
        return
    before_rectifiers = (layer for module in network.modules() for layer in _rectified(module))
    rectified = {*before_rectifiers} if rule == "he-normal" else set[nn.Module]()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            _draw(module, he=module in rectified)
    for module in network.modules():
        if isinstance(module, nn.Sequential) and len(module) == 2 and isinstance(module[1], nn.PixelShuffle):
            _make_copies_equal(module[0])


def _rectified(module: nn.Module) -> Iterable[nn.Module]:
    """The convolutions of a layer of ours whose output goes through an activation."""
    if isinstance(module, Block):
        return module.convolutions
    if isinstance(module, Stem):
        return (module.convolution,)
    return (module,) if isinstance(module, EvenConvolution) else ()


def _draw(convolution: nn.Conv2d | nn.ConvTranspose2d, *, he: bool) -> None:
    if he:
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    else:
        nn.init.xavier_uniform_(convolution.weight)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)


def _make_copies_equal(convolution: nn.Module) -> None:
    weight: Tensor = convolution.get_parameter("weight")
    weight.data.copy_(weight.data[::4].repeat_interleave(4, dim=0))
