"""Checks of the classes: rare ones, and those that train or val knows nothing about."""

from __future__ import annotations

from unetkit.checking.finding import Finding, finding
from unetkit.checking.survey import Survey
from unetkit.data.encodings.base import share
from unetkit.losses.weights import imbalance, suggest_weights


def check_imbalance(survey: Survey) -> list[Finding]:
    """Classes so rare that a loss hardly sees them."""
    train = survey.masks.of(pair.image for pair in survey.dataset.split("train"))
    counts = train.pixels()
    method = suggest_weights(counts)
    if method is None:
        return []
    names, total = survey.dataset.classes.names, counts.sum()
    rare = [
        f"{names[i]}: {share(int(counts[i]), int(total))}"
        for i in counts.argsort()
        if 0 < counts[i] < total / (2 * len(names))
    ]
    message = f"the rarest class of train has {imbalance(counts):,.0f} times fewer pixels than the typical one"
    return finding("class-imbalance", "warning", rare, message, survey.command("train", f"--class-weights {method}"))


def check_absent(survey: Survey) -> list[Finding]:
    """Classes that are in the masks and not in train, or not in val; and classes of the table that are nowhere."""
    table = survey.dataset.classes
    names = table.names
    ignored = {row.id for row in table.classes if row.source in table.ignore}
    seen = survey.masks.pixels()
    per_split = {
        name: survey.masks.of(pair.image for pair in survey.dataset.split(name)).pixels() for name in ("train", "val")
    }
    val = survey.dataset.split("val")
    anywhere = [i for i in range(len(names)) if seen[i]]
    advice = f"choose parts that hold [it|them] (--val, --groups), or another seed:\n{survey.new_split('--seed 1')}"
    return [
        *finding(
            "class-absent-from-train",
            "warning",
            [names[i] for i in anywhere if not per_split["train"][i]],
            "[1 class has|{n} classes have] truth, but none in train: [it|they] cannot be learnt",
            advice,
        ),
        *finding(
            "class-absent-from-val",
            "warning",
            [names[i] for i in anywhere if val and not per_split["val"][i]],
            "[1 class has|{n} classes have] no val image: nothing can be said about [it|them] while training",
            advice,
        ),
        *finding(
            "class-without-truth",
            "info",
            [names[i] for i in range(len(names)) if not seen[i] and i not in ignored],
            "[1 class|{n} classes] of the table [occurs|occur] in no mask that was read",
            "ids are kept, and what has no truth is not scored",
        ),
    ]
