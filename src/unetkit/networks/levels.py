"""The levels of a network from the image to the scores: what is frozen together, and learns at one rate."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from unetkit.errors import ConfigError


def levels(network: nn.Module) -> dict[str, nn.Module]:
    """Name → the parts that hold parameters, from the image to the scores.

    For a U-Net: stem, encoder levels, bottleneck, decoder levels (coarse to fine), head. A foreign encoder is one.
    """
    return {name: level for name, level in _parts(network) if any(True for _ in level.parameters())}


def freeze(network: nn.Module, count: int | None) -> tuple[str, ...]:
    """Take the gradient from the stem and the first `count` levels of the encoder; None takes all of them.

    Returns:
        The names of what stands still.

    Raises:
        ConfigError: the encoder has fewer levels, or cannot be divided.
    """
    known = levels(network)
    encoder = [name for name in known if name.partition(".")[0] == "encoder"]
    if count is not None and count > len(encoder):
        raise ConfigError(
            f"the encoder has {len(encoder)} level{'s' if len(encoder) > 1 else ''}, and {count} cannot be frozen",
            where=f"training.freeze: {count}",
            advice="--training.freeze encoder freezes all of it",
        )
    chosen = [*(name for name in known if name == "stem"), *encoder[:count]]
    for name in chosen:
        known[name].requires_grad_(requires_grad=False)
    return tuple(chosen)


def still(network: nn.Module) -> list[nn.Module]:
    """The modules of which nothing is learnt; in a step they work as in prediction, their statistics included."""
    return [module for module in network.modules() if _is_still(module)]


def _is_still(module: nn.Module) -> bool:
    parameters = list(module.parameters())
    return bool(parameters) and not any(parameter.requires_grad for parameter in parameters)


def _parts(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, part in network.named_children():
        if isinstance(part, nn.ModuleList):
            yield from ((f"{name}.{number}", level) for number, level in part.named_children())
        else:
            yield name, part
