"""Our side of an import: the places for weights in a network, in the order in which an image meets them.

The order is not read off names but watched (`watching.py`): the network is built without memory for its weights
(PyTorch's device `meta`), and an image that is a shape only goes through it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from unetkit.importing.steps import JOIN, POOLING, Step
from unetkit.importing.watching import Call, watched
from unetkit.networks.anatomy import anatomy_from
from unetkit.networks.decoder import DecoderLevel
from unetkit.networks.network import build

_SMALLEST = 64  # foreign encoders halve five times and need something to be left


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one layer's weights.

    Attributes:
        name: of the layer in the network: "encoder.0.convolutions.0".
        kind: "convolution", "transposed", "norm", or what no foreign layer is.
        shape: of its weight.
        bias: whether it has one.
        epsilon: of a norm; else 0.
        skip: channels of its input that come from a skip and stand before those that were grown; else 0.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    bias: bool
    epsilon: float = 0.0
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A network as a foreign one is held against it.

    Attributes:
        settings: what `networks.build` was given.
        slots: in the order of work.
        steps: what is computed, in order, and whose results each step takes.
        state: name and shape of every tensor in its state.
        multiple: sides of images that are a multiple of it are halved without a remainder.
    """

    settings: Mapping[str, Any]
    slots: tuple[Slot, ...]
    steps: tuple[Step, ...]
    state: Mapping[str, tuple[int, ...]]
    multiple: int


def blueprint_of(name: str, settings: Mapping[str, Any], channels: int, outputs: int) -> Blueprint:
    """The blueprint of the network that `networks.build` makes of the same arguments.

    Raises:
        ConfigError, MissingExtra: as `networks.build`.
    """
    with torch.device("meta"):
        network: nn.Module = build(name, settings, channels, outputs).eval()
    anatomy = anatomy_from(settings)
    multiple = 2**anatomy.depth * int(anatomy.stem_stride)
    calls = watched(network, channels, max(multiple, _SMALLEST))
    modules = cast("Iterable[tuple[str, nn.Module]]", network.named_modules())
    names = {module: name for name, module in modules}
    skips = _skips(network)
    first_calls = dict.fromkeys(call.what for call in calls if isinstance(call.what, _WITH_WEIGHTS))
    slots = tuple(_slot(names[module], module, skips.get(module, 0)) for module in first_calls)
    state = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    return Blueprint(settings, slots, tuple(_step(call, names) for call in calls), state, multiple)


_WITH_WEIGHTS = (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.GroupNorm)
_WORDS: dict[type[nn.Module], str] = {
    nn.ConvTranspose2d: "transposed",
    nn.Conv2d: "convolution",
    nn.BatchNorm2d: "norm",
    nn.ReLU: "relu",
    nn.SiLU: "silu",
}
_FUNCTIONS = {"max_pool2d": POOLING, "cat": JOIN}


def _step(call: Call, names: Mapping[nn.Module, str]) -> Step:
    if isinstance(call.what, str):
        return Step(_FUNCTIONS.get(call.what, call.what), "", call.inputs)
    return Step(_word(call.what), names[call.what], call.inputs)


def _word(module: nn.Module) -> str:
    if isinstance(module, nn.Upsample):
        return str(module.mode)
    return next((word for kind, word in _WORDS.items() if isinstance(module, kind)), type(module).__name__.lower())


def _slot(name: str, module: nn.Module, skip: int) -> Slot:
    bias = getattr(module, "bias", None) is not None
    weight: torch.Tensor = module.get_parameter("weight")
    epsilon = float(module.eps) if isinstance(module, nn.BatchNorm2d) else 0.0
    return Slot(name, _word(module), tuple(weight.shape), bias, epsilon, skip)


def _skips(network: nn.Module) -> dict[nn.Module, int]:
    """The convolutions that take a skip and what was grown, and how many channels of it are the skip's."""
    found: dict[nn.Module, int] = {}
    for level in network.modules():
        if isinstance(level, DecoderLevel):
            first = next(layer for layer in level.block.modules() if isinstance(layer, nn.Conv2d))
            found[first] = first.in_channels - first.out_channels
    return found
