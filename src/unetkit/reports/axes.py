"""Where values lie in a chart: the frame, how an axis is divided, and round numbers beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

TICKS = 5
MOST_TICKS = 9
NEAREST_ONE = 1e-6  # a score nearer to 1 is drawn there

Ticks = Callable[[float, float], list[float]]


@dataclass(frozen=True, slots=True)
class Frame:
    """The box of the curves, in the units of the drawing; y grows downward."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Division:
    """How an axis is divided.

    Attributes:
        height: of a value, in any unit; grows with the value.
        value: at a height.
        ticks: round values between two.
    """

    height: Callable[[float], float]
    value: Callable[[float], float]
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places in the drawing.

    Attributes:
        frame: where the curves are drawn.
        division: of the vertical axis; the horizontal one is even.
        left, right: the ends of the horizontal axis, values.
        low, high: the ends of the vertical axis, heights.
    """

    frame: Frame
    division: Division
    left: float
    right: float
    low: float
    high: float

    @classmethod
    def around(
        cls,
        points: Iterable[tuple[float, float]],
        frame: Frame,
        division: Division,
        ends: tuple[float, float] | None = None,
    ) -> Scale:
        """A scale that shows all of at least one point, with some air above and below.

        Args:
            points: (x, y).
            frame, division: as in the class.
            ends: of the horizontal axis; those of the points when not given.
        """
        places = [(x, division.height(y)) for x, y in points]
        left, right = ends or (min(x for x, _ in places), max(x for x, _ in places))
        low, high = min(y for _, y in places), max(y for _, y in places)
        margin = (high - low) * 0.06 or max(abs(high) * 0.05, 1e-3)
        return cls(frame, division, left, right if right - left > 1e-9 else left + 1, low - margin, high + margin)

    def x(self, value: float) -> float:
        """From the left edge of the drawing."""
        return self.frame.left + (value - self.left) / (self.right - self.left) * (self.frame.right - self.frame.left)

    def y(self, value: float) -> float:
        """From the top edge of the drawing."""
        above = (self.high - self.division.height(value)) / (self.high - self.low)
        return self.frame.top + above * (self.frame.bottom - self.frame.top)

    def columns(self) -> list[float]:
        """Round values along the horizontal axis."""
        return ticks(self.left, self.right)

    def rows(self) -> list[float]:
        """Round values along the vertical axis."""
        return self.division.ticks(self.division.value(self.low), self.division.value(self.high))


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers (1, 2 or 5 times a power of ten apart) within low..high."""
    raw = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.8 * raw)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def ticks_by_factors(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten within low..high (both above 0); evenly spaced ones where those are few."""
    found = _multiples((1, 2, 5), low, high)
    if len(found) > MOST_TICKS:
        found = _multiples((1,), low, high)
    return found if len(found) > 2 else ticks(low, high)


def _multiples(factors: Sequence[int], low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = (factor * 10.0**power for power in powers for factor in factors)
    return [value for value in values if low <= value <= high]


def _ticks_towards_one(low: float, high: float) -> list[float]:
    """Values whose distances to 1 are round: 0.5, 0.8, 0.9, 0.95, 0.98, 0.99."""
    return [round(1 - rest, 12) for rest in reversed(ticks_by_factors(1 - high, 1 - low))]


EVEN = Division(float, float, ticks)
BY_FACTORS = Division(math.log10, lambda height: 10.0**height, ticks_by_factors)
"""Equal steps are equal factors; for values above 0."""
TOWARDS_ONE = Division(
    lambda value: -math.log10(max(1 - value, NEAREST_ONE)), lambda height: 1 - 10.0**-height, _ticks_towards_one
)
"""Equal steps are equal factors of what is missing to 1, so that 0.98 and 0.99 lie apart; for values up to 1."""
