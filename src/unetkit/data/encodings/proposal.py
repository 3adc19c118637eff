"""What a question about the classes shows: the colours or levels that pixels crowd around, and a line to paste."""

from __future__ import annotations

from collections.abc import Sequence

from unetkit.data.class_text import Source, write_classes, write_source
from unetkit.data.classes import source_order
from unetkit.data.encodings.base import share

Crowds = Sequence[tuple[Source, int]]
"""Colours or levels, each with the pixels around it."""


def swatches(found: Crowds, total: int) -> str:
    """A line for each, with its share of the pixels."""
    wide = max((len(write_source(source)) for source, _ in found), default=0)
    return "\n".join(f"  ■ {write_source(source):<{wide}}  {share(mass, total):>7}" for source, mass in found)


def paste(found: Crowds) -> str:
    """The `--classes` flag that names them all, in the order of their ids."""
    ordered = sorted((source for source, _ in found), key=source_order)
    return write_classes((source, f"class {index}") for index, source in enumerate(ordered))
