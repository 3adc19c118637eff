"""The anatomy of a U-Net: every choice that makes one U-Net differ from another, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from unetkit.errors import ConfigError
from unetkit.extras import unknown_choice

BlockKind = Literal["plain", "residual"]
BottleneckKind = Literal["single", "double"]
NormKind = Literal["batch", "group", "none"]
NormPlace = Literal["before", "after"]
ActivationKind = Literal["relu", "silu"]
DropoutPlace = Literal["bottleneck", "deep", "all"]
Upsampling = Literal["transposed-2", "transposed-3", "transposed-3-same", "bilinear", "nearest", "sub-pixel"]
HeadKind = Literal["linear", "convolution", "activated"]
StemStride = Literal[1, 2, 4]
Initialisation = Literal["he-normal", "glorot", "default"]


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The choices, with the values of the preset `small`.

    Attributes:
        depth: number of halvings, 1 to 7. Level 0 is the finest, level `depth` the bottleneck.
        width: channels of level 0; they double from level to level.
        width_cap: no level is wider than this.
        block: "plain", two convolutions; or "residual", two convolutions and a shortcut around them (He et al. 2016).
        bottleneck: "single" or "double": convolutions in the deepest block.
        convolution_bias: a bias in the 3×3 convolutions of the blocks.
        norm: "batch" (Ioffe and Szegedy 2015), "group" (Wu and He 2018) or "none".
        norm_place: "before" or "after" the activation.
        shared_norm: one norm layer serves all convolutions of a block.
        activation: "relu", or "silu" (Elfwing et al. 2018).
        dropout: probability that a value is dropped in training, 0 to below 1.
        dropout_place: "bottleneck", after the bottleneck; "deep", after the bottleneck and after the deepest encoder
            level, before its skip is taken; "all", after every block.
        upsampling: how the decoder doubles the size; see `growing.py`.
        head: what turns features into scores; see `heads.py`.
        attention: gates on the skips (Oktay et al. 2018).
        stem_stride: 1, 2 or 4. Above 1 a strided convolution comes first, level 0 works at 1/stride of the input's
            size, and the scores are grown bilinearly to it.
        initialisation: "he-normal", "glorot" or "default"; see `initial.py`.
    """

    depth: int = 4
    width: int = 32
    width_cap: int = 64
    block: BlockKind = "plain"
    bottleneck: BottleneckKind = "double"
    convolution_bias: bool = False
    norm: NormKind = "batch"
    norm_place: NormPlace = "before"
    shared_norm: bool = False
    activation: ActivationKind = "relu"
    dropout: float = 0.0
    dropout_place: DropoutPlace = "bottleneck"
    upsampling: Upsampling = "bilinear"
    head: HeadKind = "linear"
    attention: bool = False
    stem_stride: StemStride = 4
    initialisation: Initialisation = "he-normal"

    def __post_init__(self) -> None:
        for field in fields(self):
            _one_of(field.name, getattr(self, field.name), get_args(field.type))
        _within("depth", self.depth, 1, 7)
        _within("width", self.width, 1, 4096)
        _within("width_cap", self.width_cap, 1, 4096)
        _within("dropout", self.dropout, 0, 0.999)

    def widths(self) -> tuple[int, ...]:
        """Channels of every level, from the finest to the bottleneck: `depth + 1` numbers."""
        return tuple(min(self.width * 2**level, self.width_cap) for level in range(self.depth + 1))

    def dropout_after(self, level: int, *, decoder: bool = False) -> float:
        """The dropout rate after the block of `level` (`depth` is the bottleneck), in the encoder or the decoder."""
        first = {"bottleneck": self.depth, "deep": self.depth - 1, "all": 0}[self.dropout_place]
        reached = self.dropout_place == "all" if decoder else level >= first
        return self.dropout if reached else 0.0


_ELSEWHERE = frozenset({"preset", "name", "outputs", "encoder", "encoder_weights"})
"""Keys of the network section that are no choice of anatomy."""


def anatomy_from(settings: Mapping[str, object]) -> Anatomy:
    """The anatomy that `settings` say; what they leave out takes its default.

    Raises:
        ConfigError: a key that no network has, or a value that is no choice.
    """
    names = {field.name for field in fields(Anatomy)}
    for key in settings:
        if key not in names | _ELSEWHERE:
            raise unknown_choice("network setting", key, sorted(names))
    chosen: dict[str, Any] = {key: value for key, value in settings.items() if key in names}
    return Anatomy(**chosen)


def _one_of(name: str, value: object, choices: tuple[object, ...]) -> None:
    if choices and value not in choices:
        listed = ", ".join(str(choice) for choice in choices)
        raise ConfigError(f"{name} is {value!r}", where=f"network.{name}", advice=f"choices: {listed}")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}", where=f"network.{name}", advice=f"a number from {low} to {high}")
