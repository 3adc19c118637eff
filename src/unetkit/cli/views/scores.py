"""What is shown of scores: the means beside both baselines, then each class."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from unetkit.cli.views.tables import facts, score, share, table

SAID_ABOVE = {"split", "images", "scored_trained_on", "include_train"}
LABELS = {"left_out_trained_on": "left out (trained on)"}
NAMES = {"mean_iou": "mean IoU", "mean_dice": "mean Dice", "pixel_accuracy": "pixel accuracy"}


def show_scores(document: Any, screen: Console) -> None:
    """The first line says what was scored, and on what; the last ones how."""
    screen.print(Text(_headline(document), style="bold"), soft_wrap=True)
    screen.print(table(("", ">model", ">constant", ">position"), _means(document)))
    screen.print()
    screen.print(table(("class", ">IoU", ">Dice", ">precision", ">recall", ">pixels"), _classes(document)))
    for row in document.get("absent_but_predicted", ()):
        screen.print(f"{row['name']}: {row['pixels']:,} pixels predicted, none in the truth", markup=False)
    screen.print()
    facts(screen, _protocol(document))


def _headline(document: Any) -> str:
    model, data = document["model"] or "the model", document["data"]
    trained = document["protocol"]["scored_trained_on"]
    note = f"; the model was trained on {trained:,} of them" if trained else ""
    return f"{model} on {document['images']:,} images{f' of {data}' if data else ''} (split: {document['split']}){note}"


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


def _protocol(document: Any) -> Iterator[tuple[str, Text]]:
    """How it was scored, as far as that is plain values and not said above; and what was not scored."""
    protocol: dict[str, Any] = document["protocol"]
    for key, value in protocol.items():
        if isinstance(value, str | int | float) and key not in SAID_ABOVE:
            yield LABELS.get(key, key.replace("_", " ")), Text(str(value), style="dim")
    yield "ignored", Text(f"{share(protocol['ignore']['pixels_share'])} of the pixels", style="dim")
    if protocol["classes_absent"]:
        yield "not in the truth", Text(", ".join(protocol["classes_absent"]), style="dim")
