"""From settings and a folder to everything that training needs of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetkit.config.sections import DataSettings
from unetkit.console import say, warn
from unetkit.data.arrays import Counts, Image, Mask
from unetkit.data.cache import MEMORY_SHARE, Cache, CacheFolder, Keep, Shelf, user_folder
from unetkit.data.contents import Contents
from unetkit.data.dataset import DataSet, open_data
from unetkit.data.decode import is_grey, to_channels
from unetkit.data.normalise import Normalisation, measure_normalisation
from unetkit.data.pair import SPLITS, Pair
from unetkit.data.parallel import ordered
from unetkit.data.resize import Fit
from unetkit.data.scan import evenly
from unetkit.errors import DataError
from unetkit.training.size import working_size

NORMALISATION_SAMPLE = 200
GREY_SAMPLE = 40


@dataclass(frozen=True, slots=True)
class Material:
    """What is learnt from.

    Attributes:
        dataset: all pairs, with their splits and the class table.
        contents: what their files hold, from the first look on.
        train, val: the two parts that training uses; the test part is not touched.
        channels: of the network's input.
        depth: bits of a channel, 8 or 16.
        fit: the size rule.
        normalisation: measured on the train split.
        counts: pixels of each class in the train split; `where_present` all labelled pixels of the masks that hold it.
    """

    dataset: DataSet
    contents: Contents
    train: tuple[Pair, ...]
    val: tuple[Pair, ...]
    channels: int
    depth: int
    fit: Fit
    normalisation: Normalisation
    counts: Counts
    where_present: Counts

    def read(self, pair: Pair) -> tuple[Image, Mask]:
        """A pair at native size, with the network's number of channels.

        Raises:
            DataError: it cannot be decoded, or a file of it has changed since this run first looked at it.
        """
        return self.contents.read(pair, self._decode)

    def fitted(self, pair: Pair) -> tuple[Image, Mask]:
        """A pair at working size, padded with the fill of the normalisation and with ignore; raises as `read`."""
        image, mask = self.read(pair)
        return self.fit.image(image, self.normalisation.fill), self.fit.mask(mask)

    def fitted_mask(self, pair: Pair) -> Mask:
        """The mask of `fitted`, without a look at the pixels of the image."""
        return self.fit.mask(self.contents.read(pair, self.dataset.read_mask))

    def _decode(self, pair: Pair) -> tuple[Image, Mask]:
        image, mask = self.dataset.read(pair)
        return to_channels(image, self.channels, pair.image), mask

    def cache(self, keep: Keep = "auto", gigabytes: float = 20.0, processes: int = 1) -> Cache:
        """The train split at working size, decoded ahead.

        Args:
            keep: where; as `Cache` takes it.
            gigabytes: that the user's cache folder may hold.
            processes: that share the memory of this machine.
        """
        folder = CacheFolder(user_folder(), int(gigabytes * 1e9))
        shelf = Shelf(folder, self.contents, self.decisive)
        return Cache(self.train, self.fitted, keep=keep, shelf=shelf, share=MEMORY_SHARE / processes)

    @property
    def decisive(self) -> dict[str, Any]:
        """All that decides what a train pair is at working size, besides its files and the decoder; plain values."""
        reading, fit = self.dataset.reading, self.fit
        boxes = {fit.box(*self.dataset.native_size(pair)) for pair in self.train}
        return {
            "size": ["fit", fit.height, fit.width],
            # Measured on the train split: where nothing is padded, another split shares the set.
            "fill": None if boxes == {(fit.height, fit.width)} else list(self.normalisation.fill),
            "channels": self.channels,
            "encoding": self.dataset.encoding.to_json(),
            "classes": self.dataset.classes.to_json(),
            "side_by_side": reading.side_by_side,
            "class_folders": list(reading.class_folders),
        }


def prepare_data(settings: DataSettings, source: str, seed: int) -> Material:
    """Open the data, and measure what the train split says.

    Raises:
        DataError: nothing to learn from, or unreadable files and no --skip-bad.
    """
    dataset = open_data(Path(source), seed=seed, **settings.said())
    dataset.refuse_bad()
    if len(dataset.classes) < 2:
        raise DataError(
            f"the masks hold one class only, '{dataset.classes.names[0]}': there is nothing to tell apart",
            where=source,
            advice="look at the masks with `unetkit check`; name what they could show: --classes '0=sea,255=sky'",
        )
    train, val = dataset.split("train"), dataset.split("val")
    if not train:
        raise DataError("no image is left to learn from", where=source, advice="lower --val and --test")
    if not val:
        warn("there is no validation image: no score chooses the best model, the last one is kept")
    channels = _channels(dataset, train) if settings.channels == "auto" else int(settings.channels)
    sample = evenly(train, NORMALISATION_SAMPLE)
    masks = dataset.scan_masks((*train, *val))
    dataset.refuse_bad(masks.bad)
    scan = masks.of(pair.image for pair in train)
    return Material(
        dataset=dataset,
        contents=Contents(dataset.root),
        train=train,
        val=val,
        channels=channels,
        depth=_depth(dataset, (*train, *val)),
        fit=working_size(settings.size, map(dataset.native_size, train)),
        normalisation=measure_normalisation(
            ordered(lambda pair: to_channels(dataset.read_image(pair), channels, pair.image), sample),
            settings.normalise,
        ),
        counts=scan.pixels(),
        where_present=scan.pixels_where_present(),
    )


def describe(material: Material) -> None:
    """Say what will be learnt from what."""
    dataset, fit = material.dataset, material.fit
    for note in (*dataset.notes, *dataset.split_notes):
        say(note)
    parts = [(name, len(dataset.split(name))) for name in SPLITS]
    splits = ", ".join(f"{count} {name}" for name, count in parts if count)
    names = dataset.classes.names
    say(f"{splits} · {len(names)} classes: {', '.join(names)}")
    absent = _absent(material)
    if absent:
        warn(f"the train split shows no pixel of {', '.join(absent)}: what it does not show cannot be learnt")
    colour = {1: "grey", 3: "colour"}.get(material.channels, f"{material.channels} channels")
    say(f"working size {fit.width}×{fit.height}, {colour}, normalisation {material.normalisation.method}")


def _absent(material: Material) -> list[str]:
    """Classes that are seen somewhere in the data, and not in train; none where the other masks were not read."""
    masks, names = material.dataset.masks, material.dataset.classes.names
    seen = material.counts if masks is None else masks.pixels()
    return [name for name, train, anywhere in zip(names, material.counts, seen, strict=True) if anywhere > train == 0]


def _channels(dataset: DataSet, train: Sequence[Pair]) -> int:
    """Grey where every image of a sample is, else what the headers say; grey among colour is repeated."""
    stored = {dataset.files.headers[pair.image].channels for pair in train}
    if stored <= {1, 3}:
        sample = evenly(train, GREY_SAMPLE)
        return 1 if all(ordered(lambda pair: is_grey(dataset.read_image(pair)), sample)) else 3
    if len(stored) == 1:
        return stored.pop()
    raise DataError(
        f"the images have different numbers of channels: {', '.join(map(str, sorted(stored)))}",
        where=str(dataset.root),
        advice="--channels 1 and --channels 3 convert between grey and colour; others must be equal throughout",
    )


def _depth(dataset: DataSet, pairs: Sequence[Pair]) -> int:
    """The bits of a channel, the same in all images: the values of one depth mean nothing in the other."""
    depths = {pair.image: dataset.files.headers[pair.image].depth for pair in pairs}
    fewer = min(set(depths.values()), key=list(depths.values()).count)
    odd = [image for image, depth in depths.items() if depth == fewer]
    if len(odd) < len(depths):
        raise DataError(
            f"{len(odd):,} of {len(depths):,} images have {fewer} bits a channel, and the others have not",
            where=str(dataset.root / odd[0]),
            advice="save all of them with the same depth, or take the odd ones away",
        )
    return fewer
