"""Classes as people write them: on the command line and in the files that label tools leave behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from unetkit.data.class_text import parse_classes, parse_ignore, parse_source, read_class_file, write_classes
from unetkit.data.classes import ClassTable
from unetkit.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("255", 255),
        ("#8040C0", (128, 64, 192)),
        ("128/64/192", (128, 64, 192)),
        ("128 64 192", (128, 64, 192)),
        ("land", "land"),
    ],
)
def test_a_source_is_a_value_a_colour_or_a_folder(text: str, source: object) -> None:
    assert parse_source(text) == source


def test_what_is_written_is_read_back() -> None:
    rows = [(0, "sea"), ((128, 64, 192), "road"), ("land", "shore")]
    line = write_classes(rows)
    assert line == "--classes '0=sea,#8040c0=road,land=shore'"
    assert [(row.source, row.name) for row in parse_classes(line[11:-1])] == rows


@pytest.mark.parametrize("text", ["65536", "99999", "256/0/0", "0 0 300"])
def test_what_no_mask_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_source(text)
    assert caught.value.where == text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("0=sea,0=sky", "both 'sea' and 'sky'"),
        ("0=sea,1=sea", "two classes are called 'sea'"),
        ("0=,1=sky", "0 has no name"),
        ("0=ignore", "no class is named"),
        ("sea,sky", "no classes"),
        ("", "no classes"),
    ],
)
def test_a_slip_is_said_with_an_example(text: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        ClassTable.from_text(text)
    assert caught.value.where.startswith("--classes")
    assert caught.value.advice


def test_a_mistyped_table_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        ClassTable.from_text("cityscape")
    assert "did you mean 'cityscapes'" in caught.value.advice


def test_ignored_values_are_no_classes() -> None:
    table = ClassTable.from_text("0=sea,1=sky,255=void")
    assert (table.names, table.ignore) == (("sea", "sky"), (255,))


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        (None, None),
        ("", None),
        ("255", (255,)),
        ("0, 255", (0, 255)),
        ("#000000,boat", ((0, 0, 0), "boat")),
        ("none", ("none",)),
    ],
)
def test_ignore_takes_values_colours_and_names(text: str | None, sources: object) -> None:
    assert parse_ignore(text) == sources


FILES = {
    "label_colors.txt": "0 84 147\tsea\n135 206 235\t\tsky\n0 0 0 Void\n",
    "class_dict.csv": "name,r,g,b\nsea,0,84,147\nsky,135,206,235\nvoid,0,0,0\n",
    "labelmap.txt": "# label:color_rgb:parts:actions\nsea:0,84,147::\nsky:135,206,235::\nvoid:0,0,0::\n",
    "hex.txt": "#005493 sea\n#87ceeb sky\n#000000 ignore\n",
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_label_tools_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    table = ClassTable.from_text(str(tmp_path / name))
    assert [(row.source, row.name) for row in table.classes] == [((0, 84, 147), "sea"), ((135, 206, 235), "sky")]
    assert table.ignore == ((0, 0, 0),)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("codes.txt", "sea\nsky\n"),
        ("a.txt", "0 sea\n1 sky\n"),
        ("b.txt", "0=sea\n1=sky\n"),
        ("c.json", '{"0": "sea", "1": "sky"}'),
        ("d.json", '["sea", "sky"]'),
    ],
)
def test_files_of_values_are_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [(row.source, row.name) for row in read_class_file(tmp_path / name)] == [(0, "sea"), (1, "sky")]


def test_our_own_json_is_read_with_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "classes.json"
    path.write_text('{"classes": [{"id": 0, "name": "sea", "colour": [1, 2, 3], "source": 9}]}', encoding="utf-8")
    row = ClassTable.from_file(path).classes[0]
    assert (row.name, row.colour, row.source) == ("sea", (1, 2, 3), 9)


@pytest.mark.parametrize(
    ("text", "where"), [("0 sea\nrubbish!\n", "line 2"), ("300 0 0 sea\n", "line 1"), ("", "a.txt")]
)
def test_a_broken_file_names_the_line(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_class_file(tmp_path / "a.txt")
    assert where in caught.value.where


def test_broken_json_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="no classes in this JSON"):
        read_class_file(tmp_path / "a.json")
