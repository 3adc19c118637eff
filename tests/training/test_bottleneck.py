"""Where the time went adds up, and the advice is about what took most of what can be saved."""

import time

import pytest

from unetkit.training.bottleneck import Spent, sentence

COMPUTE = {"compute": 0.95, "decode": 0.01, "augment": 0.01, "score": 0.02, "write": 0.01}


def test_time_inside_a_block_is_not_counted_twice():
    spent = Spent()
    with spent.on("score"):
        time.sleep(0.02)
        with spent.on("write"):
            time.sleep(0.02)
    assert spent.seconds["score"] == pytest.approx(0.02, abs=0.015)
    assert sum(spent.seconds.values()) == pytest.approx(0.04, abs=0.02)


def test_shares_add_up_and_waiting_is_split_by_what_was_waited_for():
    shares = Spent({"compute": 6.0, "wait": 2.0, "score": 1.0, "write": 1.0}).shares(decoding=0.75)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["decode"] == pytest.approx(0.15)
    assert shares["augment"] == pytest.approx(0.05)


def test_where_nothing_was_counted_nothing_is_said():
    assert Spent().shares(decoding=0.5) == {}


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        (COMPUTE, "at --size 160 it would be about 3.5 times as fast"),
        ({**COMPUTE, "compute": 0.46, "decode": 0.5}, "it would be 2.0 times as fast at most"),
        ({**COMPUTE, "compute": 0.57, "score": 0.4}, "with a smaller validation split (--val)"),
        ({**COMPUTE, "compute": 0.86, "write": 0.1}, "--training.checkpoint-every"),
    ],
)
def test_the_advice_is_about_what_costs_most_and_says_what_to_expect(shares: dict[str, float], says: str):
    assert says in sentence(shares, 320)
