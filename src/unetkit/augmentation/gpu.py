"""Apply parameters to a batch with torch: one resampling for all geometry, then colour, all in float32.

The same order and the same numbers as `apply_cpu`, without its rounding to integers after each step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from unetkit.augmentation.colour import Span, has_tone, hue_matrix
from unetkit.augmentation.cpu import BLUR_TAPS
from unetkit.augmentation.geometry import is_identity, source_from_result
from unetkit.augmentation.gpu_noise import normal_on, patterns_on
from unetkit.augmentation.gpu_weather import veils
from unetkit.augmentation.parameters import Parameters


@torch.no_grad()
def apply_batch(
    images: Tensor,
    masks: Tensor,
    parameters: Sequence[Parameters],
    fill: Sequence[float],
    span: Span | None = None,
    top: float = 255.0,
    ignore: int = 255,
) -> tuple[Tensor, Tensor]:
    """The augmented images and masks, on the device of `images`.

    Args:
        images: float32 [N, C, H, W] in the image's own units (0..255 or 0..65535), not normalised.
        masks: int64 [N, H, W].
        parameters: N of them.
        fill: C grey values for what comes from outside the source.
        span: the grey values that count as 0 and 1; (0, top) unless given.
        top: the largest grey value of the depth: 255 or 65535.
        ignore: the id of what comes from outside the source.
    """
    low, high = span or (0.0, top)
    if not all(is_identity(p) for p in parameters):
        images, masks = _resampled(images, masks, parameters, fill, ignore)
    shares = (images - low) / (high - low)
    darkest, brightest = (0 - low) / (high - low), (top - low) / (high - low)
    for concerns, step in _STEPS:
        rows = [row for row, p in enumerate(parameters) if concerns(p)]
        if rows:
            index = torch.tensor(rows, device=images.device)
            changed = step(shares[index], [parameters[row] for row in rows])
            shares = shares.index_copy(0, index, changed.clamp(darkest, brightest))
    return shares * (high - low) + low, masks


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    """[N, 1, 1, 1] on the device of `like`."""
    return torch.tensor(values, dtype=torch.float32, device=like.device).view(-1, 1, 1, 1)


def _resampled(
    images: Tensor, masks: Tensor, parameters: Sequence[Parameters], fill: Sequence[float], ignore: int
) -> tuple[Tensor, Tensor]:
    """Outside the source there are zeros, so both are shifted by what shall stand there."""
    grid = _grid(parameters, images)
    colour = torch.tensor([round(value) for value in fill], dtype=torch.float32, device=images.device).view(1, -1, 1, 1)
    moved = functional.grid_sample(images - colour, grid, "bilinear", "zeros", align_corners=False) + colour
    labels = (masks - ignore).float().unsqueeze(1)  # exact: ids stay far below 2^24
    chosen = functional.grid_sample(labels, grid, "nearest", "zeros", align_corners=False)
    return moved, chosen.squeeze(1).long() + ignore


def _grid(parameters: Sequence[Parameters], images: Tensor) -> Tensor:
    """[N, H, W, 2] in the units of `grid_sample`, by products of scalars: a matrix product may run in TF32."""
    height, width = images.shape[2:]
    matrices = [source_from_result(p, height, width).ravel().tolist() for p in parameters]
    terms = torch.tensor(matrices, dtype=torch.float64).view(-1, 6, 1, 1)
    size = torch.tensor([width, height], dtype=torch.float64)
    # Pixel x lies at (2 x + 1) / width - 1, which also holds for an image one pixel wide.
    across, down, start = terms[:, [0, 3]], terms[:, [1, 4]], terms[:, [2, 5]]
    per_pixel = (2 / size).view(1, 2, 1, 1)
    across, down, start = (
        part.to(images.device, torch.float32)
        for part in (across * per_pixel, down * per_pixel, (2 * start + 1) / size.view(1, 2, 1, 1) - 1)
    )
    x = torch.arange(width, dtype=torch.float32, device=images.device).view(1, 1, 1, -1)
    y = torch.arange(height, dtype=torch.float32, device=images.device).view(1, 1, -1, 1)
    return (across * x + down * y + start).permute(0, 2, 3, 1)


def _in_weather(shares: Tensor, parameters: list[Parameters]) -> Tensor:
    height, width = shares.shape[2:]
    gain, light = veils(parameters, height, width, shares.device)
    return gain * shares + light


def _blurred(shares: Tensor, parameters: list[Parameters]) -> Tensor:
    """A separable Gaussian, each sample with its own width; the edge is continued."""
    count, channels, height, width = shares.shape
    taps = torch.arange(BLUR_TAPS, device=shares.device).view(1, -1) - BLUR_TAPS // 2
    widths = torch.tensor([p.blur for p in parameters], dtype=torch.float32, device=shares.device).view(-1, 1)
    kernels = torch.exp(-0.5 * (taps / widths) ** 2)
    kernels = (kernels / kernels.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    edge = BLUR_TAPS // 2
    rows = functional.pad(shares.reshape(1, count * channels, height, width), (edge,) * 4, mode="replicate")
    rows = functional.conv2d(rows, kernels.view(-1, 1, 1, BLUR_TAPS), groups=count * channels)
    rows = functional.conv2d(rows, kernels.view(-1, 1, BLUR_TAPS, 1), groups=count * channels)
    return rows.view_as(shares)


def _turned_hue(shares: Tensor, parameters: list[Parameters]) -> Tensor:
    if shares.shape[1] != 3:
        return shares
    matrices = torch.stack([torch.from_numpy(hue_matrix(p.hue)) for p in parameters]).to(shares.device)
    return (matrices[:, :, :, None, None] * shares[:, None]).sum(2)


def _toned(shares: Tensor, parameters: list[Parameters]) -> Tensor:
    gamma = _column([p.gamma for p in parameters], shares)
    contrast = _column([p.contrast for p in parameters], shares)
    brightness = _column([p.brightness for p in parameters], shares)
    shares = shares.abs().pow(gamma).copysign(shares)
    return (shares - 0.5) * contrast + (0.5 + brightness)


def _grained(shares: Tensor, parameters: list[Parameters]) -> Tensor:
    _, channels, height, width = shares.shape
    grains = torch.stack([normal_on(shares.device, p.grain, (height, width, channels)) for p in parameters])
    field = _column([p.noise for p in parameters], shares) * grains.permute(0, 3, 1, 2)
    if any(p.fixed_pattern for p in parameters):
        amount = _column([p.fixed_pattern for p in parameters], shares)
        field = field + amount * patterns_on(shares.device, parameters, height, width)
    return shares + field


_Step = Callable[[Tensor, list[Parameters]], Tensor]

# Whom a step concerns, and the step: grey values as shares of the range, [n, C, H, W], to the same.
_STEPS: tuple[tuple[Callable[[Parameters], object], _Step], ...] = (
    (lambda p: p.fog or p.glare or p.rain, _in_weather),
    (lambda p: p.blur, _blurred),
    (lambda p: p.hue, _turned_hue),
    (has_tone, _toned),
    (lambda p: p.noise or p.fixed_pattern, _grained),
)
