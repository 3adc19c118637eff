"""The contract of a model: everything but the weights that is needed to use them rightly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from unetkit.data.classes import ClassTable
from unetkit.data.normalise import Normalisation
from unetkit.data.resize import Fit
from unetkit.modelfile.fingerprint import Fingerprint

FORMAT = 1
"""The format that this unetkit writes, and the newest that it reads."""

READABLE_BY = "unetkit >= 0.1.0"
"""Written into each file, so that an older unetkit can say which one reads it."""


def _no_facts() -> Mapping[str, Any]:
    return {}


def _no_versions() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Contract:
    """What the weights mean.

    Attributes:
        network: row of `NETWORKS`: "unet".
        settings: what `networks.build` was given.
        classes: the ids that come out.
        channels: of the image: 1 grey, 3 RGB, or more.
        depth: bits of a channel, 8 or 16.
        normalisation: what maps pixels to the network's input.
        size: working size and size rule.
        outputs: channels that the network gives: one for each class, or one logit for two classes.
        temperature: scores are divided by it before they become probabilities.
        scores: what the model reached, with protocol, as `evaluate --json` prints it; empty when never scored.
        fingerprint: of the training images.
        licence: of the weights, as the maker of the model says it.
        versions: package → version it was made with.
    """

    network: str
    settings: Mapping[str, Any]
    classes: ClassTable
    channels: int
    depth: int
    normalisation: Normalisation
    size: Fit
    outputs: int
    temperature: float = 1.0
    scores: Mapping[str, Any] = field(default_factory=_no_facts)
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    licence: str = ""
    versions: Mapping[str, str] = field(default_factory=_no_versions)

    def to_json(self) -> dict[str, Any]:
        """The one JSON document of the model file's header."""
        return {
            "format": FORMAT,
            "readable_by": READABLE_BY,
            "network": {"name": self.network, "settings": dict(self.settings), "outputs": self.outputs},
            "classes": self.classes.to_json(),
            "input": {
                "channels": self.channels,
                "depth": self.depth,
                "range": [0, 2**self.depth - 1],
                "normalisation": self.normalisation.to_json(),
            },
            "size": {"rule": "fit", "height": self.size.height, "width": self.size.width},
            "temperature": self.temperature,
            "scores": dict(self.scores),
            "fingerprint": self.fingerprint.to_json(),
            "licence": self.licence,
            "versions": dict(self.versions),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Contract:
        """From what `to_json` gave, in a format that this unetkit reads; unknown keys are passed over.

        Raises:
            KeyError, TypeError, ValueError: the document is not one of ours.
        """
        network, image, size = document["network"], document["input"], document["size"]
        if size["rule"] != "fit":
            raise ValueError(f"size rule {size['rule']}")
        return cls(
            network=network["name"],
            settings=network["settings"],
            classes=ClassTable.from_json(document["classes"]),
            channels=image["channels"],
            depth=image["depth"],
            normalisation=Normalisation.from_json(image["normalisation"]),
            size=Fit(size["height"], size["width"]),
            outputs=network["outputs"],
            temperature=document["temperature"],
            scores=document["scores"],
            fingerprint=Fingerprint.from_json(document["fingerprint"]),
            licence=document["licence"],
            versions=document["versions"],
        )
