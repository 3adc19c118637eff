"""Checks of the files: partners that are missing, files that cannot be read, sizes that do not fit."""

from __future__ import annotations

from unetkit.checking.finding import Finding, Severity, finding
from unetkit.checking.survey import Survey
from unetkit.data.soundness import Fault

_FAULTS: dict[Fault, str] = {
    "missing-file": "[1 file|{n} files] that should be there [is|are] not",
    "empty-file": "[1 file is|{n} files are] empty (0 bytes)",
    "not-an-image": "[1 file is|{n} files are] named like [an image and is|images and are] none",
    "truncated-file": "[1 file ends|{n} files end] before the image does",
    "damaged-file": "[1 file|{n} files] cannot be decoded",
    "unreadable-file": "the system cannot read [1 file|{n} files]",
    "unknown-values": "[1 mask holds|{n} masks hold] values that are none of the classes",
    "outside-link": "[1 file is a link|{n} files are links] out of the data folder, which [is|are] not followed",
    "name-not-utf8": "[1 file has a name that is|{n} files have names that are] not UTF-8",
    "size-mismatch": "[1 mask has|{n} masks have] another size than [its|their] image",
}


def check_partners(survey: Survey) -> list[Finding]:
    """Images without a mask, masks without an image, and copies that make a second pair of the first."""
    reading = survey.dataset.reading
    with_orphans: list[tuple[str, tuple[str, ...], str, str]] = [
        (
            "orphan-images",
            reading.orphan_images,
            "[1 image has|{n} images have] no mask",
            "add their masks, or leave them: they are not used",
        ),
        (
            "orphan-masks",
            reading.orphan_masks,
            "[1 mask has|{n} masks have] no image",
            "add their images, or leave them: they are not used",
        ),
        (
            "duplicates",
            reading.duplicates,
            "[1 file is a copy of another by its name|{n} files are copies of others by their names]",
            "delete the copies: they are not used",
        ),
    ]
    return [
        found
        for code, files, message, advice in with_orphans
        for found in finding(code, "warning", files, message, advice)
    ]


def check_defects(survey: Survey) -> list[Finding]:
    """Files that cannot be used, each kind of defect by itself."""
    cures = {
        "outside-link": "read what they lead to, or leave their pairs out:\n"
        + survey.command("check", "--follow-links"),
        "name-not-utf8": "rename them, or leave them out:",
    }
    skip = survey.command("train", "--skip-bad")
    return [
        found
        for fault, message in _FAULTS.items()
        for found in finding(
            fault,
            "error",
            [f"{bad.path}: {bad.reason}" for bad in survey.bad if bad.fault == fault],
            message,
            f"{cures.get(fault, 'repair or delete [it|them], or leave [its|their] pairs out:')}\n{skip}",
        )
    ]


def check_turns(survey: Survey) -> list[Finding]:
    """An EXIF turn in one file of a pair and not in the other: one of them is then upside down, or lies on its side."""
    turned = [
        pair.image for pair in survey.pairs if pair.image != pair.mask and _turns_differ(survey, pair.image, pair.masks)
    ]
    mismatched = {bad.image for bad in survey.bad if bad.fault == "size-mismatch"}
    severity: Severity = "error" if any(image in mismatched for image in turned) else "warning"
    return finding(
        "exif-turn",
        severity,
        turned,
        "EXIF turns image and mask differently in [1 pair|{n} pairs]",
        "the turn is applied to each file as it says: if image and mask then do not fit, save the image already turned",
    )


def _turns_differ(survey: Survey, image: str, masks: tuple[str, ...]) -> bool:
    first = survey.header(image)
    others = [header for mask in masks if (header := survey.header(mask)) is not None]
    return first is not None and any(header.turn != first.turn for header in others)
