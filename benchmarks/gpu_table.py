"""What `gpu.py` has measured, as tables; whatever part of it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

Document = dict[str, Any]


def table(document: Document) -> str:
    """Everything, for people.

    Args:
        document: `gpu.json`: `terms`, and of `speed` and `camvid` what was measured.
    """
    gpu = document["terms"]["gpu"]
    heading = gpu["name"] if gpu else "Tried on a CPU: no figure here means anything."
    parts: list[tuple[str, Callable[[Any], list[str]]]] = [("speed", speed_table), ("camvid", camvid_table)]
    lines = ["# Training on a GPU", "", heading, ""]
    for name, told in parts:
        if document.get(name):
            lines += [*told(document[name]), ""]
    return "\n".join(lines)


def speed_table(measured: Document) -> list[str]:
    """A line a network and way."""
    rate = measured["matrix_flop_per_second"]
    return [
        f"A bfloat16 matrix product reaches {rate / 1e12:.3g} TFLOP/s.",
        "",
        "| network | batch | way | images/s | TFLOP/s | of the matrix rate | waiting | memory, GiB |",
        "|---|---|---|---|---|---|---|---|",
        *(f"| {' | '.join(cells)} |" for row in measured["rows"] for cells in ways_of(row, rate)),
    ]


def ways_of(row: Document, rate: float) -> Iterator[Sequence[str]]:
    """The cells of a network, a line a way.

    Args:
        rate: FLOP/s of the matrix product.
    """
    for way, found in row["ways"].items():
        first = (f"`{row['network']}`", str(row["batch"]), way)
        if "failed" in found:
            yield *first, found["failed"], *("–",) * 4
        else:
            flops = found["images_per_second"] * row["flop_an_image"]
            memory = "–" if found["memory"] is None else f"{found['memory'] / 2**30:.1f}"
            speed = (f"{found['images_per_second']:,.0f}", f"{flops / 1e12:.3g}", f"{flops / rate:.0%}")
            yield *first, *speed, f"{found['waiting']:.1%}", memory


def camvid_table(runs: Sequence[Document]) -> list[str]:
    """A line a network."""
    heads = [f"minutes to {goal}" for goal in runs[0]["minutes_to"]]
    lines = ["CamVid, mean IoU on val.", "", f"| network | {' | '.join(heads)} | best | minutes in all |"]
    lines.append("|---|" + "---|" * (len(heads) + 2))
    for one in runs:
        cells = [
            f"more than {one['minutes']:.1f}" if took is None else f"{took:.1f}" for took in one["minutes_to"].values()
        ]
        lines.append(f"| `{one['network']}` | {' | '.join(cells)} | {one['best']:.3f} | {one['minutes']:.1f} |")
    return lines
