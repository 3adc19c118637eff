"""What is shown of scores: the means beside both baselines, then each class."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from unetkit.cli.views.tables import score, share, table

NAMES = {"mean_iou": "mean IoU", "mean_dice": "mean Dice", "pixel_accuracy": "pixel accuracy"}


def show_scores(document: Any, screen: Console) -> None:
    """The first line says what was scored, and on what."""
    screen.print(
        f"{document['model']} on {document['images']:,} images of {document['data']} (split: {document['split']})",
        style="bold",
        markup=False,
        soft_wrap=True,
    )
    screen.print(table(("", ">model", ">constant", ">position"), _means(document)))
    screen.print()
    screen.print(table(("class", ">IoU", ">Dice", ">precision", ">recall", ">pixels"), _classes(document)))
    for row in document.get("absent_but_predicted", ()):
        screen.print(f"{row['name']}: {row['pixels']:,} pixels predicted, none in the truth", markup=False)
    for line in _protocol(document):
        screen.print(line, style="dim", markup=False)


def _means(document: Any) -> Iterator[tuple[str, ...]]:
    baselines = document["baseline"]
    for key, name in NAMES.items():
        beside = (score(baselines[kind].get(key)) if baselines.get(kind) else "–" for kind in ("constant", "position"))
        yield name, score(document["scores"].get(key)), *beside


def _classes(document: Any) -> Iterator[tuple[str, ...]]:
    total = sum(row["pixels"] for row in document["per_class"]) or 1
    for row in document["per_class"]:
        values = (score(row[key]) for key in ("iou", "dice", "precision", "recall"))
        yield row["name"], *values, share(row["pixels"] / total)


def _protocol(document: Any) -> Iterator[str]:
    """The protocol in one line, as far as it is plain values."""
    plain = {key: value for key, value in document["protocol"].items() if isinstance(value, str | int | float)}
    if plain:
        yield "protocol: " + ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in plain.items())
