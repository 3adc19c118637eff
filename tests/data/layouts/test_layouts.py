"""The visible table, docs/concepts/layouts.md, is the specification: every row of it is built and read."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from unetkit.data.layouts import LAYOUTS, Reading, find_pairs
from unetkit.data.layouts import words as vocabulary
from unetkit.errors import AmbiguityError

PAGE = (Path(__file__).parents[3] / "docs" / "concepts" / "layouts.md").read_text(encoding="utf-8")
NUMBERS = ("1", "2", "3", "21")
CODE = re.compile(r"`([^`]+)`")

Plant = Callable[..., Path]


@dataclass(frozen=True)
class Row:
    """A row of a table of the page: three cells of text."""

    tree: list[str]
    middle: str
    last: str

    @property
    def pair(self) -> list[str]:
        """The files of the example pair: image, then mask or masks."""
        return CODE.findall(self.last)


def rows_below(heading: str) -> list[Row]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [Row(CODE.findall(tree), middle.strip(), last) for tree, middle, last in cells]


READ = rows_below("What is read")
ASKED = rows_below("Saying it yourself")


@pytest.fixture
def build(plant: Plant, half_mask: Callable[[str], bytes], photo_and_mask: bytes) -> Callable[[Row], Path]:
    def grow(row: Row) -> Path:
        roots = [plant(pattern, content=content(row, pattern, half_mask, photo_and_mask)) for pattern in row.tree]
        return roots[0]

    return grow


def content(row: Row, pattern: str, half_mask: Callable[[str], bytes], photo_and_mask: bytes) -> bytes:
    folder = Path(pattern).parent.name.lower()
    if "{n}" not in pattern:
        return table(pattern, row.tree[:2]).encode()
    if row.middle == "side-by-side":
        return photo_and_mask
    drawn = {"land": "lower", "sky": "upper", "boats": "middle", "buoys": "upper"}
    return half_mask(drawn[folder]) if folder in drawn else b""


def table(name: str, sides: list[str]) -> str:
    pairs = [[side.replace("{n}", number) for side in sides] for number in NUMBERS]
    if name.endswith(".jsonl"):
        return "\n".join(json.dumps({"image": f"../{image}", "mask": f"../{mask}"}) for image, mask in pairs)
    if name.endswith(".txt"):
        return "\n".join(f"/elsewhere/{image} /elsewhere/{mask}" for image, mask in pairs)
    return "image;mask\n" + "\n".join(f"{image};{mask}" for image, mask in pairs)


@pytest.mark.parametrize("row", READ, ids=lambda row: row.tree[0])
def test_every_tree_of_the_page_is_read_as_the_page_says(row: Row, build: Callable[[Row], Path]) -> None:
    reading = find_pairs(build(row))

    image, *masks = row.pair
    split = re.search(r"\((train|val|test)\)", row.last)
    assert reading.layout == row.middle
    assert (image, "|".join(masks), split and split[1]) in {(p.image, p.mask, p.split) for p in reading.pairs}
    assert len(reading.pairs) == number_of_images(row)


def number_of_images(row: Row) -> int:
    """Every tree pairs all its files but those of the second kind beside it, and of a split without masks."""
    image, mask = row.pair[:2]
    extra = sum(
        "Object" in path or "_color" in path or "instance" in path or "valid/{n}_sat" in path for path in row.tree
    )
    pictures = sum("{n}" in path for path in row.tree) - extra
    return 4 * pictures // (1 if image == mask else len(row.pair))


@pytest.mark.parametrize("row", READ, ids=lambda row: row.tree[0])
def test_the_flags_of_a_reading_say_the_same_reading(row: Row, build: Callable[[Row], Path]) -> None:
    root = build(row)
    reading = find_pairs(root)

    assert by_flags(root, reading.flags).pairs == reading.pairs


def by_flags(root: Path, flags: str) -> Reading:
    words = shlex.split(flags)
    said = {flag[2:]: value for flag, value in zip(words[::2], words[1::2], strict=True)}
    return find_pairs(root, images=said.get("images"), masks=said.get("masks"), layout=said.get("layout"))


@pytest.mark.parametrize("row", ASKED, ids=lambda row: row.tree[0])
def test_every_question_of_the_page_is_asked_with_its_answer(row: Row, build: Callable[[Row], Path]) -> None:
    root = build(row)
    with pytest.raises(AmbiguityError) as asked:
        find_pairs(root)

    answer = CODE.findall(row.last)[0]
    assert f"unetkit check {root} {answer}\n" in asked.value.advice
    assert "4 pairs" in asked.value.advice
    assert len(by_flags(root, answer).pairs) == 4


@pytest.mark.parametrize("row", ASKED, ids=lambda row: row.tree[0])
def test_every_command_of_a_question_decides_it(row: Row, build: Callable[[Row], Path]) -> None:
    root = build(row)
    with pytest.raises(AmbiguityError) as asked:
        find_pairs(root)

    flags = re.findall(rf"unetkit check {re.escape(str(root))} (.*)", asked.value.advice)
    answers = {by_flags(root, text).pairs for text in flags}
    assert len(answers) == len(flags) > 1


def test_the_page_shows_every_layout_and_no_other() -> None:
    assert {row.middle for row in READ} == set(LAYOUTS)
    assert set(re.findall(r"^\*\*([a-z-]+)\.\*\*", PAGE, re.MULTILINE)) == set(LAYOUTS)


@pytest.mark.parametrize("name", ["IMAGE_WORDS", "MASK_WORDS", "OTHER_WORDS", "OBJECT_WORDS", "SPLIT_WORDS"])
def test_the_page_lists_every_word_that_counts(name: str) -> None:
    listed = set(re.findall(r"[a-z]+", PAGE.split("## The words\n")[1].split("\n## ")[0]))

    assert set(getattr(vocabulary, name)) <= listed
