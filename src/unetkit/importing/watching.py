"""A network of ours, watched at work: what computes, in which order, and whose results it takes.

Layers say when it is their turn (PyTorch's hooks), and what stands between them, as the halving and the join, is seen
as it is called (`TorchFunctionMode`). Results are told apart as objects, so that a layer that works in place changes
the result of the one before it for everyone who takes that later, as it does in truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A layer or a function, once at work.

    Attributes:
        what: the layer, or the name of the function.
        inputs: numbers of the calls whose results it takes, counted from 1; 0 is the image.
    """

    what: nn.Module | str
    inputs: tuple[int, ...]


def watched(network: nn.Module, channels: int, side: int) -> list[Call]:
    """Everything that computes, as often as it does, while an image that is a shape only goes through the network.

    Args:
        network: on the device `meta`. It is left with the hooks of this watch.
        channels: of the image.
        side: of the image, which is square; a multiple of all that the network divides by, so that nothing is cut.
    """
    image = torch.empty(1, channels, side, side, device="meta")
    watch = _Watch(image)
    for module in network.modules():
        if not list(module.children()):
            module.register_forward_pre_hook(watch.begin)
            module.register_forward_hook(watch.end)
    with watch:
        network(image)
    return watch.calls


_SILENT = (nn.Dropout, nn.Identity)
"""Layers that change nothing in prediction."""


class _Watch(TorchFunctionMode):
    """Sees the layers and, between them, the functions; what a layer calls to do its own work is its own affair."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._made: dict[int, tuple[int, Tensor]] = {id(image): (0, image)}  # held, lest another gets its id
        self._inside = False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        result = func(*args, **given)
        if not self._inside and isinstance(result, Tensor):
            inputs = self._numbers((args, given))
            self._note(func.__name__, inputs, result, silent=_cuts_nothing(func.__name__, args, result))
        return result

    def begin(self, *_: object) -> None:
        """A layer begins its work."""
        self._inside = True

    def end(self, layer: nn.Module, given: tuple[Any, ...], result: object) -> None:
        """A layer has done its work."""
        self._inside = False
        self._note(layer, self._numbers(given), result, silent=isinstance(layer, _SILENT))

    def _note(self, what: nn.Module | str, inputs: tuple[int, ...], result: object, *, silent: bool) -> None:
        if not silent:
            self.calls.append(Call(what, inputs))
        if isinstance(result, Tensor) and (inputs or not silent):
            self._made[id(result)] = (inputs[0] if silent else len(self.calls), result)

    def _numbers(self, given: object) -> tuple[int, ...]:
        """By which calls the tensors among arguments were made; weights were made by none."""
        return tuple(self._made[id(tensor)][0] for tensor in _tensors(given) if id(tensor) in self._made)


def _cuts_nothing(name: str, args: tuple[Any, ...], result: Tensor) -> bool:
    """Whether a function is the cut of a grown level to the size of its skip, where both are of one size."""
    return name == "__getitem__" and isinstance(args[0], Tensor) and args[0].shape == result.shape


def _tensors(given: object) -> Iterator[Tensor]:
    """The tensors among arguments, however deep, in order."""
    if isinstance(given, Tensor):
        yield given
    for one in _inside(given):
        yield from _tensors(one)


def _inside(given: object) -> Iterable[object]:
    if isinstance(given, Mapping):
        return cast("Mapping[str, object]", given).values()
    return cast("Iterable[object]", given) if isinstance(given, list | tuple) else ()
