"""What the records of `time_to_quality.py` say, as a table and a few sentences."""

from __future__ import annotations

import math
import statistics
import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Any

Document = dict[str, Any]
Goals = Sequence[float]

UNETKIT = ("ours", "source")
CONTESTANTS = (*UNETKIT, "plain", "plain-kept", "plain-bf16")
BAR, AIM = 16, 25


def table(records: Sequence[Document], goals: Goals) -> str:
    """Median and worst seconds of each contestant to each goal, how many times those of `ours`, and what follows.

    Raises:
        ValueError: records of one data set are of different code.
    """
    runs = [record for record in records if not record["key"]["entry"]["trial"]]
    rows = [*_rows(_of(runs, "ir-horizon"), goals), *_rows(_of(runs, "horizon-uav"), goals)]
    lines = [
        "| data | Dice on the test part | contestant | precision | seeds | seconds: median (worst) | times ours |",
        "|---|---|---|---|---|---|---|",
        *rows,
        _paragraph(verdict(records)),
        _whereto(_of(runs, "ir-horizon")),
        _long_way(_of(runs, "camvid")),
        _trials([record for record in records if record["key"]["entry"]["trial"]]),
        _made_on(runs),
    ]
    return "\n".join(line for line in lines if line)


def first_reached(scorings: Sequence[Document], goal: float, cap: float = math.inf) -> float | None:
    """Seconds of the first of two successive scorings that reach the goal; None where that is beyond the cap."""
    good = [one["seconds"] for one, following in pairwise(scorings) if min(one["dice"], following["dice"]) >= goal]
    return float(good[0]) if good and good[0] <= cap else None


def _of(records: Sequence[Document], field: str) -> list[Document]:
    """Those of a data set."""
    found = [record for record in records if record["key"]["entry"]["field"] == field]
    codes = {(record["key"]["entry"]["contestant"] in UNETKIT, record["key"]["source"]) for record in found}
    if len(codes) > len({unetkit for unetkit, _ in codes}):
        raise ValueError(f"the records of {field} are of different code: run time_to_quality.py again")
    return found


def _rows(records: Sequence[Document], goals: Goals) -> Iterator[str]:
    for goal, contestant in product(goals, CONTESTANTS):
        found = [one for one in records if one["key"]["entry"]["contestant"] == contestant]
        found = [one for one in found if one["key"]["entry"]["goal"] >= goal]
        if found:
            entry, precision = found[0]["key"]["entry"], found[0]["scorings"][-1]["precision"]
            ratio = _ratio(records, contestant, goal)
            cells = (entry["field"], goal, contestant, precision, len(found), _told(found, goal), ratio)
            yield f"| {' | '.join(map(str, cells))} |"


def _seconds(record: Document, goal: float) -> float:
    """To the goal; infinite where it was not reached in time."""
    found = first_reached(record["scorings"], goal, record["cap"] or math.inf)
    return math.inf if found is None else found


def _median(records: Sequence[Document], contestant: str, goal: float) -> float:
    found = [one for one in records if one["key"]["entry"]["contestant"] == contestant]
    return statistics.median(_seconds(one, goal) for one in found if one["key"]["entry"]["goal"] >= goal)


def _ratio(records: Sequence[Document], contestant: str, goal: float) -> str:
    ours, other = _median(records, "ours", goal), _median(records, contestant, goal)
    if ours == math.inf:
        return "–"
    if other < math.inf:
        return f"{other / ours:.1f}"
    capped = [one["cap"] for one in records if one["key"]["entry"]["contestant"] == contestant]
    return f"more than {min(capped) / ours:.0f}"


def _told(records: Sequence[Document], goal: float) -> str:
    """Median and worst; a run stopped by the cap took more than that, one that ended by itself never got there."""

    def one(record: Document) -> str:
        seconds = _seconds(record, goal)
        if seconds < math.inf:
            return f"{seconds:.1f}"
        last = record["scorings"][-1]["seconds"]
        return f"more than {record['cap']:.0f}" if record["ended"] == "cap" else f"not in its {last:.0f}"

    ordered = sorted(records, key=lambda record: _seconds(record, goal))
    return one(ordered[0]) if len(ordered) == 1 else f"{one(ordered[len(ordered) // 2])} ({one(ordered[-1])})"


def verdict(records: Sequence[Document]) -> str:
    """Against the bar: ours at most 1/16 of the plain loop's time to 0.98, with 1/25 as the aim."""
    records = [record for record in _of(records, "ir-horizon") if not record["key"]["entry"]["trial"]]
    names = {record["key"]["entry"]["contestant"] for record in records}
    if not {"ours", "plain"} <= names:
        return "Not measured yet."
    ours, plain = _median(records, "ours", 0.98), _median(records, "plain", 0.98)
    if plain == math.inf:  # then it took longer than this
        plain = min(record["cap"] for record in records)
    told = "met" if plain >= AIM * ours else f"met, the aim of 1/{AIM} missed" if plain >= BAR * ours else "MISSED"
    share = f"1/{plain / ours:.1f}"
    return f"To Dice 0.98 on `ir-horizon` ours needs {share} of the plain loop's time; the bar is 1/{BAR}: {told}."


def _whereto(records: Sequence[Document]) -> str:
    """What the time of ours goes into, up to the goal of the bar, with the first seed."""
    ours = next((one for one in records if one["key"]["entry"]["contestant"] == "ours"), None)
    if ours is None or _seconds(ours, 0.98) == math.inf:
        return ""
    seconds, first = _seconds(ours, 0.98), ours["scorings"][0]
    steps = next(one["step"] for one in ours["scorings"] if one["seconds"] == seconds)
    imported, seed = first["imported"], ours["key"]["entry"]["seed"]
    return _paragraph(
        f"Of the {seconds:.1f} s of ours to that goal (seed {seed}) {imported:.1f} go into the start of the process "
        f"and its imports, {first['seconds'] - imported:.1f} into data, plan and the first step, and "
        f"{seconds - first['seconds']:.1f} into {steps - 1} more steps and the scorings on val between them."
    )


def _long_way(records: Sequence[Document]) -> str:
    """What both are at on `camvid`, when the plain loop has made its epochs."""
    ends = {record["key"]["entry"]["contestant"]: record for record in records}
    if not {"ours", "plain"} <= set(ends):
        return ""
    plain, ours = ends["plain"]["scorings"][-1], ends["ours"]["scorings"]
    epochs, minutes = ends["plain"]["key"]["specification"]["epochs"], plain["seconds"] / 60
    said = (
        f"On `camvid` (val, mean IoU) the plain loop, with the 31-million network of that recipe's source, is at "
        f"{plain['mean_iou']:.3f} after {epochs} epochs and {minutes:.0f} minutes. "
    )
    passed = [
        one["seconds"]
        for one, following in pairwise(ours)
        if min(one["mean_iou"], following["mean_iou"]) >= plain["mean_iou"]
    ]
    said += f"Ours has passed that after {passed[0]:.0f} seconds, and ends" if passed else "Ours ends"
    said += f" its minute at {ours[-1]['mean_iou']:.3f}."
    if ours[-1]["mean_iou"] > plain["mean_iou"]:
        said += f" To that the plain loop needs more than {minutes:.0f} minutes."
    return _paragraph(said)


def _trials(records: Sequence[Document]) -> str:
    """How the plain loop's batch and order of memory were chosen."""
    told = []
    for record in records:
        entry, seconds = record["key"]["entry"], _seconds(record, record["key"]["entry"]["goal"])
        order = "channels last" if entry["channels_last"] else "channels first"
        said = f"{seconds:.0f} s" if seconds < math.inf else f"more than {record['cap']:.0f} s"
        told.append(f"batch {entry['batch']}, {order}: {said}")
    if not told:
        return ""
    goal = records[0]["key"]["entry"]["goal"]
    return _paragraph(f"Trials of the plain loop to Dice {goal}, seed 0: {'; '.join(told)}.")


def _made_on(records: Sequence[Document]) -> str:
    if not records:
        return ""
    on = records[0]["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in on["packages"].items())
    return _paragraph(f"`python benchmarks/time_to_quality.py` on {on['cpu']}, {on['cores']} cores; {packages}.")


def _paragraph(text: str) -> str:
    return "\n" + textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False)
