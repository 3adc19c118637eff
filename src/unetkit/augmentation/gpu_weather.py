"""Fog, glare and rain of several samples at once, as tensors: the veils of `weather`, made on the device.

Made by NumPy for one sample of 512×512 they take 4 to 5 ms, a hundred times as long as drawing its parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from unetkit.augmentation import weather
from unetkit.augmentation.gpu_noise import drops_on
from unetkit.augmentation.parameters import Parameters


class Field:
    """Where the veils lie: so many samples of height × width on a device.

    Attributes:
        x, y: of every pixel, [1, 1, 1, W] and [1, 1, H, 1], float32.
    """

    def __init__(self, parameters: Sequence[Parameters], height: int, width: int, device: torch.device) -> None:
        self.parameters, self.height, self.width, self.device = parameters, height, width, device
        self.x = torch.arange(width, dtype=torch.float32, device=device).view(1, 1, 1, -1)
        self.y = torch.arange(height, dtype=torch.float32, device=device).view(1, 1, -1, 1)

    def columns(self, of: Callable[[Parameters], Sequence[float]]) -> tuple[Tensor, ...]:
        """Numbers of each sample, each [N, 1, 1, 1]: one copy to the device for all of them."""
        rows = torch.tensor([of(p) for p in self.parameters], dtype=torch.float32)
        return rows.to(self.device).view(len(rows), -1, 1, 1, 1).unbind(1)

    def drops(self) -> Tensor:
        """The normal numbers of rain and glints, [N, 1, H, W]."""
        return drops_on(self.device, self.parameters, self.height, self.width)


def veils(parameters: Sequence[Parameters], height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Gain and light, both [N, 1, H, W]: new value = gain * value + light, values in shares of the range."""
    field = Field(parameters, height, width, device)
    gain = torch.ones((len(parameters), 1, height, width), device=device)
    light = torch.zeros_like(gain)
    for opacity, level in _layers(field):
        gain = gain * (1 - opacity)
        light = light + opacity * (level - light)
    return gain, light


def _layers(field: Field) -> Iterator[tuple[Tensor, Tensor | float]]:
    """Opacity and brightness, the farthest first; where a sample has none of it, its opacity is 0."""
    if any(p.fog for p in field.parameters):
        yield _fog(field), field.columns(lambda p: [p.fog_level])[0]
    if any(p.glare for p in field.parameters):
        yield _glare(field), 1.0
    if any(p.rain for p in field.parameters):
        yield _rain(field), weather.RAIN_LEVEL


def _fog(field: Field) -> Tensor:
    def terms(p: Parameters) -> list[float]:
        *line, length = weather.horizon_terms(p, field.height, field.width)
        return [p.fog, *(term / (length * field.height) for term in line)]

    fog, across, down, start = field.columns(terms)
    below = across * field.x + down * field.y + start
    depth = torch.where(below > 0, below / weather.FOG_BELOW, below / -weather.FOG_ABOVE)
    return fog / (1 + depth * depth)


def _glare(field: Field) -> Tensor:
    diagonal = math.hypot(field.height, field.width)
    glare, x, y, radius = field.columns(
        lambda p: [p.glare, p.glare_x * field.width, p.glare_y * field.height, p.glare_radius * diagonal]
    )
    x, y = field.x - x, field.y - y
    distance = torch.hypot(x, y) / radius
    halo = 0.75 * torch.exp(-2 * distance * distance) + 0.25 / (1 + 4 * distance * distance)
    path = torch.exp(-((x / (0.5 * radius + 0.15 * y.clamp_min(0))) ** 2))
    glints = (field.drops() - weather.GLINTS).clamp(0, 1) * (y > 0.5 * radius) * path
    return glare * torch.maximum(halo, glints)


def _rain(field: Field) -> Tensor:
    sown = (2 * (field.drops() - weather.SEEDS)).clamp(0, 1)
    kernels = [torch.from_numpy(weather.streak(p.rain_angle, field.height)) for p in field.parameters]
    weights, edge = torch.stack(kernels).to(field.device).unsqueeze(1), len(kernels[0]) // 2
    padded = functional.pad(sown, (edge,) * 4, mode="replicate").transpose(0, 1)
    fallen = functional.conv2d(padded, weights, groups=len(kernels)).transpose(0, 1)
    (rain,) = field.columns(lambda p: [p.rain])
    return rain * (weather.RAIN_HAZE + (1 - weather.RAIN_HAZE) * fallen.clamp(0, 1))
