"""The reference pages are what the code draws; a stale one says how to draw it again."""

from pathlib import Path

import pytest

from unetkit.cli.reference import FOLDER, pages, write_pages

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", pages())
def test_a_page_is_what_the_code_draws(name: str) -> None:
    page = ROOT / FOLDER / name
    assert page.read_text(encoding="utf-8") == pages()[name], "run: python -m unetkit.cli.reference"


def test_no_page_is_left_over_from_a_job_that_is_gone() -> None:
    drawn = {path.name for path in (ROOT / FOLDER / "schema").iterdir()}
    assert drawn == {name.removeprefix("schema/") for name in pages() if name.startswith("schema/")}


def test_pages_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    write_pages(tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == set(pages())
