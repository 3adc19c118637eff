"""A model's weights into a network with other classes, or for images with another number of channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from unetkit.networks.loading import Loaded, Tensors, load_weights

Rows = Sequence[int | None]
"""For each class of the network the class of the source that it is, or None: it is new."""

Layer = tuple[Tensor, Tensor]
"""Kernel [outputs, inputs, 1, 1] and bias [outputs] of a convolution of the head."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What became of a model's weights.

    Attributes:
        loaded: tensor by tensor.
        fits: whether any kernel was kept; without one the two networks have nothing in common.
        head: whether the head took rows of the source; otherwise all of its classes start fresh.
        converted: names of the kernels that look at the image and were brought to another number of channels.
    """

    loaded: Loaded
    fits: bool
    head: bool
    converted: tuple[str, ...]


def transfer(network: nn.Module, tensors: Tensors, rows: Rows, *, classes: int, channels: int) -> Transfer:
    """Copy what fits by name and shape, the head class by class.

    Args:
        network: keeps its fresh values where nothing fits.
        tensors: the state of the source.
        classes: of the source.
        channels: of the source's images.
    """
    own: dict[str, Tensor] = dict(network.state_dict())
    layers = class_layers(network)
    of_head = {name for layer in layers for name in _names(layer)}
    theirs = {name: torch.as_tensor(value) for name, value in tensors.items()}
    head = _moved_head(own, theirs, layers, rows, classes)

    def fit(name: str, value: Tensor, shape: torch.Size) -> Tensor | None:
        return head.get(name) if name in of_head else adapt_channels(value, shape, channels)

    loaded = load_weights(network, theirs, fit=fit)
    if head and None in rows:  # kept in part: known classes beside fresh ones
        loaded = replace(loaded, reset=(*loaded.reset, *(name for name in loaded.kept if name in of_head)))
    body = [name for name in loaded.kept if name not in of_head]
    return Transfer(
        loaded,
        fits=any(own[name].dim() > 1 for name in loaded.kept),
        head=bool(head),
        converted=tuple(name for name in body if theirs[name].shape != own[name].shape),
    )


def class_layers(network: nn.Module) -> tuple[str, ...]:
    """Names of the convolutions of the head whose outputs stand for classes, in their order; see `heads.py`."""
    head = dict(network.named_children()).get("head")
    if isinstance(head, nn.Conv2d):
        return ("head",)
    inside = head.named_children() if isinstance(head, nn.Sequential) else ()
    return tuple(f"head.{name}" for name, layer in inside if isinstance(layer, nn.Conv2d))


def adapt_channels(weight: Tensor, shape: torch.Size, channels: int = 3) -> Tensor:
    """A first convolution [out, channels, k, k] for another number of channels; other tensors are returned unchanged.

    Its kernels are averaged over their channels and shared out again, so that a grey image gives the very response
    that the same image gave as three equal channels.
    """
    fits = weight.dim() == len(shape) == 4 and weight.shape[1] == channels
    if not fits or shape[1] == channels or weight.shape[0] != shape[0] or weight.shape[2:] != shape[2:]:
        return weight
    return weight.sum(dim=1, keepdim=True).expand(shape) / shape[1]


# --- the head, class by class -----------------------------------------------------------------------------------


def _moved_head(
    own: dict[str, Tensor], theirs: dict[str, Tensor], layers: Sequence[str], rows: Rows, classes: int
) -> dict[str, Tensor]:
    """The tensors of the head with the rows of known classes; empty where no class is known or the shapes differ."""
    names = [name for layer in layers for name in _names(layer)]
    if not names or all(row is None for row in rows) or any(name not in theirs for name in names):
        return {}
    fresh = _by_class(_head(own, layers), len(rows))
    old = _by_class(_head(theirs, layers), classes)
    if fresh[0][0].shape[1:] != old[0][0].shape[1:] or any(len(bias) != classes for _, bias in old):
        return {}
    mixed: list[Layer] | None = _mixed(fresh, old, rows)
    if len(own[names[-1]]) < len(rows):
        mixed = _as_logit(mixed)
    return {} if mixed is None else dict(zip(names, (tensor for layer in mixed for tensor in layer), strict=True))


def _names(layer: str) -> tuple[str, str]:
    return f"{layer}.weight", f"{layer}.bias"


def _head(state: dict[str, Tensor], layers: Sequence[str]) -> list[Layer]:
    return [(state[f"{layer}.weight"], state[f"{layer}.bias"]) for layer in layers]


def _by_class(head: list[Layer], classes: int) -> list[Layer]:
    """A head with a row a class. The logit z of two classes becomes the scores (−z/2, z/2).

    Their softmax is that of (0, z); and a new class, whose score is about 0, wins nowhere. Of a head of two layers each
    class gets its own copy of what lies between them.
    """
    kernel, bias = head[-1]
    if classes != 2 or len(bias) != 1:
        return head
    halves = torch.tensor([-0.5, 0.5], dtype=bias.dtype, device=bias.device)
    scores = kernel * halves[:, None, None, None], bias * halves
    if len(head) == 1:
        return [scores]
    (first, first_bias), own = head[0], torch.eye(2, dtype=bias.dtype, device=bias.device)[:, :, None, None]
    return [(first.repeat(2, 1, 1, 1), first_bias.repeat(2)), (scores[0] * own, scores[1])]


def _as_logit(head: list[Layer]) -> list[Layer] | None:
    """A head of two classes as one with their logit; None where two layers hold more than one logit can say."""
    kernel, bias = head[-1]
    difference = kernel[1:] - kernel[:1], bias[1:] - bias[:1]
    if len(head) == 1:
        return [difference]
    first, first_bias = head[0]
    if not torch.equal(first[0], first[1]) or not torch.equal(first_bias[0], first_bias[1]):
        return None
    return [(first[:1], first_bias[:1]), (difference[0].sum(dim=1, keepdim=True), difference[1])]


def _mixed(fresh: list[Layer], old: list[Layer], rows: Rows) -> list[Layer]:
    """The fresh head, the rows of known classes from the old one."""
    known = [new for new, row in enumerate(rows) if row is not None]
    taken = [row for row in rows if row is not None]
    mixed = [(kernel.clone(), bias.clone()) for kernel, bias in fresh]
    for number, ((kernel, bias), (old_kernel, old_bias)) in enumerate(zip(mixed, old, strict=True)):
        bias[known] = old_bias[taken].to(bias)
        if number == 0:
            kernel[known] = old_kernel[taken].to(kernel)
        else:  # from class to class; a known one does not listen to what is fresh
            kernel[known] = 0.0
            kernel[torch.tensor(known)[:, None], known] = old_kernel[taken][:, taken].to(kernel)
    return mixed
