"""Regular patterns in file names that may name a group: the text before a constant word, a separator, a counter.

Every candidate is a regular expression on the image's path, so that what was found can be pasted as `--groups REGEX`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_COMMON = 0.95  # share of the names in which a landmark must stand
_SPLIT_WORDS = re.compile(r"train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?", re.IGNORECASE)
_VIDEO = re.compile(r"mp4|avi|mov|mkv|video|converted", re.IGNORECASE)
_TILE = re.compile(r"sat|tile|patch|crop|scene|chip", re.IGNORECASE)
_COUNTER = re.compile(r"\d")
_LANDMARK = re.compile(r"(?<=[0-9A-Za-z])[_\-. ]+[A-Za-z]{2,}(?:[_\-. ]+|(?=\d)|$)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pattern that may name a group.

    Attributes:
        kind: what a group probably is: "video", "tile", "clip", "folder".
        words: the rule in words: "the number before `_sat_`".
        pattern: a regular expression on the path, whose first group is the group's name.
        identifier: a group's name must hold a digit, else it is rather a kind of thing (`cat_01`, `dog_01`).
    """

    kind: str
    words: str
    pattern: str
    identifier: bool = True

    def groups(self, images: Sequence[str]) -> tuple[str | None, ...]:
        """The group of each path, or None where the pattern is not found or the name does not look like one."""
        search = re.compile(self.pattern).search
        matches = (search(image) for image in images)
        return tuple(None if match is None or not self._plausible(match) else match[1] for match in matches)

    def _plausible(self, match: re.Match[str]) -> bool:
        if not self.identifier:
            return True
        rest = match.string[match.end(1) :].rpartition(".")[0]
        return bool(_COUNTER.search(match[1]) and _COUNTER.search(rest))


def folder_candidates(images: Sequence[str]) -> list[Candidate]:
    """One candidate for each folder level that varies, counted from the file; names of splits do not count."""
    candidates: list[Candidate] = []
    folders = [PurePosixPath(image).parts[:-1] for image in images]
    for level in range(1, 4):
        names = {_SPLIT_WORDS.sub("", parts[-level]) for parts in folders if len(parts) >= level}
        if len(names) > 1:
            where = "the image's folder" if level == 1 else f"the folder {level} levels above the file"
            rest = "/[^/]+" if level == 1 else f"(?:/[^/]+){{{level}}}"
            candidates.append(Candidate("folder", where, rf"([^/]+){rest}$", identifier=False))
    return candidates


def name_candidates(images: Sequence[str]) -> list[Candidate]:
    """Landmarks first, for they explain themselves, then separators, then the last number; all on the file's name."""
    names = [PurePosixPath(image).name for image in images]
    if not names:
        return []
    digits = all(name[0].isdecimal() for name in names)
    return [*_landmarks(names, digits), *_separators(names), _last_number(names)]


def _landmarks(names: Sequence[str], digits: bool) -> list[Candidate]:
    """Constant words between separators: `_sat_`, `-converted`."""
    counts = Counter(word for name in names for word in set(_LANDMARK.findall(name.rpartition(".")[0])))
    common = [word for word, count in counts.items() if count >= _COMMON * len(names)]
    first = names[0]
    found: list[Candidate] = []
    for word in sorted(common, key=first.find):
        number = digits and all(re.match(rf"\d+{re.escape(word)}", name) for name in names)
        shown = word.rstrip(". -") if not number else word
        what = "the number" if number else "the text"
        head = r"(\d+)" if number else r"([^/]+?)"
        found.append(Candidate(_kind(names, word), f"{what} before `{shown}`", f"{head}{_escape(shown)}[^/]*$"))
    return found


def _separators(names: Sequence[str]) -> list[Candidate]:
    """Text before the first, second, ... and last separator of each kind."""
    found: list[Candidate] = []
    for sign in "_-. ":
        fewest = min(name.rpartition(".")[0].count(sign) for name in names)
        s = _escape(sign)
        for number, word in enumerate(("first", "second", "third", "fourth")[:fewest]):
            head = rf"[^/{s}]+" if number == 0 else rf"[^/{s}]+(?:{s}[^/{s}]+){{{number}}}"
            found.append(_candidate(names, f"the text before the {word} `{sign}`", rf"({head}){s}[^/]*$"))
        if fewest:
            tail = r"[^/]*" if sign == "." else rf"[^/{s}]*"
            last = rf"([^/]+){s}{tail}$" if sign != "." else r"([^/]+)\.[^/.]*\.[^/.]*$"
            found.append(_candidate(names, f"the text before the last `{sign}`", last))
    return found


def _last_number(names: Sequence[str]) -> Candidate:
    return _candidate(names, "the text before the last number", r"([^/]*[^/\d_\-. ])[_\-. ]*\d+[^/\d]*$")


def _candidate(names: Sequence[str], words: str, pattern: str) -> Candidate:
    return Candidate(_kind(names, ""), words, pattern)


def _kind(names: Sequence[str], word: str) -> str:
    if _VIDEO.search(word) or (not word and _VIDEO.search(names[0].rpartition(".")[0])):
        return "video"
    if _TILE.search(word):
        return "tile"
    return "clip" if re.search(r"\d{4,}\.\w+$|f(?:rame)?_?\d+\.\w+$", names[0]) else "group"


def _escape(text: str) -> str:
    """`re.escape` without a backslash before signs that need none, for patterns that people read."""
    return re.sub(r"\\([-_ ])", r"\1", re.escape(text))
