"""From main memory to the device, beside the network's work: page-locked buffers, and a stream of their own.

On a CPU all of this is plain copying, so that what is made of it can be compared there.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from unetkit.console import warn
from unetkit.data.arrays import Image, Mask

# Most operations know no uint16: its bits travel as int16, and become numbers again where they are used.
_KINDS = {1: torch.uint8, 2: torch.int16}  # by bytes


def kind_of(array: Image | Mask) -> torch.dtype:
    """What holds the array's bits on a device: uint8, or int16 for uint16."""
    return _KINDS[array.dtype.itemsize]


def numbers_of(bits: Tensor) -> Tensor:
    """The values that stood in the arrays: uint8 as they are, int16 bits as int32 of 0..65535."""
    return bits.int().bitwise_and_(0xFFFF) if bits.dtype == torch.int16 else bits


def exact_device(name: str) -> torch.device:
    """The device with its number: "cuda" alone is another one in a new thread than in this one."""
    return torch.device(name, torch.cuda.current_device()) if name == "cuda" else torch.device(name)


class Lane:
    """A stream of its own on a GPU, so that batches are made while the network computes; on a CPU nothing.

    Made by the thread whose stream reads the batches.
    """

    def __init__(self, device: torch.device) -> None:
        on_gpu = device.type == "cuda"
        self._stream = torch.cuda.Stream(device) if on_gpu else None
        self._reader = torch.cuda.current_stream(device) if on_gpu else None

    @contextmanager
    def used(self) -> Generator[None]:
        """All that is queued in the block is done when it ends, however it ends: buffers may be written to again.

        The thread waits for it, the network does not.
        """
        if self._stream is None:
            yield
            return
        with torch.cuda.stream(self._stream):
            try:
                yield
            finally:
                self._stream.synchronize()

    def hand_over(self, *tensors: Tensor) -> None:
        """What was made here is read by the network: its memory stays taken until that has been computed."""
        for tensor in tensors:
            if self._reader is not None:
                tensor.record_stream(self._reader)


class Mover:
    """Moves arrays of one shape, stacked, to a device through a buffer of its own, page-locked where that helps.

    There is one buffer: who calls again waits until the copy before is done (`Lane.used`).
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._buffer: Tensor | None = None

    def __call__(self, arrays: Sequence[Image] | Sequence[Mask]) -> Tensor:
        """[N, ...] on the device, the bits as they were stored (`numbers_of`)."""
        if self._buffer is None or len(self._buffer) < len(arrays):
            self._buffer = self._locked((len(arrays), *arrays[0].shape), kind_of(arrays[0]))
        stacked = self._buffer[: len(arrays)]
        np.stack(arrays, out=stacked.numpy().view(arrays[0].dtype))
        return stacked.to(self._device, non_blocking=True, copy=True)

    def _locked(self, shape: tuple[int, ...], kind: torch.dtype) -> Tensor:
        if self._device.type == "cuda":
            try:
                return torch.empty(shape, dtype=kind, pin_memory=True)
            except RuntimeError as error:  # the system lets no more memory be locked
                warn(f"images are moved to the GPU from ordinary memory: {str(error).splitlines()[0]}")
        return torch.empty(shape, dtype=kind)
