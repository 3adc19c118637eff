"""The files of an evaluation: `scores.json` and, beside it, `images.csv`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from unetkit.errors import FormatError
from unetkit.evaluating.report import ScoreReport
from unetkit.files import read_json, sha256_bytes, sha256_file, write_bytes, write_json

SCORES, IMAGES = "scores.json", "images.csv"


def write_scores(report: ScoreReport, folder: Path) -> None:
    """Write both files; `scores.json` holds the checksum of the other, which stays a plain table."""
    table = images_csv(report).encode(errors="surrogateescape")
    write_bytes(folder / IMAGES, table)
    write_json(folder / SCORES, {**report.to_json(), "files": {IMAGES: sha256_bytes(table)}})


def read_images(folder: Path) -> list[dict[str, str]]:
    """The rows of `images.csv`, verified.

    Raises:
        FormatError: one of the two files is damaged.
    """
    if read_json(folder / SCORES)["files"][IMAGES] != sha256_file(folder / IMAGES):
        raise FormatError("the table does not fit the checksum in scores.json", where=str(folder / IMAGES))
    text = (folder / IMAGES).read_text(encoding="utf-8", errors="surrogateescape")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def images_csv(report: ScoreReport) -> str:
    """A row an image: path, sha256, group, trained_on ("yes", "no" or ""), and for each class id its pixels.

    Columns of pixels: `tp 0`, `fp 0`, `fn 0`, `tp 1`, ...
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    counts = [f"{kind} {id_}" for id_ in range(len(report.classes)) for kind in ("tp", "fp", "fn")]
    writer.writerow(["path", "sha256", "group", "trained_on", *counts])
    for row in report.rows:
        triples = zip(row.true_positives, row.false_positives, row.false_negatives, strict=True)
        known = {True: "yes", False: "no", None: ""}[row.trained_on]
        pixels = (int(count) for triple in triples for count in triple)
        writer.writerow([row.image, row.sha256, row.group, known, *pixels])
    return text.getvalue()
