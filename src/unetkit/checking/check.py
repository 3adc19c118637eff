"""`unetkit check`: open the data, look at all of it, run every check, and say what is here and what is wrong."""

from __future__ import annotations

import shlex
from collections import Counter
from functools import reduce
from pathlib import Path

from unetkit.checking import CHECKS
from unetkit.checking.finding import Finding, worst_first
from unetkit.checking.report import CheckReport, ClassLine
from unetkit.checking.survey import Survey, look_at_images
from unetkit.config.jobs import CheckSettings
from unetkit.config.keys import keys_of
from unetkit.data.dataset import DataSet, open_data
from unetkit.data.scan import MaskScan, evenly
from unetkit.extras import resolve

SAMPLE = 500
"""Masks, and images, that are read unless --all asks for every one."""


def check(settings: CheckSettings, source: str) -> CheckReport:
    """What is in a data set, and the findings about it.

    Args:
        source: a folder, a table of pairs or a manifest.

    Raises:
        DataError: there is nothing to read.
        AmbiguityError: two readings are possible.
    """
    survey = survey_data(settings, source)
    findings = run_checks(survey)
    return describe(survey, findings)


def survey_data(settings: CheckSettings, source: str) -> Survey:
    """Open the data and look at every header and at a sample (or all) of the pixels."""
    sample = None if settings.all else SAMPLE
    dataset = open_data(Path(source), seed=settings.seed, masks_to_scan=sample, **settings.data.said())
    masks = dataset.masks or dataset.scan_masks(evenly(dataset.sound, sample))
    images, broken = look_at_images(dataset, sample)
    new = () if dataset.masks is masks else masks.bad
    bad = (*dataset.bad, *dataset.strays, *new, *broken)
    return Survey(source, dataset, dataset.files, masks, images, bad, said_flags(settings))


def said_flags(settings: CheckSettings) -> tuple[str, ...]:
    """What the user said about the data, as flags to paste."""
    flags: list[str] = []
    for path, key in keys_of(CheckSettings).items():
        value: object = reduce(getattr, path, settings)
        if (path[0] == "data" or path == ("seed",)) and value != key.default:
            flags.append(key.flags[0] if key.is_switch else f"{key.flags[0]} {shlex.quote(str(value))}")
    return tuple(flags)


def run_checks(survey: Survey) -> tuple[Finding, ...]:
    """Every row of `CHECKS`; errors first."""
    return worst_first([found for row in CHECKS.values() for found in resolve(row)(survey)])


def describe(survey: Survey, findings: tuple[Finding, ...]) -> CheckReport:
    """The report on a survey."""
    dataset, masks = survey.dataset, survey.masks
    reading = dataset.reading
    headers = [header for pair in dataset.pairs if (header := survey.header(pair.image)) is not None]
    sizes = [size for pair in dataset.pairs if (size := survey.size(pair)) is not None]
    ignored = int(masks.ignored.sum())
    return CheckReport(
        data=survey.source,
        layout=reading.layout,
        evidence=reading.evidence,
        flags=reading.flags,
        encoding=dataset.encoding.name,
        pairs=len(dataset.pairs),
        orphans=(len(reading.orphan_images), len(reading.orphan_masks)),
        channels=dict(Counter(header.channels for header in headers).most_common()),
        sizes=dict(Counter(sizes).most_common()),
        classes=_class_lines(dataset, masks),
        ignore_values=dataset.classes.ignore,
        ignore_share=round(ignored / max(ignored + int(masks.counts.sum()), 1), 6),
        group_rule=dataset.groups.evidence,
        group_count=dataset.groups.count,
        splits=dict(Counter(pair.split or "train" for pair in dataset.pairs)),
        split_notes=dataset.split_notes,
        headers_read=len(survey.files.headers),
        masks_read=len(masks.images),
        masks_total=len(dataset.pairs),
        images_decoded=len(survey.images),
        notes=dataset.notes,
        findings=findings,
        next=survey.command("train"),
    )


def _class_lines(dataset: DataSet, masks: MaskScan) -> tuple[ClassLine, ...]:
    pixels = masks.pixels()
    total, images = max(int(pixels.sum()), 1), max(len(masks.images), 1)
    present = (masks.counts > 0).sum(axis=0)
    return tuple(
        ClassLine(
            row.id, row.name, row.source, row.colour, float(pixels[row.id] / total), float(present[row.id] / images)
        )
        for row in dataset.classes.classes
    )
