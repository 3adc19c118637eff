"""A stand-in for timm in tests: one small encoder, with the two methods that a foreign encoder is asked for."""

from __future__ import annotations

import itertools

from torch import Tensor, nn

WIDTHS = [8, 8, 16, 16, 32]


class FeatureInfo:
    """What timm says of an encoder's features."""

    def channels(self) -> list[int]:
        return WIDTHS

    def reduction(self) -> list[int]:
        return [2, 4, 8, 16, 32]


class StandIn(nn.Module):
    """Five strided convolutions, each with a batch norm, as a ResNet's stages."""

    def __init__(self, in_chans: int) -> None:
        super().__init__()
        self.feature_info = FeatureInfo()
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU())
            for before, after in itertools.pairwise([in_chans, *WIDTHS])
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        features = list[Tensor]()
        for stage in self.stages:
            image = stage(image)
            features.append(image)
        return features


def create_model(name: str, *, features_only: bool, pretrained: bool, in_chans: int) -> nn.Module:
    """The factory, for the one name it has here."""
    if name != "stand_in":
        raise RuntimeError(f"Unknown model ({name})")
    assert features_only
    assert not pretrained  # weights come from a local file, never from the network
    return StandIn(in_chans)
