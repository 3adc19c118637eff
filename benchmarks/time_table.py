"""What the records of `time_to_quality.py` say, as a table and a few sentences; whichever of them are there.

A run that the cap stopped took longer than that: what follows from it is said as a bound, never as a figure.
"""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Any

from goals import reached
from quality import machine_line

Document = dict[str, Any]
Goals = Sequence[float]

UNETKIT = ("ours", "source")
CONTESTANTS = (*UNETKIT, "plain", "plain-kept", "plain-bf16")
GOAL = 0.98  # the one that the bar speaks of
BAR, AIM = 16, 25


def table(records: Sequence[Document], goals: Goals) -> str:
    """Median and worst seconds of each contestant to each goal, how many times those of `ours`, and what follows.

    Raises:
        ValueError: records of one data set are of different code.
    """
    runs = _runs(records)
    trials = _trials_of(records)
    rows = [*_rows(_of(runs, "ir-horizon"), goals), *_rows(_of(runs, "horizon-uav"), goals)]
    lines = [
        "| data | Dice on the test part | contestant | precision | seeds | seconds: median (worst) | times ours |",
        "|---|---|---|---|---|---|---|",
        *rows,
        _apart(verdict(runs)),
        _apart(_whereto(_of(runs, "ir-horizon"))),
        _apart(_long_way(_of(runs, "camvid"))),
        _apart(_tried(trials)),
        _apart(_made_on([*runs, *trials])),
    ]
    return "\n".join(line for line in lines if line)


def first_reached(scorings: Sequence[Document], goal: float, cap: float = math.inf) -> float | None:
    """Seconds of the first of two successive scorings that reach the goal; None where that is beyond the cap."""
    good = reached(scorings, "dice", goal)
    return float(good["seconds"]) if good and good["seconds"] <= cap else None


def _runs(records: Sequence[Document]) -> list[Document]:
    """Those that count."""
    return [record for record in records if not record["key"]["entry"]["trial"]]


def _trials_of(records: Sequence[Document]) -> list[Document]:
    """Those by which the plain loop was chosen as it is; one of other code than its runs on that data has not."""
    runs = [record for record in _of(_runs(records), "ir-horizon") if not _is_of_unetkit(record)]
    code = {record["key"]["source"] for record in runs}
    trials = (record for record in records if record["key"]["entry"]["trial"])
    return [record for record in trials if code <= {record["key"]["source"]}]


def _of(records: Sequence[Document], field: str) -> list[Document]:
    """Those of a data set."""
    found = [record for record in records if record["key"]["entry"]["field"] == field]
    codes = {(_is_of_unetkit(record), record["key"]["source"]) for record in found}
    if len(codes) > len({unetkit for unetkit, _ in codes}):
        raise ValueError(f"the records of {field} are of different code: run time_to_quality.py again")
    return found


def _is_of_unetkit(record: Document) -> bool:
    return record["key"]["entry"]["contestant"] in UNETKIT


def _rows(records: Sequence[Document], goals: Goals) -> Iterator[str]:
    for goal, contestant in product(goals, CONTESTANTS):
        found = _ordered(records, contestant, goal)
        if found:
            entry, precision = found[0]["key"]["entry"], found[0]["scorings"][-1]["precision"]
            middle, worst = _told(_middle(found), goal), _told(found[-1], goal)
            told = middle if len(found) == 1 else f"{middle} ({worst})"
            cells = (entry["field"], goal, contestant, precision, len(found), told, _ratio(records, contestant, goal))
            yield f"| {' | '.join(map(str, cells))} |"


def _ordered(records: Sequence[Document], contestant: str, goal: float) -> list[Document]:
    """The runs of a contestant that were to go so far: the soonest first, then those stopped, then those that ended."""
    found = [one for one in records if one["key"]["entry"]["contestant"] == contestant]
    found = [one for one in found if one["key"]["entry"]["goal"] >= goal]
    return sorted(found, key=lambda one: (_seconds(one, goal), _least(one, goal)))


def _middle(ordered: Sequence[Document]) -> Document:
    """The run of the median; of an even number the one that speaks against ours."""
    against = ordered[0]["key"]["entry"]["contestant"] != "ours"
    return ordered[(len(ordered) - against) // 2]


def _seconds(record: Document, goal: float) -> float:
    """To the goal; infinite where it was not reached in time."""
    found = first_reached(record["scorings"], goal, record["cap"] or math.inf)
    return math.inf if found is None else found


def _least(record: Document, goal: float) -> float:
    """What the run took to the goal, or would at least have taken; infinite where it ended by itself before."""
    return min(_seconds(record, goal), record["cap"] if record["ended"] == "cap" else math.inf)


def _times(records: Sequence[Document], contestant: str, goal: float) -> tuple[float, bool] | None:
    """How many times the seconds of ours, and whether that is exact or a lower bound; None where it is neither."""
    ours, others = _ordered(records, "ours", goal), _ordered(records, contestant, goal)
    if not (ours and others):
        return None
    seconds, least = _seconds(_middle(ours), goal), _least(_middle(others), goal)
    exact = least == _seconds(_middle(others), goal)
    return None if math.inf in (seconds, least) else (least / seconds, exact)


def _ratio(records: Sequence[Document], contestant: str, goal: float) -> str:
    found = _times(records, contestant, goal)
    if found is None:
        return "–"
    times, exact = found
    return _rounded_down(times) if exact else f"more than {_rounded_down(times)}"


def _rounded_down(times: float) -> str:
    """So that no bound says more than is known, and none that is missed looks as if it were met."""
    return f"{math.floor(10 * times) / 10:.1f}"


def _told(record: Document, goal: float) -> str:
    """Seconds to the goal; a run stopped by the cap took more than that, one that ended by itself never got there."""
    seconds = _seconds(record, goal)
    if seconds < math.inf:
        return f"{seconds:.1f}"
    last = record["scorings"][-1]["seconds"]
    return f"more than {record['cap']:.0f}" if record["ended"] == "cap" else f"not in its {last:.0f}"


def verdict(records: Sequence[Document]) -> str:
    """Against the bar: ours at most 1/16 of the plain loop's time to 0.98, with 1/25 as the aim; for any reader.

    Raises:
        ValueError: as `table`.
    """
    records = _of(_runs(records), "ir-horizon")
    ours, plain = _ordered(records, "ours", GOAL), _ordered(records, "plain", GOAL)
    if not (ours and plain):
        return "Not measured yet."
    goal = f"Dice {GOAL} of the sea on the test part of `ir-horizon`"
    if _seconds(_middle(ours), GOAL) == math.inf:
        return f"unetkit has not reached {goal} in its {_last(_middle(ours)):.0f} seconds: the bar, 1/{BAR}, is MISSED."
    taken = f"To {goal}, unetkit needs {_told(_middle(ours), GOAL)} seconds"
    found = _times(records, "plain", GOAL)
    if found is None:
        return f"{taken}; the plain loop has ended by itself before, after {_last(_middle(plain)):.0f} seconds."
    times, exact = found
    seeds = f"medians of {len(ours)} and {len(plain)} seeds"
    share = f"1/{_rounded_down(times)} of" if times >= 1 else f"{1 / times:.1f} times"
    share = f"{'' if exact else 'less than '}{share} the plain loop's time"
    return (
        f"{taken} and the plain loop {_told(_middle(plain), GOAL)} ({seeds}): that is {share}. The bar, "
        f"1/{BAR}, is {_against(BAR, times, exact)}; the aim, 1/{AIM}, is {_against(AIM, times, exact)}."
    )


def _against(limit: int, times: float, exact: bool) -> str:
    if times >= limit:
        return "met"
    return "MISSED" if exact else "open, since the plain loop was stopped too early to tell"


def _last(record: Document) -> float:
    return float(record["scorings"][-1]["seconds"])


def _whereto(records: Sequence[Document]) -> str:
    """What the time of ours goes into, up to the goal of the bar, with the first seed."""
    ours = next((one for one in records if one["key"]["entry"]["contestant"] == "ours"), None)
    if ours is None or _seconds(ours, GOAL) == math.inf:
        return ""
    seconds, first = _seconds(ours, GOAL), ours["scorings"][0]
    steps = next(one["step"] for one in ours["scorings"] if one["seconds"] == seconds)
    warm = max((one for one in ours["scorings"] if one["seconds"] <= seconds), key=lambda one: one["rate"])
    ends = {**first["done"], "the first step": first["seconds"]}
    lasted = [f"{name} {end - begin:.1f}" for (_, begin), (name, end) in pairwise([("", 0.0), *ends.items()])]
    return (
        f"Of the {seconds:.1f} s of ours to Dice {GOAL} on `ir-horizon` (seed {ours['key']['entry']['seed']}) "
        f"{first['seconds']:.1f} pass before the second step: {', '.join(lasted)}. In the other "
        f"{seconds - first['seconds']:.1f} it makes {steps - 1} steps, and the scorings on val between them; its rate "
        f"rises for {warm['seconds'] - first['seconds']:.1f} of these."
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
    passed = reached(ours, "mean_iou", plain["mean_iou"])
    said += f"Ours has passed that after {passed['seconds']:.0f} seconds, and ends" if passed else "Ours ends"
    said += f" its minute at {ours[-1]['mean_iou']:.3f}."
    if ours[-1]["mean_iou"] > plain["mean_iou"]:
        said += f" To that the plain loop needs more than {minutes:.0f} minutes."
    return said


def _tried(records: Sequence[Document]) -> str:
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
    return f"Trials of the plain loop to Dice {goal}, seed 0: {'; '.join(told)}."


def _made_on(records: Sequence[Document]) -> str:
    """Every machine of the results, each once."""
    machines = Counter(machine_line(record["machine"]) for record in records)
    if not machines:
        return ""
    counted = [f"{name} ({runs} run{'s' if runs > 1 else ''})" for name, runs in machines.items()]
    told = counted if len(machines) > 1 else [*machines]
    warning = "" if len(told) == 1 else " Seconds of different machines or versions cannot be compared."
    return f"`python benchmarks/time_to_quality.py` on {'; and on '.join(told)}.{warning}"


def paragraph(text: str) -> str:
    """Text in the lines of a document."""
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False)


def _apart(text: str) -> str:
    return f"\n{paragraph(text)}" if text else ""
