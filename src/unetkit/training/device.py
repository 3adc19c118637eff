"""Where the numbers are crunched: device, threads, precision."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass

import torch

from unetkit.data.parallel import processors
from unetkit.predicting.backends.torch import choose_device


@dataclass(frozen=True, slots=True)
class Compute:
    """A device and how it is used.

    Attributes:
        device: "cpu" or "cuda".
        threads: CPU threads of the tensor library.
        precision: "fp32" or "bf16" (autocast of the forward pass; weights and loss stay float32).
    """

    device: str
    threads: int
    precision: str

    def __str__(self) -> str:
        where = f"{self.threads} CPU threads" if self.device == "cpu" else "the GPU"
        return f"{where} in {self.precision}"

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """The context of a forward pass."""
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device, dtype=torch.bfloat16)


def choose_compute(device: str, threads: int, precision: str) -> Compute:
    """Turn "auto" into what is here.

    Args:
        device: "auto", "cpu" or "cuda".
        threads: 0 takes all processors that this process may use.
        precision: "auto" is bfloat16 on a GPU and on a CPU that computes in it (docs/decisions/006), else float32.

    Raises:
        DeviceMissing: "cuda" was asked for, and there is none.
    """
    chosen = choose_device(device)
    if precision == "auto":
        precision = "bf16" if chosen == "cuda" or torch.cpu.get_capabilities().get("avx512_bf16") else "fp32"
    return Compute(chosen, threads or processors(), precision)


@contextlib.contextmanager
def prepared(compute: Compute) -> Generator[None]:
    """Set the process up so that the same seed gives the same bits on the CPU; afterwards numbers are as before."""
    torch.set_num_threads(compute.threads)
    # Subnormal numbers cost a hundredfold on CPUs and carry nothing here.
    torch.set_flush_denormal(True)
    if compute.device == "cuda":
        torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
