"""The noise table on a device, read from the same places as on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from unetkit.augmentation import noise
from unetkit.augmentation.parameters import Parameters


def normal_on(device: torch.device, place: int, shape: tuple[int, ...]) -> Tensor:
    """Normal numbers in this shape, as `noise.normal_from`."""
    start, count = place % noise.LENGTH, torch.Size(shape).numel()
    numbers = _table(str(device))
    if start + count > noise.LENGTH:
        numbers = numbers[(torch.arange(count, device=device) + start) % noise.LENGTH]
        return numbers.view(shape)
    return numbers[start : start + count].view(shape)


def patterns_on(device: torch.device, parameters: Sequence[Parameters], height: int, width: int) -> Tensor:
    """[N, 1, H, W]: the fixed pattern of each, as `noise.pattern`."""
    places = [p.grain + noise.PATTERN_AT for p in parameters]
    numbers = torch.stack([normal_on(device, place, (height + width,)) for place in places])
    rows, columns = numbers[:, None, :height, None], numbers[:, None, None, height:]
    return noise.ROWS * rows + noise.COLUMNS * columns


def drops_on(device: torch.device, parameters: Sequence[Parameters], height: int, width: int) -> Tensor:
    """[N, 1, H, W]: normal numbers from which rain is sown, as `noise.drops`."""
    places = [p.grain + noise.RAIN_AT for p in parameters]
    return torch.stack([normal_on(device, place, (1, height, width)) for place in places])


@cache
def _table(device: str) -> Tensor:
    return torch.from_numpy(noise.normal_from(0, (noise.LENGTH,))).to(device)
