"""From families of images and families of masks to readings: who links with whom, and what excludes what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from unetkit.data.layouts.listing import Listing, name_of
from unetkit.data.layouts.pools import Family, by_format
from unetkit.data.layouts.reading import Reading, Standing
from unetkit.data.layouts.specs import write_spec
from unetkit.data.layouts.stems import File, Match, copies, match
from unetkit.data.pair import Pair

# Families without a namesake are tried with all of the other side only while these are few.
_FEW = 12


@dataclass(frozen=True, slots=True)
class Link:
    """A family of images and a family of masks of which some files belong together."""

    images: Family
    masks: Family
    match: Match

    @property
    def share(self) -> float:
        """Linked files as a share of the smaller side."""
        return len(self.match.links) / min(len(self.images.files), len(self.masks.files))


def combine(
    images: Iterable[Family], masks: Iterable[Family], *, share: float = 0.0, same_place: bool = False
) -> list[Link]:
    """Every link between the two sides with at least one pair and at least this share of the smaller side.

    Families with the same spare words (`left_images`, `left_masks`) keep to themselves.
    """
    first = [part for family in images for part in by_format(family)]
    second = [part for family in masks for part in by_format(family)]
    links = (
        Link(image, mask, match(image.files, mask.files, same_place=same_place))
        for image, mask in _candidates(first, second)
    )
    return [link for link in links if link.match.links and link.share >= share]


def alternatives(links: Sequence[Link]) -> list[list[Link]]:
    """The ways to take as many links as possible without using an image or a mask twice."""
    rivals = _rivals(links)
    free = [link for number, link in enumerate(links) if not rivals[number]]
    found: list[list[int]] = []
    for number in sorted(rival for rival, others in rivals.items() if others):
        chosen = [number]
        for other in sorted(rivals):
            if rivals[other] and other not in chosen and not rivals[other] & set(chosen):
                chosen.append(other)
        if sorted(chosen) not in found:
            found.append(sorted(chosen))
    return [free + [links[number] for number in chosen] for chosen in found] or ([free] if free else [])


def read_links(
    layout: str, listing: Listing, links: Sequence[Link], standing: Standing, *, say: Callable[[Pair], bool]
) -> list[Reading]:
    """The readings that these links allow, each with what it leaves over; only those of which `say` holds mostly."""
    readings = [_reading(layout, listing, chosen, standing) for chosen in alternatives(links)]
    return [reading for reading in readings if 2 * sum(map(say, reading.pairs)) > len(reading.pairs)]


def pair_of(image: File, mask: File) -> Pair:
    """The pair of two files."""
    return Pair(image.path, mask.path, split=image.split or mask.split)


def leftovers(files: Iterable[str], used: Iterable[str], duplicates: Iterable[str]) -> tuple[str, ...]:
    """The files that are neither used nor superfluous, sorted."""
    return tuple(sorted(set(files) - set(used) - set(duplicates)))


def join_flags(layout: str, *, images: str | None = None, masks: str | None = None) -> str:
    """The flags of a reading, quoted for a shell."""
    flags = [f"--images {quote(images)}" if images else "", f"--masks {quote(masks)}" if masks else ""]
    return " ".join(part for part in (f"--layout {quote(layout)}", *flags) if part)


def quote(text: str) -> str:
    """Quoted for a POSIX shell, where that is needed."""
    plain = text.replace("/", "").replace("_", "").replace("-", "").replace(".", "").replace(",", "").replace(":", "")
    return text if plain.isalnum() and plain.isascii() and text[0] != "-" else "'" + text.replace("'", "'\"'\"'") + "'"


def _candidates(images: Sequence[Family], masks: Sequence[Family]) -> list[tuple[Family, Family]]:
    of_spare: dict[tuple[str, ...], list[Family]] = defaultdict(list)
    for mask in masks:
        of_spare[mask.spare].append(mask)
    namesakes = [(image, mask) for image in images for mask in of_spare[image.spare]]
    taken = {family.spare for pair in namesakes for family in pair}
    if len(images) > _FEW or len(masks) > _FEW:
        return namesakes
    strangers = [
        (image, mask)
        for image in images
        for mask in masks
        if image.spare != mask.spare and not (image.spare in taken and mask.spare in taken)
    ]
    return namesakes + strangers


def _rivals(links: Sequence[Link]) -> dict[int, set[int]]:
    """Number of a link to the numbers of those that use a file of it for something else."""
    users: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number, link in enumerate(links):
        for image, mask in link.match.links:
            for user in (("file", image.path), ("file", mask.path)):
                users[user].add(number)
    found: dict[int, set[int]] = {number: set() for number in range(len(links))}
    for sharers in {frozenset(numbers) for numbers in users.values() if len(numbers) > 1}:
        for number in sharers:
            found[number] |= sharers - {number}
    return found


def _reading(layout: str, listing: Listing, links: Sequence[Link], standing: Standing) -> Reading:
    pairs = sorted((pair_of(*link) for each in links for link in each.match.links), key=lambda pair: pair.image)
    images = {file.path for link in links for file in link.images.files}
    masks = {file.path for link in links for file in link.masks.files} - images
    rivals = {path for link in links for path in link.match.rivals}
    duplicates = tuple(sorted(rivals | set(copies(images)) | set(copies(masks))))
    words = [link.match.words for link in links]
    spoken = (write_spec(images, listing, words[0][0].split("+")), write_spec(masks, listing, words[0][1].split("+")))
    return Reading(
        layout,
        listing.root,
        tuple(pairs),
        orphan_images=leftovers(images, (pair.image for pair in pairs), duplicates),
        orphan_masks=leftovers(masks, (pair.mask for pair in pairs), duplicates),
        duplicates=duplicates,
        evidence=_evidence(pairs[0], spoken, words[0]),
        flags=join_flags(layout, images=spoken[0], masks=spoken[1]),
        standing=standing,
    )


def _evidence(example: Pair, spoken: tuple[str | None, str | None], words: tuple[str, str]) -> str:
    images, masks = spoken
    sides = f"images in {images or 'the other files'}, masks in {masks or 'the other files'}"
    if not any(words):
        return f"{sides}: equal names"
    told = (
        f"'{words[0]}' in the one, '{words[1]}' in the other"
        if all(words)
        else f"'{words[0] or words[1]}' tells them apart"
    )
    return f"{sides}: {told} ({name_of(example.image)} + {name_of(example.mask)})"
