"""Checks of the images: channels, sizes, depth, transparency, and a range too narrow for its depth."""

from __future__ import annotations

from collections import Counter

from unetkit.checking.finding import Finding, finding
from unetkit.checking.survey import Survey

NARROW = 0.55  # share of the range of values, below which it counts as narrow


def check_number(survey: Survey) -> list[Finding]:
    """One image is no data set."""
    if len(survey.pairs) > 1:
        return []
    advice = "label more images; with a single one nothing can be scored"
    return finding("one-image", "warning", [pair.image for pair in survey.pairs], "there is only one image", advice)


def check_channels(survey: Survey) -> list[Finding]:
    """Grey and colour mixed, or grey stored as colour; 8 and 16 bits."""
    channels = _by(survey, "channels")
    depths = _by(survey, "depth")
    rare = channels[min(channels, key=lambda key: len(channels[key]))] if len(channels) > 1 else []
    shallow = depths.get(8, []) if len(depths) > 1 else []
    mixed = ", ".join(f"{len(files):,} with {key}" for key, files in sorted(channels.items()))
    return [
        *finding(
            "mixed-channels",
            "warning",
            rare,
            f"the images have different numbers of channels: {mixed}",
            survey.command("train", "--channels 3  # or --channels 1"),
        ),
        *finding(
            "grey-as-colour",
            "info",
            list(survey.images) if _is_grey_as_colour(survey, channels) else [],
            f"the images are grey, stored with {' or '.join(map(str, sorted(channels)))} channels",
            "training reads them as one channel by itself: nothing to do",
        ),
        *finding(
            "mixed-depth",
            "warning",
            shallow,
            "[1 image has|{n} images have] 8 bits and the others 16: their values mean different things",
            "save all of them with the same depth",
        ),
        *finding(
            "sixteen-bit", "info", depths.get(16, []), "[1 image has|{n} images have] 16 bits, which are never cut to 8"
        ),
    ]


def check_sizes(survey: Survey) -> list[Finding]:
    """Images of several sizes: they are brought to one working size, which is no defect but worth knowing."""
    found = {pair.image: size for pair in survey.pairs if (size := survey.size(pair)) is not None}
    sizes = Counter(found.values())
    if len(sizes) < 2:
        return []
    (usual, _), *_ = sizes.most_common(1)
    others = [image for image, size in found.items() if size != usual]
    message = f"[1 image has|{{n}} images have] another size than most, which have {usual[0]}×{usual[1]}"
    return finding("mixed-sizes", "info", others, message, "each is brought to the working size, its aspect kept")


def check_transparency(survey: Survey) -> list[Finding]:
    """Alpha that says something, and is dropped."""
    clear = [image for image, facts in survey.images.items() if facts.alpha]
    return finding(
        "transparent-images",
        "warning",
        clear,
        "[1 image has|{n} images have] transparent pixels; transparency is dropped and the colour beneath it is used",
        "flatten them onto the background that they should have",
    )


def check_range(survey: Survey) -> list[Finding]:
    """Values that use a small part of what 8 or 16 bits hold, as infrared cameras deliver them."""
    facts = survey.images
    if not facts:
        return []
    low, high = min(seen.low for seen in facts.values()), max(seen.high for seen in facts.values())
    full = max(2**seen.depth - 1 for seen in facts.values())
    if (high - low) / full > NARROW:
        return []
    message = f"all values lie between {low:.0f} and {high:.0f} of 0..{full}: a narrow range"
    advice = "training stretches such a range by itself (normalisation percentile): nothing to do"
    return [Finding("narrow-range", "info", len(facts), (), message, advice)]


def _is_grey_as_colour(survey: Survey, channels: dict[int, list[str]]) -> bool:
    return min(channels, default=1) > 1 and bool(survey.images) and all(facts.grey for facts in survey.images.values())


def _by(survey: Survey, what: str) -> dict[int, list[str]]:
    """Images by a value of their header."""
    found: dict[int, list[str]] = {}
    for pair in survey.pairs:
        header = survey.header(pair.image)
        if header is not None:
            found.setdefault(header.channels if what == "channels" else header.depth, []).append(pair.image)
    return found
