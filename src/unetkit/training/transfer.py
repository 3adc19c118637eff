"""How training starts from a model: its weights by name and shape, the rows of its head by class, some of it frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from unetkit.console import say, warn
from unetkit.data.class_text import write_classes
from unetkit.data.classes import ClassTable
from unetkit.errors import ConfigError, FormatError
from unetkit.evaluating.matching import is_nameless
from unetkit.modelfile import Contract, read_model
from unetkit.networks.levels import freeze
from unetkit.networks.likeness import choices_of, differences, flags_for
from unetkit.networks.loading import spans
from unetkit.networks.transfer import Rows, Transfer, transfer
from unetkit.runs import locate_model

SHOWN = 8  # names in a sentence


@dataclass(frozen=True, slots=True)
class Start:
    """What a network starts from.

    Attributes:
        fresh: names of its tensors that are as they were drawn, in whole or in part.
        advice: what to do so that fewer of them are.
    """

    fresh: tuple[str, ...] = ()
    advice: str = ""


def take_over(network: nn.Module, model: str, contract: Contract) -> Start:
    """Copy what a model knows into `network`, and say what was kept, what is fresh and what was dropped.

    Where the networks differ, that is said with the flags that ask for the model's own.

    Args:
        network: as drawn anew.
        model: a model file or a run.
        contract: of the model to be.

    Raises:
        FormatError: the model's weights have nothing in common with the network.
        DataError, UsageError: there is no such model, or its training has not ended.
    """
    tensors, source = read_model(locate_model(model))
    rows = known_classes(contract.classes, source.classes)
    moved = transfer(network, tensors, rows, classes=len(source.classes), channels=source.channels)
    own = _own_network(source)
    if not moved.fits:
        advice = f"{own}  # the model's own network"
        raise FormatError("no weight of this model fits the network", where=model, advice=advice)
    say(f"weights from {model}: {moved.loaded}{_channels(moved, source.channels, contract.channels)}")
    say(_told(contract.classes, source.classes, rows, head=moved.head))
    if changed := _changed(contract, source):
        warn(f"another network than the model's: {', '.join(changed)}; {own} is the model's own")
    return Start(moved.loaded.reset, f"{own}  # the model's own network")


def known_classes(classes: ClassTable, source: ClassTable) -> Rows:
    """For each class the row of `source` that it is, by name; without a name by its value in the masks, too."""
    places: dict[tuple[str, object], int] = {}
    for row, key in enumerate(_keys(source)):
        places.setdefault(key, row)
    return tuple(map(places.get, _keys(classes)))


def hold_still(network: nn.Module, levels: str, start: Start) -> None:
    """Freeze what `training.freeze` says, and say it: "" or "0" nothing, "encoder" all of it, or its first levels.

    Raises:
        ConfigError: the encoder has fewer levels, or one of these holds a tensor as it was drawn.
    """
    if levels in ("", "0"):
        return
    frozen = freeze(network, None if levels == "encoder" else int(levels))
    _refuse_chance(frozen, levels, start)
    still = sum(weight.numel() for weight in network.parameters() if not weight.requires_grad)
    say(f"frozen: {', '.join(frozen)}: {still:,} parameters and their statistics stay as they are")


def _refuse_chance(frozen: Sequence[str], levels: str, start: Start) -> None:
    drawn = {level: [name for name in start.fresh if name.startswith(f"{level}.")] for level in frozen}
    names = [name for level in frozen for name in drawn[level]]
    if names:
        places = spans([level for level in frozen if drawn[level]], frozen)
        raise ConfigError(
            f"freezing keeps weights as they are, and in {places} these are drawn at random: {_listed(names)}",
            where=f"training.freeze: {levels}",
            advice=start.advice,
        )


def _keys(table: ClassTable) -> list[tuple[str, object]]:
    """What two classes must have in common: a name that was only counted out says nothing without its value."""
    rows = zip(table.names, table.sources, strict=True)
    return [(name, value if is_nameless(name) else None) for name, value in rows]


# --- what is said -----------------------------------------------------------------------------------------------


def _changed(contract: Contract, source: Contract) -> list[str]:
    """What the network has otherwise than the source's: ["width 32 instead of 16"]."""
    ours, theirs = (choices_of(one.network, one.settings) for one in (contract, source))
    return differences(ours, theirs)


def _own_network(source: Contract) -> str:
    outputs = "logit" if source.outputs < len(source.classes) else "classes"
    return flags_for(choices_of(source.network, source.settings), outputs)


def _told(classes: ClassTable, source: ClassTable, rows: Rows, *, head: bool) -> str:
    """'classes kept: sea, sky; fresh: boat; dropped: land', and how to name what has no name."""
    taken = {row for row in rows if row is not None and head}
    kept = [name for name, row in zip(classes.names, rows, strict=True) if row in taken]
    fresh = [name for name in classes.names if name not in kept]
    dropped = [name for row, name in enumerate(source.names) if row not in taken]
    why = "" if head or not any(row is not None for row in rows) else " (the head has another shape)"
    parts = [f"classes kept: {_listed(kept)}{why}"]
    parts += [f"{what}: {_listed(names)}" for what, names in (("fresh", fresh), ("dropped", dropped)) if names]
    sentence = "; ".join(parts)
    if fresh and dropped and not why and any(map(is_nameless, fresh)):
        naming = write_classes(zip(classes.sources, ("NAME",) * len(classes), strict=True))
        return f"{sentence}; classes are matched by their names, and {naming} gives them"
    return sentence


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more if names else "none"


def _channels(moved: Transfer, before: int, now: int) -> str:
    if not moved.converted:
        return ""
    return f"; {', '.join(moved.converted)}: from {before} channel{'s' if before > 1 else ''} to {now}"
