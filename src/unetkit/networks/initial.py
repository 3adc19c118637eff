"""Initial weights."""

from __future__ import annotations

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
    rectified = _rectified(network) if rule == "he-normal" else set[nn.Module]()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            _draw(module, he=module in rectified)
    for module in network.modules():
        if isinstance(module, nn.Sequential) and len(module) == 2 and isinstance(module[1], nn.PixelShuffle):
            _make_copies_equal(module[0])


def _rectified(network: nn.Module) -> set[nn.Module]:
    found: set[nn.Module] = set()
    for module in network.modules():
        if isinstance(module, Block):
            found.update(module.convolutions)
        elif isinstance(module, Stem):
            found.add(module.convolution)
        elif isinstance(module, EvenConvolution):
            found.add(module)
    return found


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
