"""Ways to the device: a buffer is not written to while it is read, and memory not taken anew while it is used."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
import torch

from unetkit.training.moving import Lane, Mover, numbers_of


def test_what_was_moved_before_stays_what_it_was() -> None:
    move = Mover(torch.device("cpu"))
    first = move([np.full((2, 3), 1, np.uint8), np.full((2, 3), 2, np.uint8)])
    move([np.full((2, 3), 9, np.uint8)])
    assert first[:, 0, 0].tolist() == [1, 2]


def test_more_than_before_find_a_larger_buffer() -> None:
    move = Mover(torch.device("cpu"))
    move([np.zeros((2, 3), np.uint8)])
    assert move([np.full((2, 3), number, np.uint8) for number in range(5)])[:, 1, 2].tolist() == [0, 1, 2, 3, 4]


def test_every_16_bit_number_comes_back() -> None:
    all_of_them = np.arange(65536).astype(np.uint16).reshape(256, 256)
    moved = Mover(torch.device("cpu"))([all_of_them])
    assert moved.element_size() == 2
    assert (numbers_of(moved).numpy()[0] == all_of_them).all()


class Stream:
    """Stands for a stream of a GPU; `log` holds what was asked of it."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def synchronize(self) -> None:
        self.log.append("waited")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens on a machine that seems to have a GPU."""
    told: list[str] = []

    def made(_: torch.device) -> Stream:
        return Stream(told)

    def current(_: torch.device) -> str:
        return "the network's"

    monkeypatch.setattr(torch.cuda, "Stream", made)
    monkeypatch.setattr(torch.cuda, "stream", contextlib.nullcontext)
    monkeypatch.setattr(torch.cuda, "current_stream", current)
    return told


def test_a_block_ends_when_its_copies_have_ended(log: list[str]) -> None:
    with Lane(torch.device("cuda", 0)).used():
        log.append("copied")
    assert log == ["copied", "waited"]


def test_a_block_that_fails_leaves_no_copy_under_way(log: list[str]) -> None:
    with pytest.raises(torch.OutOfMemoryError), Lane(torch.device("cuda", 0)).used():
        raise torch.OutOfMemoryError("out of memory")
    assert log == ["waited"]


def test_what_is_handed_over_is_kept_for_the_stream_that_reads_it(log: list[str]) -> None:
    class Made:
        def record_stream(self, stream: Any) -> None:
            log.append(stream)

    Lane(torch.device("cuda", 0)).hand_over(Made())  # type: ignore[arg-type]
    assert log == ["the network's"]


def test_on_a_cpu_there_is_nothing_to_wait_for(log: list[str]) -> None:
    lane = Lane(torch.device("cpu"))
    with lane.used():
        made = torch.zeros(1)
    lane.hand_over(made)
    assert log == []
