"""What the loop hands from one part to the other, and when: by a clock that stands still but where something works."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from unetkit.errors import Interrupted, TrainingDiverged
from unetkit.training import loop as loop_module
from unetkit.training.bottleneck import Spent
from unetkit.training.distributed import ALONE
from unetkit.training.interrupt import Interruption
from unetkit.training.loop import Loop, Rhythm
from unetkit.training.observers import Scoring, StepRecord
from unetkit.training.plan import Plan
from unetkit.training.progress import Progress
from unetkit.training.schedule import Plateau, Rates, Shape
from unetkit.training.step import StepOutcome

RATES = Rates("one-cycle", Shape(warm_up=0.1, final=0.01), 0.1)
TERM = 15


@dataclass
class Parts:
    """A stepper, a saver and a scorer that only note what they are asked, and take as long as is said.

    Attributes:
        noted: what happened, in order.
        rates, momenta: of the optimiser, at each step.
        during: called with the number of the step while it is made, 1 for the first.
    """

    step_seconds: float = 1.0
    score_seconds: float = 5.0
    loss: Callable[[int], float] = lambda _: 1.0
    during: Callable[[int], None] = lambda _: None
    now: float = 0.0
    noted: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    rates: list[float] = field(default_factory=list[float])
    momenta: list[float] = field(default_factory=list[float])
    optimiser: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(rate=math.nan, momentum=math.nan))
    kept: dict[str, Any] = field(default_factory=lambda: {"weight": 1})

    def step(self, _batches: object, seed: int) -> StepOutcome:
        self.now += self.step_seconds
        self.noted.append(("step", seed))
        self.rates.append(self.optimiser.rate)
        self.momenta.append(self.optimiser.momentum)
        self.during(len(self.rates))
        return StepOutcome(self.loss(len(self.rates)), 1.0)

    def keep(self) -> None: ...

    def judge(self, *, good: bool) -> None: ...

    def state(self, *, now: bool = False, ahead: float = 0.0) -> None:
        self.noted.append(("state", now, ahead))

    def best(self) -> None:
        self.noted.append(("best",))

    def decided(self) -> None:
        self.noted.append(("decided",))

    def score(self) -> dict[str, float]:
        self.now += self.score_seconds
        self.noted.append(("score",))
        return {"mean_iou": 0.5}


Make = Callable[..., Loop]
RHYTHM = Rhythm(accumulate=1, samples_per_step=4, images=8, patience=0)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Make:
    """A loop of parts: two steps an epoch, the seed 0, unless something else is said."""

    def make(parts: Parts, plan: Plan, **other: Any) -> Loop:
        monkeypatch.setattr(loop_module, "time", SimpleNamespace(perf_counter=lambda: parts.now))
        given: dict[str, Any] = {
            "progress": Progress(),
            "rates": RATES,
            "seed": 0,
            "score": parts.score,
            "interruption": Interruption(Path("run")),
            "observers": (),
            "rhythm": RHYTHM,
            "closing": FINISH_SECONDS,
            **other,
        }
        return Loop(
            stepper=cast(Any, parts),
            batches=cast(Any, repeat(None)),
            plan=plan,
            saver=cast(Any, parts),
            jumped=lambda: None,
            spent=Spent(),
            clock=lambda: parts.now,
            names=lambda _: ["images/a.png"],
            metric="mean_iou",
            group=ALONE,
            **given,
        )

    return make


def test_each_step_is_made_with_the_rate_and_the_momentum_of_its_schedule(made: Make) -> None:
    parts = Parts()
    made(parts, Plan(20, "20 steps")).run()
    assert parts.rates == [RATES.rate(step, 20, Plateau()) for step in range(20)]
    assert parts.momenta == [RATES.momentum(step, 20) for step in range(20)]


def test_what_the_scores_and_a_jump_have_made_of_the_rate_reaches_the_optimiser(made: Make) -> None:
    parts, progress = Parts(), Progress(plateau=Plateau(factor=0.5))
    progress.guard.factor = 0.25
    made(parts, Plan(3, "3 steps"), progress=progress, rates=Rates("plateau", RATES.shape, 0.8)).run()
    assert parts.rates == pytest.approx([0.1] * 3)


def test_of_two_runs_with_one_seed_each_step_has_one_of_its_own(made: Make) -> None:
    parts = Parts()
    made(parts, Plan(3, "3 steps"), seed=7).run()
    assert [row[1] for row in parts.noted if row[0] == "step"] == [(7 << 32) + step for step in range(3)]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_step_that_is_not_finite_ends_the_run_and_names_itself_and_its_images(made: Make, bad: float) -> None:
    parts = Parts(loss=lambda step: bad if step == 3 else 1.0)
    with pytest.raises(TrainingDiverged, match=rf"step 3: loss {bad:g}") as ended:
        made(parts, Plan(9, "9 steps")).run()
    assert "images/a.png" in ended.value.where
    assert len(parts.rates) == 3


# --- what a kill would lose -------------------------------------------------------------------------------------------


def test_a_state_is_told_how_long_it_is_to_the_next_one(made: Make) -> None:
    parts = Parts(step_seconds=3.0, score_seconds=5.0)
    made(parts, Plan(4, "4 steps")).run()
    at_its_end = ("state", True, 3.0)
    between = [("state", False, 3.0), ("step", 1), ("decided",), ("state", False, 5.0), ("score",)]
    found = parts.noted
    assert found[: found.index(("step", 0))][:3] == [("decided",), ("state", False, 0.0), ("score",)]
    assert found[found.index(("step", 0)) + 1 :][: len(between)] == between
    assert found[-1] == at_its_end


def test_what_is_drawn_after_a_scoring_counts_for_the_age_of_the_state_before_the_next(made: Make) -> None:
    parts = Parts(score_seconds=5.0)

    def drawing(_: Scoring) -> None:
        parts.now += 30

    def nothing(_: StepRecord) -> None: ...

    observer = SimpleNamespace(stepped=nothing, scored=drawing)
    made(parts, Plan(4, "4 steps"), observers=(observer,)).run()
    assert [row[2] for before, row in pairwise(parts.noted) if before[0] == "decided"] == [0.0, 35.0, 35.0]


def test_a_signal_is_not_kept_waiting_for_a_scoring_that_is_due(made: Make) -> None:
    """A scoring would hear of it, too; it need not begin."""
    stop, plan = Interruption(Path("run")), Plan(9, "9 steps")
    parts = Parts(during=lambda step: stop.on_signal(TERM, None) if step == 2 else None)
    with pytest.raises(Interrupted):
        made(parts, plan, interruption=stop).run()
    assert parts.noted[-2:] == [("step", 1), ("state", True, 1.0)]
    assert plan.scorings == [0, 2], "the state knows of it, and whoever goes on makes it"


def test_a_signal_in_a_scoring_saves_the_steps_before_it(made: Make) -> None:
    parts = Parts()

    def score() -> dict[str, float]:
        if parts.rates:
            raise Interrupted("stopped", signal=TERM)
        return parts.score()

    with pytest.raises(Interrupted):
        made(parts, Plan(9, "9 steps"), score=score).run()
    assert parts.noted[-3:] == [("decided",), ("state", False, 5.0), ("state", True, 0.0)]


def test_a_second_signal_in_a_scoring_waits_for_no_state(made: Make) -> None:
    stop, parts = Interruption(Path("run")), Parts()

    def score() -> dict[str, float]:
        for _ in range(2):
            stop.on_signal(TERM, None)
        return parts.score()

    with pytest.raises(Interrupted, match="stopped at once"):
        made(parts, Plan(9, "9 steps"), score=score, interruption=stop).run()
    assert parts.noted[-1] == ("state", False, 0.0)


def test_a_plan_that_grows_is_patient_again_whenever_it_is_followed(made: Make) -> None:
    """As the run that was made longer there, which began with no scoring in vain."""
    plan = Plan(10, "10 steps")
    plan.extend(4, Plan(20, "20 steps"))
    loop = made(Parts(), plan, rhythm=replace(RHYTHM, patience=3))
    loop.run()
    assert loop.progress.step == 10, "of the scorings after 6, 8 and 10 steps none was better"


# --- a budget of time -------------------------------------------------------------------------------------------------

DEADLINE = 120.0
FINISH_SECONDS = 2.0


@pytest.mark.parametrize(("step_seconds", "score_seconds"), [(0.1, 0.01), (0.1, 1.0), (1.0, 2.0)])
def test_a_run_of_minutes_ends_in_time_and_at_its_lowest_rate(
    made: Make, step_seconds: float, score_seconds: float
) -> None:
    parts = Parts(step_seconds, score_seconds)
    plan = Plan(5000, "2 minutes", DEADLINE)
    made(parts, plan).run()
    assert len(plan.changes) > 1
    assert parts.rates[-1] < 0.02 * RATES.highest
    assert DEADLINE - 10 < parts.now <= DEADLINE - FINISH_SECONDS + step_seconds


def test_a_run_of_minutes_leaves_the_time_that_its_closing_will_take(made: Make) -> None:
    parts = Parts(0.1, 0.01)
    made(parts, Plan(5000, "2 minutes", DEADLINE), closing=40.0).run()
    assert DEADLINE - 50 < parts.now <= DEADLINE - 40 + 0.1


def test_a_plan_of_minutes_allows_for_the_time_of_its_scorings(made: Make) -> None:
    """At half of the time a third more is planned than comes to pass: the margin, and no more."""
    parts, plan = Parts(0.1, 1.0), Plan(5000, "2 minutes", DEADLINE)
    half = list[int]()
    parts.during = lambda step: half.append(step) if parts.now > DEADLINE / 2 and not half else None
    made(parts, plan).run()
    assert plan.total_at(half[0]) < 1.2 * plan.total


def test_what_the_clock_decides_is_written_before_it_takes_effect(made: Make) -> None:
    parts, plan = Parts(0.1, 1.0), Plan(5000, "2 minutes", DEADLINE)
    written: list[dict[str, Any]] = []
    parts.decided = lambda: written.append(plan.to_json())  # type: ignore[method-assign]
    parts.during = lambda _: seen.append((plan.to_json(), written[-1]))
    seen: list[tuple[dict[str, Any], dict[str, Any]]] = []
    made(parts, plan).run()
    assert len(written) > 10
    assert all(followed == on_disk for followed, on_disk in seen)


def test_up_to_what_is_known_nothing_is_decided_anew(made: Make) -> None:
    """A run that goes on from an older state repeats its cuts and scorings, however slow it has become."""
    parts, before = Parts(0.1, 1.0), Plan(5000, "2 minutes", DEADLINE)
    made(parts, before).run()
    decided = before.to_json()
    again = Plan.from_json(decided)
    slow = Parts(0.5, 3.0)
    made(slow, again).run()
    assert again.to_json() == decided
    assert slow.rates == parts.rates
