"""Label tables that people meet: what an id image holds, the names, the colours, and what is void.

A `Label` is one row of a table as its authors publish it; several labels may become one class (Cityscapes' 34 labels
become 19 classes) or none (void). Sources: Cityscapes' own scripts, CamVid's `label_colors.txt`, SegNet's twelve
classes, the CARLA simulator's documentation (0.9.5 and 0.9.11), the Pascal VOC development kit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]
"""Red, green, blue, 0..255."""


@dataclass(frozen=True, slots=True)
class Label:
    """One published label.

    Attributes:
        value: what an id image holds.
        colour: what a colour image holds.
        id: the class it becomes; None is void.
    """

    value: int
    name: str
    colour: Colour
    id: int | None


@dataclass(frozen=True, slots=True)
class KnownTable:
    """A published table, and the classes made of it.

    Attributes:
        classes: name and colour of each class, in the order of ids.
        labels: every published label; where colours repeat, the first label owns the colour.
        ignored: ids of classes that stay in the count and whose pixels are ignored.
        ignored_values: further values of id images that are ignored.
    """

    name: str
    classes: tuple[tuple[str, Colour], ...]
    labels: tuple[Label, ...]
    ignored: tuple[int, ...] = ()
    ignored_values: tuple[int, ...] = (255,)

    def is_ignored(self, label: Label) -> bool:
        """Whether pixels of this label are ignored."""
        return label.id is None or label.id in self.ignored

    @property
    def palette(self) -> dict[Colour, Label]:
        """Each published colour once, with the label that owns it."""
        owners: dict[Colour, Label] = {}
        for label in self.labels:
            owners.setdefault(label.colour, label)
        return owners


def _plain(name: str, rows: Sequence[tuple[str, Colour]], *, ignored: tuple[int, ...] = ()) -> KnownTable:
    """A table whose labels are its classes: ids 0..n−1."""
    labels = tuple(Label(index, row[0], row[1], index) for index, row in enumerate(rows))
    return KnownTable(name, tuple(rows), labels, ignored)


# --- Cityscapes: label id, name, colour, train id (None: not evaluated), category -----------------------------------

_CITYSCAPES: tuple[tuple[str, Colour, int | None, int], ...] = (
    ("unlabeled", (0, 0, 0), None, 0),
    ("ego vehicle", (0, 0, 0), None, 0),
    ("rectification border", (0, 0, 0), None, 0),
    ("out of roi", (0, 0, 0), None, 0),
    ("static", (0, 0, 0), None, 0),
    ("dynamic", (111, 74, 0), None, 0),
    ("ground", (81, 0, 81), None, 0),
    ("road", (128, 64, 128), 0, 1),
    ("sidewalk", (244, 35, 232), 1, 1),
    ("parking", (250, 170, 160), None, 1),
    ("rail track", (230, 150, 140), None, 1),
    ("building", (70, 70, 70), 2, 2),
    ("wall", (102, 102, 156), 3, 2),
    ("fence", (190, 153, 153), 4, 2),
    ("guard rail", (180, 165, 180), None, 2),
    ("bridge", (150, 100, 100), None, 2),
    ("tunnel", (150, 120, 90), None, 2),
    ("pole", (153, 153, 153), 5, 3),
    ("polegroup", (153, 153, 153), None, 3),
    ("traffic light", (250, 170, 30), 6, 3),
    ("traffic sign", (220, 220, 0), 7, 3),
    ("vegetation", (107, 142, 35), 8, 4),
    ("terrain", (152, 251, 152), 9, 4),
    ("sky", (70, 130, 180), 10, 5),
    ("person", (220, 20, 60), 11, 6),
    ("rider", (255, 0, 0), 12, 6),
    ("car", (0, 0, 142), 13, 7),
    ("truck", (0, 0, 70), 14, 7),
    ("bus", (0, 60, 100), 15, 7),
    ("caravan", (0, 0, 90), None, 7),
    ("trailer", (0, 0, 110), None, 7),
    ("train", (0, 80, 100), 16, 7),
    ("motorcycle", (0, 0, 230), 17, 7),
    ("bicycle", (119, 11, 32), 18, 7),
)
_CATEGORIES: tuple[tuple[str, Colour], ...] = (
    ("void", (0, 0, 0)),
    ("flat", (128, 64, 128)),
    ("construction", (70, 70, 70)),
    ("object", (153, 153, 153)),
    ("nature", (107, 142, 35)),
    ("sky", (70, 130, 180)),
    ("human", (220, 20, 60)),
    ("vehicle", (0, 0, 142)),
)


def _cityscapes() -> KnownTable:
    labels = tuple(Label(value, row[0], row[1], row[2]) for value, row in enumerate(_CITYSCAPES))
    classes = tuple((row[0], row[1]) for row in _CITYSCAPES if row[2] is not None)
    return KnownTable("cityscapes", classes, labels)


def _cityscapes_8() -> KnownTable:
    labels = tuple(Label(value, row[0], row[1], row[3]) for value, row in enumerate(_CITYSCAPES))
    return KnownTable("cityscapes-8", _CATEGORIES, labels, ignored=(0,))


# --- CamVid ---------------------------------------------------------------------------------------------------------

_CAMVID_12: tuple[tuple[str, Colour], ...] = (
    ("sky", (128, 128, 128)),
    ("building", (128, 0, 0)),
    ("pole", (192, 192, 128)),
    ("road", (128, 64, 128)),
    ("pavement", (60, 40, 222)),
    ("tree", (128, 128, 0)),
    ("sign", (192, 128, 128)),
    ("fence", (64, 64, 128)),
    ("car", (64, 0, 128)),
    ("pedestrian", (64, 64, 0)),
    ("bicyclist", (0, 128, 192)),
    ("unlabelled", (0, 0, 0)),
)
_CAMVID_32: tuple[tuple[str, Colour], ...] = (
    ("animal", (64, 128, 64)),
    ("archway", (192, 0, 128)),
    ("bicyclist", (0, 128, 192)),
    ("bridge", (0, 128, 64)),
    ("building", (128, 0, 0)),
    ("car", (64, 0, 128)),
    ("cart luggage pram", (64, 0, 192)),
    ("child", (192, 128, 64)),
    ("column pole", (192, 192, 128)),
    ("fence", (64, 64, 128)),
    ("lane marking drivable", (128, 0, 192)),
    ("lane marking other", (192, 0, 64)),
    ("misc text", (128, 128, 64)),
    ("motorcycle scooter", (192, 0, 192)),
    ("other moving", (128, 64, 64)),
    ("parking block", (64, 192, 128)),
    ("pedestrian", (64, 64, 0)),
    ("road", (128, 64, 128)),
    ("road shoulder", (128, 128, 192)),
    ("sidewalk", (0, 0, 192)),
    ("sign symbol", (192, 128, 128)),
    ("sky", (128, 128, 128)),
    ("suv pickup truck", (64, 128, 192)),
    ("traffic cone", (0, 0, 64)),
    ("traffic light", (0, 64, 64)),
    ("train", (192, 64, 128)),
    ("tree", (128, 128, 0)),
    ("truck bus", (192, 128, 192)),
    ("tunnel", (64, 0, 64)),
    ("vegetation misc", (192, 192, 0)),
    ("void", (0, 0, 0)),
    ("wall", (64, 192, 0)),
)

# --- CARLA: no void, because its label 0 holds real scenery (in the 13 labels, the sky) ------------------------------

_CARLA_13: tuple[tuple[str, Colour], ...] = (
    ("unlabeled", (0, 0, 0)),
    ("building", (70, 70, 70)),
    ("fence", (190, 153, 153)),
    ("other", (250, 170, 160)),
    ("pedestrian", (220, 20, 60)),
    ("pole", (153, 153, 153)),
    ("road line", (157, 234, 50)),
    ("road", (128, 64, 128)),
    ("sidewalk", (244, 35, 232)),
    ("vegetation", (107, 142, 35)),
    ("vehicles", (0, 0, 142)),
    ("wall", (102, 102, 156)),
    ("traffic sign", (220, 220, 0)),
)
_CARLA_23: tuple[tuple[str, Colour], ...] = (
    *_CARLA_13[:2],
    ("fence", (100, 40, 40)),
    ("other", (55, 90, 80)),
    *_CARLA_13[4:],
    ("sky", (70, 130, 180)),
    ("ground", (81, 0, 81)),
    ("bridge", (150, 100, 100)),
    ("rail track", (230, 150, 140)),
    ("guard rail", (180, 165, 180)),
    ("traffic light", (250, 170, 30)),
    ("static", (110, 190, 160)),
    ("dynamic", (170, 120, 50)),
    ("water", (45, 60, 150)),
    ("terrain", (145, 170, 100)),
)

# --- Pascal VOC: colours by its rule, the bits of the id dealt out to red, green and blue ----------------------------

_VOC = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow dining-table dog horse motorbike person "
    "potted-plant sheep sofa train tv-monitor"
)


def voc_colour(index: int) -> Colour:
    """The colour of index 0..255 in Pascal VOC's colour map, which many label tools use for classes of their own."""
    channels = [0, 0, 0]
    for bit in range(8):
        for channel in range(3):
            channels[channel] |= ((index >> channel) & 1) << (7 - bit)
        index >>= 3
    return channels[0], channels[1], channels[2]


def _pascal_voc() -> KnownTable:
    rows = tuple((name.replace("-", " "), voc_colour(index)) for index, name in enumerate(_VOC.split()))
    plain = _plain("pascal-voc", rows)
    border = Label(255, "void", voc_colour(255), None)
    return KnownTable(plain.name, plain.classes, (*plain.labels, border))


KNOWN_TABLES: dict[str, KnownTable] = {
    table.name: table
    for table in (
        _cityscapes(),
        _plain("camvid", _CAMVID_12, ignored=(11,)),
        _plain("camvid-32", _CAMVID_32, ignored=(30,)),
        _plain("carla-13", _CARLA_13),
        _plain("carla", _CARLA_23),
        _pascal_voc(),
        _plain("cityscapes-34", [(row[0], row[1]) for row in _CITYSCAPES], ignored=(0, 1, 2, 3)),
        _cityscapes_8(),
    )
}
"""By name. Where colours fit several tables equally well, the earlier row is meant."""
