"""A YAML file is read with its lines, and nothing but plain values is read from it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetkit.config.reading import DEEPEST, LARGEST, Entry, read_settings, read_settings_file
from unetkit.errors import ConfigError


def test_a_value_knows_its_line() -> None:
    tree = read_settings("a: 1\n\nsection:\n  b: two\n", "mine.yaml")
    assert tree == {"a": Entry(1, 1), "section": {"b": Entry("two", 4)}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("no", "no"),
        ("true", True),
        ("~", None),
        ("'1'", "1"),
        ("[1, b]", [1, "b"]),
        ("2020-01-01", "2020-01-01"),
        ("0o17", 15),
        ("0123", "0123"),
    ],
)
def test_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert read_settings(f"a: {text}", "mine.yaml") == {"a": Entry(value, 1)}


def test_an_empty_file_says_nothing() -> None:
    assert read_settings("# only a remark\n", "mine.yaml") == {}


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\na: 2", 2, "twice"),
        ("s:\n  a: 1\n  a: 2", 3, "twice"),
        ("a: &x 1", 1, "anchors"),
        ("a: 1\nb: *x", 2, "aliases"),
        ("a: !!python/object:os.system x", 1, "tags"),
        ("a: !own x", 1, "tags"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("- 1", 1, "key: value"),
        ("hello", 1, "key: value"),
        ("a: [1", 1, "not YAML"),
        ("a: [{b: 1}]", 1, "plain"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(text: str, line: int, word: str) -> None:
    with pytest.raises(ConfigError, match=word) as caught:
        read_settings(text, "mine.yaml")
    assert caught.value.where == f"mine.yaml:{line}"


def test_what_is_too_deep_is_refused() -> None:
    with pytest.raises(ConfigError, match="levels"):
        read_settings("a: " + "[" * DEEPEST + "]" * DEEPEST, "mine.yaml")
    with pytest.raises(ConfigError, match="levels"):
        read_settings("[" * 50_000, "mine.yaml")


def test_what_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (LARGEST + 1))
    with pytest.raises(ConfigError, match="1,000,000 bytes"):
        read_settings_file(path)


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mine.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "bytes":
        path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError) as caught:
        read_settings_file(path)
    assert caught.value.where == str(path)
    assert "unetkit config" in caught.value.advice


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_our_words(text: str) -> None:
    assert _tree_or_place(text).startswith(("a tree", "mine.yaml"))


def _tree_or_place(text: str) -> str:
    try:
        return f"a tree of {len(read_settings(text, 'mine.yaml'))}"
    except ConfigError as error:
        return error.where
