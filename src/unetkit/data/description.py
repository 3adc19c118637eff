"""What `data.yaml` says about a data set besides its pairs, to and from plain values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unetkit.data.classes import ClassTable
from unetkit.data.encodings import Encoding, encoding_from_json
from unetkit.data.groups import GroupRule
from unetkit.data.layouts import Reading
from unetkit.data.links import outside_links
from unetkit.data.manifest import Manifest
from unetkit.errors import DataError

ABOUT = ("source", "licence")
"""Keys that people write into `data.yaml` and that are handed on: where the data are from, and on what terms."""


def describe(
    reading: Reading, encoding: Encoding, classes: ClassTable, rule: GroupRule, split_by: str
) -> dict[str, Any]:
    """The keys of `data.yaml`, but for those of `ABOUT`."""
    table = classes.to_json()
    return {
        **({"follow_links": True} if reading.follow_links else {}),
        "layout": reading.layout,
        "side_by_side": reading.side_by_side,
        "class_folders": list(reading.class_folders),
        "encoding": encoding.to_json(),
        "table": table["name"],
        "classes": table["classes"],
        "ignore": table["ignore"],
        "groups": {"by": rule.by, "evidence": rule.evidence, "pattern": rule.pattern, "count": rule.count},
        "split_by": split_by,
    }


def reading_of(manifest: Manifest, table: Path, *, follow_links: bool = False) -> Reading:
    """The reading that a manifest is; it remembers if links out of its root were followed when it was written.

    Raises:
        DataError: a folder in its paths is such a link, and they are not followed.
    """
    known = manifest.description
    follow_links = follow_links or bool(known.get("follow_links", False))
    paths = (path for pair in manifest.pairs for path in (pair.image, *pair.masks))
    return Reading(
        layout=str(known.get("layout", "manifest")),
        root=manifest.root,
        pairs=manifest.pairs,
        side_by_side=bool(known.get("side_by_side", False)),
        class_folders=tuple(str(name) for name in known.get("class_folders", ())),
        evidence=f"{table.name}, as data.yaml describes it",
        columns=manifest.columns,
        defects={} if follow_links else outside_links(manifest.root, paths),
        follow_links=follow_links,
    )


def masks_of(manifest: Manifest, table: Path) -> tuple[Encoding, ClassTable]:
    """The encoding and the classes.

    Raises:
        DataError: a key is missing or broken.
        ConfigError: there is no encoding of that name.
    """
    known = manifest.description
    try:
        encoding = encoding_from_json(known["encoding"])
        return encoding, ClassTable.from_json({**known, "name": known.get("table", "")})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"the description of the masks is broken: {error}",
            where=str(table.with_name("data.yaml")),
            advice="write it again: unetkit train, or check --fix",
        ) from error


def about_of(known: Mapping[str, Any]) -> dict[str, str]:
    """Where the data are from and on what terms, where it is written."""
    return {key: str(known[key]) for key in ABOUT if known.get(key)}


def rule_of(known: Mapping[str, Any]) -> GroupRule | None:
    """How the groups in the table were found, where it is written."""
    if not isinstance(known.get("groups"), dict):
        return None
    groups: dict[str, Any] = known["groups"]
    by, evidence = groups.get("by"), str(groups.get("evidence", ""))
    if by not in ("names", "folders", "time", "regex", "column", "none"):
        return None
    return GroupRule(by, evidence, str(groups.get("pattern", "")), int(groups.get("count", 0)))
