"""Where a benchmark's table stands in the README or the documentation: between two markers, written by the script."""

from __future__ import annotations

from pathlib import Path


def put(page: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- NAME -->` and `<!-- end of NAME -->` in a page.

    Raises:
        ValueError: the page has no such place.
    """
    before, start, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    if not (start and end):
        raise ValueError(f"{page} has no place for: {name}")
    page.write_text(f"{before}{start}{text}\n{end}{after}", encoding="utf-8")
