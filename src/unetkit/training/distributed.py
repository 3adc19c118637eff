"""Several processes that train one model, started by `torchrun`: what each needs of the others.

Each makes its part of every batch and of every scoring. Sums over pixels are taken over all of them before they become
a loss, so that the gradient is that of one process with the whole batch; gradients are then added, not averaged.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch import distributed as processes

from unetkit.errors import MachineError

Item = TypeVar("Item")

PATIENCE = timedelta(minutes=10)  # within a step; of one that has died on a machine that lives the others hear at once
LONG_PATIENCE = timedelta(days=1)  # for one that does alone what all need: to read and hash all images may take hours


class Group:
    """The processes of a run, seen from one of them. Alone it is the only one, and all of this costs nothing.

    Attributes:
        rank: its number, from 0 on; the first one leads: it writes, speaks and decides what a clock decides.
        size: how many there are.
        beside: how many of them are on this machine.

    Args:
        patient: the handle by which they wait for each other for long; that of a step when not given.
    """

    def __init__(
        self, rank: int = 0, size: int = 1, beside: int = 1, patient: processes.ProcessGroup | None = None
    ) -> None:
        self.rank, self.size, self.beside = rank, size, beside
        self._patient = patient

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """This process's part: every `size`-th, so that each is in exactly one part."""
        return items[self.rank :: self.size]

    # --- pixels of all processes, with their gradients -------------------------------------------------------------

    def sum(self, part: Tensor) -> Tensor:
        """The sum over all processes; the gradient flows into this process's part."""
        return part if self.size == 1 else _Sum.apply(part)  # type: ignore[no-any-return,no-untyped-call]

    def cat(self, part: Tensor) -> Tensor:
        """The parts of all processes in the order of their ranks, along the first dimension, which may differ."""
        return part if self.size == 1 else _Cat.apply(part, self.rank, self.size)  # type: ignore[no-any-return,no-untyped-call]

    def add_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its sum over all processes, in one exchange."""
        if self.size == 1:
            return
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        lengths = [gradient.numel() for gradient in gradients]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        with _heard():
            processes.all_reduce(flat)
        for gradient, summed in zip(gradients, torch.split(flat, lengths), strict=True):
            gradient.copy_(summed.view_as(gradient))

    # --- agreement --------------------------------------------------------------------------------------------------

    def follow(self, tensors: Iterable[Tensor]) -> None:
        """Take the first process's values, in place."""
        if self.size == 1:
            return
        with _heard():
            for tensor in tensors:
                processes.broadcast(tensor, src=0)

    def told(self, value: Item) -> Item:
        """What the first process says; the value of the others does not count."""
        if self.size == 1:
            return value
        box: list[Any] = [value]
        with _heard():
            processes.broadcast_object_list(box, src=0, group=self._patient)
        return box[0]  # type: ignore[no-any-return]

    def gather(self, value: Item) -> list[Item]:
        """What each process says, in the order of their ranks."""
        if self.size == 1:
            return [value]
        boxes: list[Any] = [None] * self.size
        with _heard():
            processes.all_gather_object(boxes, value, group=self._patient)
        return boxes

    def meet(self) -> None:
        """Wait until all are here, however long one of them takes."""
        if self.size == 1:
            return
        with _heard():
            processes.barrier(group=self._patient)

    def largest(self, *numbers: int) -> tuple[int, ...]:
        """Of each number the largest that any process says."""
        if self.size == 1:
            return numbers
        box = torch.tensor(numbers, dtype=torch.int64)
        with _heard():
            processes.all_reduce(box, op=processes.ReduceOp.MAX)
        return tuple(int(number) for number in box)


ALONE = Group()


def has_launcher() -> bool:
    """Whether `torchrun` has started this process, alone or with others."""
    return "WORLD_SIZE" in os.environ


def launched() -> int:
    """How many processes `torchrun` has started; 1 where it has not."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def joined(device: str) -> Generator[Group]:
    """The processes that `torchrun` has started; the only one where it has not.

    Args:
        device: "cpu" (gloo) or "cuda" (NCCL for tensors there, gloo for the rest).

    Raises:
        MachineError: the others cannot be reached.
    """
    size = launched()
    if size == 1:
        yield ALONE
        return
    with _heard():
        processes.init_process_group("gloo" if device == "cpu" else "cpu:gloo,cuda:nccl", timeout=PATIENCE)
        everybody = processes.new_group(backend="gloo", timeout=LONG_PATIENCE)
        patient = cast("processes.ProcessGroup", everybody)  # a number only where it leaves this process out
    try:
        yield Group(processes.get_rank(), size, int(os.environ.get("LOCAL_WORLD_SIZE", size)), patient)
    finally:
        processes.destroy_process_group()


@contextmanager
def _heard() -> Generator[None]:
    try:
        yield
    except RuntimeError as error:
        raise MachineError(
            "another process of this run has died: its own message says why",
            where=str(error).splitlines()[0],
            advice="mend that, and go on with --resume",
        ) from error


class _Sum(torch.autograd.Function):
    """All parts summed; every process computes the same from it, so that its own part gets the gradient as it is."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:  # noqa: ARG004
        summed = part.detach().clone()
        with _heard():
            processes.all_reduce(summed)
        return summed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ARG004
        return gradients[0]


class _Cat(torch.autograd.Function):
    """All parts one after the other; the gradient of this process's own goes back."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, rank: int, size: int) -> Tensor:
        lengths = [torch.zeros(1, dtype=torch.int64) for _ in range(size)]
        with _heard():
            processes.all_gather(lengths, torch.tensor([len(part)]))
        counts = [int(length) for length in lengths]
        padded = part.new_zeros((max(counts), *part.shape[1:]))
        padded[: len(part)] = part.detach()
        parts = [torch.zeros_like(padded) for _ in range(size)]
        with _heard():
            processes.all_gather(parts, padded)
        ctx.place = (sum(counts[:rank]), sum(counts[: rank + 1]))
        return torch.cat([whole[:count] for whole, count in zip(parts, counts, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        first, last = ctx.place
        return gradients[0][first:last], None, None
