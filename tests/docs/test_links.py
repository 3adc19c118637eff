"""Every page can be found from the first one, every link leads somewhere, every picture is small and used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.glob("**/*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
LARGEST = 100_000  # bytes of a picture


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert [str(target) for target in targets(page) if not target.exists()] == []


def test_every_page_can_be_found_from_the_first() -> None:
    found, waiting = set[Path](), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page not in found:
            found.add(page)
            waiting += [target for target in targets(page) if target in PAGES[1:]]
    assert sorted({*PAGES[1:]} - found) == []


def test_every_picture_is_small_and_used() -> None:
    pictures = set((DOCS / "pictures").iterdir())
    assert pictures == pictures & {target for page in PAGES for target in targets(page)}
    assert [picture.name for picture in pictures if picture.stat().st_size > LARGEST] == []


def targets(page: Path) -> Iterator[Path]:
    """The files of this repository that a page links to or shows; fenced blocks are left out."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(text):
        path = link.partition("#")[0]
        if path and "://" not in path:
            yield (page.parent / path).resolve()
