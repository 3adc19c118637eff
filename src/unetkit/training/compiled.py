"""The network's forward pass and its gradient, compiled for a GPU; where compiling fails, as they are."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from unetkit.console import warn

SHORTEST_SECONDS = 600.0
SHORTEST_STEPS = 10_000
"""The runs for which a minute of compiling is thought to pay. Not measured."""

COMPILERS = ("torch._dynamo.", "torch._inductor.")  # importing them to name their errors would cost a second


def pays(seconds: float | None, steps: int | None) -> bool:
    """Whether a run of this budget is long enough; one of neither (it replays a plan) counts as short."""
    if seconds is not None:
        return seconds >= SHORTEST_SECONDS
    return steps is not None and steps >= SHORTEST_STEPS


class Compiled:
    """A network, called as it is called, and compiled at the first call for the shape of its batch.

    What cannot be compiled here (no compiler for C, a GPU that is too old) is said once, and computed as it is.

    Args:
        backend: of `torch.compile`.
    """

    def __init__(self, network: nn.Module, backend: str | Callable[..., object] = "inductor") -> None:
        self._network = network
        self._compiled: Callable[[Tensor], Tensor] | None = torch.compile(network, backend=backend, dynamic=False)

    @property
    def works(self) -> bool:
        """Whether nothing has failed to be compiled so far."""
        return self._compiled is not None

    def __call__(self, images: Tensor) -> Tensor:
        """The network's output."""
        if self._compiled is not None:
            try:
                return self._compiled(images)
            except Exception as error:
                if not self.gave_up(error):
                    raise
        output: Tensor = self._network(images)
        return output

    def gave_up(self, error: Exception) -> bool:
        """Whether something could not be compiled, which is then said: from now on the network is called as it is.

        The gradient is compiled when it is first asked for: who meets an error there, asks.
        """
        if not type(error).__module__.startswith(COMPILERS):
            return False
        self._compiled = None
        warn(f"the network is not compiled: {' '.join(str(error).split()[:30])}")
        return True
