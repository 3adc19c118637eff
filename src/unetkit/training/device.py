"""Where the numbers are crunched: device, threads, precision."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch.utils import deterministic

from unetkit.data.parallel import processors
from unetkit.predicting.backends.torch import choose_device
from unetkit.training.allocator import kept_memory


@dataclass(frozen=True, slots=True)
class Compute:
    """A device and how it is used.

    Attributes:
        device: "cpu" or "cuda".
        threads: CPU threads of the tensor library.
        precision: "fp32" or "bf16" (autocast of the forward pass; weights and loss stay float32).
        deterministic: the same bits each time.
        compiled: whether the network's step is compiled.
        processes: that share the batch, each with such a device and so many threads.
    """

    device: str
    threads: int
    precision: str
    deterministic: bool = True
    compiled: bool = False
    processes: int = 1

    def __str__(self) -> str:
        where = f"{self.threads} CPU threads" if self.device == "cpu" else "the GPU"
        if self.processes > 1:
            where = f"{self.processes} processes with {where} each"
        return f"{where} in {self.precision}{', compiled' if self.compiled else ''}"

    def to_json(self) -> dict[str, Any]:
        """The fields, and the name of the GPU if it is one."""
        return asdict(self) | ({"gpu": torch.cuda.get_device_name()} if self.device == "cuda" else {})

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """The context of a forward pass."""
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device, dtype=torch.bfloat16)


def choose_compute(device: str, threads: int, precision: str, deterministic: bool | None = None) -> Compute:
    """Turn "auto" into what is here.

    Args:
        device: "auto", "cpu" or "cuda".
        threads: 0 takes all processors that this process may use.
        precision: "auto" is bfloat16 on a GPU or a CPU that computes in it (docs/decisions/006), else float32.
        deterministic: None is yes on a CPU and no on a GPU, where it costs much.

    Raises:
        DeviceMissing: "cuda" was asked for, and there is none.
    """
    chosen = choose_device(device)
    if precision == "auto":
        precision = "bf16" if _computes_in_bfloat16(chosen) else "fp32"
    exact = chosen == "cpu" if deterministic is None else deterministic
    own = max(processors() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")), 1)  # several processes share a machine
    return Compute(chosen, threads or own, precision, exact)


def _computes_in_bfloat16(device: str) -> bool:
    """GPUs older than Ampere only imitate it, which is slower than float32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("avx512_bf16"))


@contextlib.contextmanager
def prepared(compute: Compute) -> Generator[None]:
    """Set the process up so that the same seed gives the same bits on the CPU; afterwards numbers are as before."""
    torch.set_num_threads(compute.threads)
    # Subnormal numbers cost a hundredfold on CPUs and carry nothing here.
    torch.set_flush_denormal(True)
    _choose_algorithms(compute)
    try:
        with kept_memory():
            yield
    finally:
        torch.set_flush_denormal(False)


def _choose_algorithms(compute: Compute) -> None:
    """On a GPU deterministic ones, or the fastest; where it has no deterministic one, torch says so and goes on.

    On a CPU nothing here depends on anything but the number of threads, and asking torch for it costs a second.
    """
    if compute.device == "cuda":
        torch.use_deterministic_algorithms(compute.deterministic, warn_only=True)
        # Nothing here reads what it has not written.
        deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        torch.backends.cudnn.benchmark = not compute.deterministic
        torch.backends.cudnn.deterministic = compute.deterministic
