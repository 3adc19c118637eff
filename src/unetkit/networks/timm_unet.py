"""A U-Net on a foreign encoder from `timm` (extra `encoders`), with weights from a local file."""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor, nn
from torch.nn import functional

from unetkit.errors import ConfigError, FormatError
from unetkit.extras import require, resolve
from unetkit.networks.anatomy import Anatomy, anatomy_from
from unetkit.networks.decoder import DecoderLevel
from unetkit.networks.heads import make_head
from unetkit.networks.initial import initialise
from unetkit.networks.loading import Loaded, load_weights
from unetkit.networks.stem import grow
from unetkit.networks.transfer import adapt_channels

DEFAULT_ENCODER = "resnet18"
SMALLEST = 64
"""Foreign encoders halve five times and normalise what is left; below this side nothing would be left to normalise."""


def make(settings: Mapping[str, object], channels: int, outputs: int) -> TimmUNet:
    """The row `timm-unet` of `NETWORKS`; the keys `encoder` and `encoder_weights` are its own."""
    network = TimmUNet(channels, outputs, str(settings.get("encoder", DEFAULT_ENCODER)), anatomy_from(settings))
    if settings.get("encoder_weights"):
        network.load_encoder(Path(str(settings["encoder_weights"])))
    return network


class TimmUNet(nn.Module):
    """float32 image [N, channels, H, W] → scores [N, outputs, H, W], for any H and W from 1 on.

    The encoder's features at 1/2 … 1/32 (whatever it has) are the skips; the decoder and the head are those of `UNet`,
    and follow the anatomy's blocks, norms, upsampling and attention. Its depth and stem are the encoder's.

    Args:
        encoder: a name in `timm` that can give features.

    Raises:
        MissingExtra: `timm` is not installed.
        ConfigError: `timm` has no such encoder, or one that does not halve step by step (a plain transformer).
    """

    def __init__(self, channels: int, outputs: int, encoder: str, anatomy: Anatomy) -> None:
        super().__init__()
        self.encoder = make_encoder(encoder, channels)
        self.loaded: Loaded | None = None
        widths, self.strides = _levels(self.encoder)
        fine = [min(width, anatomy.width_cap) for width in widths[:-1]]
        self.decoder = nn.ModuleList(
            DecoderLevel(coarse, skip, out, anatomy, dropout=anatomy.dropout_after(0, decoder=True))
            for coarse, skip, out in zip([widths[-1], *fine[:0:-1]], widths[-2::-1], fine[::-1], strict=True)
        )
        self.head = make_head(fine[0], outputs, anatomy)
        initialise(self.decoder, anatomy.initialisation)
        initialise(self.head, anatomy.initialisation)

    def forward(self, image: Tensor) -> Tensor:
        """Pad, encode, decode with the skips, score; grown and cut to the image's size."""
        *skips, features = self.encoder(pad(image, self.strides[-1]))
        for level, skip in zip(self.decoder, reversed(skips), strict=True):
            features = level(features, skip)
        return grow(self.head(features), self.strides[0], image.shape[2], image.shape[3])

    def load_encoder(self, path: Path) -> Loaded:
        """Load the encoder's weights from a local file by name and shape; the result stays in `loaded`."""
        tensors = by_own_names(read_weights(path), self.encoder)
        self.loaded = load_weights(self.encoder, tensors, fit=lambda _, weight, shape: adapt_channels(weight, shape))
        if not self.loaded.kept:
            raise FormatError(
                "no tensor of this file fits the encoder", where=str(path), advice="is it another encoder's file?"
            )
        return self.loaded


def make_encoder(name: str, channels: int) -> nn.Module:
    """The encoder of `timm` that gives a list of features, finest first, with fresh weights."""
    require("encoders", "a network with a foreign encoder")
    try:
        encoder: nn.Module = resolve("timm:create_model")(name, features_only=True, pretrained=False, in_chans=channels)
    except (RuntimeError, AttributeError) as error:
        raise ConfigError(
            f"timm cannot make the encoder '{name}': {error}",
            where="network.encoder",
            advice="python -c 'import timm; print(timm.list_models())' lists the names",
        ) from error
    return encoder


def pad(image: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until both sides are multiples, and at least `SMALLEST`."""
    height, width = (max(-(-side // multiple) * multiple, SMALLEST) - side for side in image.shape[2:])
    return functional.pad(image, (0, width, 0, height), mode="replicate")


def read_weights(path: Path) -> dict[str, Tensor]:
    """The named tensors of a safetensors file; a pickle is not opened here, whatever it holds.

    Raises:
        FormatError: it cannot be read, or is of another kind.
    """
    try:
        return safetensors.load_file(path)
    except OSError as error:
        raise FormatError(
            f"the encoder's weights cannot be read: {error}", where=str(path), advice="check the path"
        ) from error
    except SafetensorError as error:
        raise FormatError(
            f"the encoder's weights are no safetensors file, or a damaged one: {error}",
            where=str(path),
            advice=f'of a PyTorch file, with ["state_dict"] behind load(...) for a checkpoint:\n{_conversion(path)}',
        ) from error


def _conversion(path: Path) -> str:
    """The command that makes safetensors of a PyTorch file that holds named tensors."""
    source, target = (json.dumps(str(name)) for name in (path, path.with_suffix(".safetensors")))
    load = f"torch.load({source}, weights_only=True)"
    return f"python -c {shlex.quote(f'import torch, safetensors.torch as s; s.save_file({load}, {target})')}"


def by_own_names(tensors: Mapping[str, Tensor], encoder: nn.Module) -> dict[str, Tensor]:
    """The tensors under the encoder's names: as a giver of features, timm calls `stages.0` of a file `stages_0`."""
    own = {name.replace(".", "_"): name for name in encoder.state_dict()}
    return {own.get(name.replace(".", "_"), name): value for name, value in tensors.items()}


def _levels(encoder: nn.Module) -> tuple[list[int], list[int]]:
    """Channels and strides of the encoder's features, the finest first; each stride is twice the one before."""
    info: Any = encoder.feature_info
    channels, strides = list(info.channels()), list(info.reduction())
    if any(after != 2 * before for before, after in itertools.pairwise(strides)) or len(strides) < 2:
        raise ConfigError(
            f"this encoder's features have strides {strides}",
            where="network.encoder",
            advice="choose one that halves step by step, such as resnet18 or convnext_nano",
        )
    return channels, strides
