"""Checks of the masks: pixels that are no class, lossy files, ids that were renumbered, masks that say little."""

from __future__ import annotations

import numpy as np

from unetkit.checking.finding import Finding, finding
from unetkit.checking.survey import Survey, has_alpha
from unetkit.data.encodings.base import share as percent

UNMATCHED_SHARE = 0.001  # of all mask pixels, from which unmatched ones are worth a line
UNMATCHED_MASK = 0.05  # of a mask's pixels
ALPHAS = 200  # masks whose transparency is looked at


def check_unmatched(survey: Survey) -> list[Finding]:
    """Values or colours that are no class."""
    masks = survey.masks
    sizes = np.maximum(masks.counts.sum(axis=1) + masks.ignored, 1)
    share = float(masks.unmatched.sum() / max(int(sizes.sum()), 1))
    bad = int((masks.unmatched / sizes > UNMATCHED_MASK).sum())
    if share < UNMATCHED_SHARE and not bad:
        return []
    order = np.argsort(-masks.unmatched / sizes, kind="stable")
    worst = [
        f"{masks.images[i]}: {percent(int(masks.unmatched[i]), int(sizes[i]))}" for i in order if masks.unmatched[i]
    ]
    message = f"{percent(int(masks.unmatched.sum()), int(sizes.sum()))} of the mask pixels are far from every class"
    if not bad:
        advice = "so few are what JPEG and soft edges leave along borders: nothing to do"
        return finding("unmatched-pixels", "info", worst, message, advice)
    message += f"; in {bad:,} mask{'s' * (bad > 1)} more than {UNMATCHED_MASK:.0%}".replace("%", " %")
    advice = "look at these masks; then name what the pixels are with --classes, or leave them out with --ignore"
    return finding("unmatched-pixels", "warning", worst, message, advice)


def check_lossy(survey: Survey) -> list[Finding]:
    """Masks saved as JPEG: edges are smeared, and every pixel takes the nearest value or colour."""
    lossy = [
        pair.masks[0]
        for pair in survey.pairs
        if (header := survey.header(pair.masks[0])) is not None and header.format in ("JPEG", "MPO")
    ]
    advice = "labels within a few pixels of an edge are uncertain; export the masks as PNG if you still can"
    return finding(
        "lossy-masks", "info", lossy, "[1 mask is|{n} masks are] JPEG: values are smeared along edges", advice
    )


def check_ids(survey: Survey) -> list[Finding]:
    """Source values that start at 1 or have gaps: ids are 0..n−1 in their order."""
    table = survey.dataset.classes
    moved = [
        f"{row.source} → {row.id} ({row.name})"
        for row in table.classes
        if isinstance(row.source, int) and row.source != row.id
    ]
    if table.name or survey.dataset.encoding.name != "ids":
        return []
    message = "the masks' values are not 0, 1, 2, …: [one gets|{n} of them get] another id"
    return finding("renumbered-classes", "info", moved, message, "predict writes ids; --as-source writes the values")


def check_content(survey: Survey) -> list[Finding]:
    """Masks of one class throughout, and masks in which every pixel is ignored."""
    masks = survey.masks
    classes = int((masks.pixels() > 0).sum())
    empty = [image for image, row in zip(masks.images, masks.counts, strict=True) if not row.any()]
    one = list(masks.images) if classes < 2 else []
    return [
        *finding(
            "one-class",
            "error",
            one,
            "there is only one class in [the one mask|all {n} masks] that [was|were] read",
            "there is nothing to tell apart: are these the right masks? if a class is not labelled, name it: --classes",
        ),
        *finding(
            "empty-masks",
            "warning",
            empty,
            "[1 mask is|{n} masks are] ignored in every pixel",
            "label them, or leave them out",
        ),
    ]


def check_alpha(survey: Survey) -> list[Finding]:
    """Masks with a transparency: they are read as black there."""
    with_alpha = [
        (mask, header)
        for pair in survey.pairs
        for mask in pair.masks
        if (header := survey.header(mask)) and header.mode.endswith("A")
    ]
    clear = [mask for mask, header in with_alpha[:ALPHAS] if has_alpha(survey.dataset.root / mask, header)]
    return finding(
        "transparent-masks",
        "warning",
        [mask for mask in clear if mask not in survey.images],
        "[1 mask has|{n} masks have] transparent pixels, which are read as black",
        "flatten them if something else is meant",
    )
