"""The phases of a model on its way up: what each took, what it may take, and what a fall back makes of them."""

import time
from typing import Any

import pytest

from aiops.config.model import Timeouts
from aiops.judge.finding import Evidence
from aiops.judge.phases.phase import PHASES, Stand
from aiops.operations.phases import EVIDENCE_LINES, Phases
from aiops.progress.events import Row
from tests.judge.models import MODEL


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: found.now)
    return found


@pytest.fixture
def model(clock: Clock) -> Phases:
    return Phases(Timeouts(), MODEL)


def stand(phase: Any, **more: Any) -> Stand:
    return Stand(phase=phase, **more)


def passes(model: Phases, clock: Clock, *steps: tuple[str, float]) -> list[str | None]:
    """It enters each phase in turn and stays there for so long."""
    found: list[str | None] = []
    for phase, seconds in steps:
        found.append(model.advance(stand(phase)))
        clock.now += seconds
    return found


def seconds(model: Phases) -> dict[str, float]:
    return {row.name: row.since_s for row in model.rows() if row.state != "ahead"}


def test_before_the_first_look(model: Phases) -> None:
    assert [(row.name, row.state) for row in model.rows()] == [
        ("accepted", "waiting"), *((phase, "ahead") for phase in PHASES[1:])
    ]  # fmt: skip
    assert model.passed_words() == "none passed"


def test_each_phase_keeps_what_it_took(model: Phases, clock: Clock) -> None:
    steps = [("accepted", 1.0), ("capacity", 125.0), ("node", 40.0)]
    assert passes(model, clock, *steps) == [None, None, None]
    assert seconds(model) == {"accepted": 1.0, "capacity": 125.0, "node": 40.0}
    assert [row.state for row in model.rows()] == ["settled", "settled", "waiting", *["ahead"] * 4]
    assert model.passed_words() == "accepted 1s, capacity 2m05s"


def test_a_phase_that_was_never_seen_took_no_time(model: Phases, clock: Clock) -> None:
    passes(model, clock, ("accepted", 2.0), ("image", 3.0))
    assert seconds(model) == {"accepted": 2.0, "capacity": 0.0, "node": 0.0, "gpu": 0.0, "image": 3.0}


def test_a_fall_back_is_told_and_forgets_what_comes_again(model: Phases, clock: Clock) -> None:
    """A pod that was evicted needs a node once more."""
    passes(model, clock, ("accepted", 1.0), ("capacity", 2.0), ("node", 9.0), ("image", 3.0), ("weights", 4.0))
    assert passes(model, clock, ("capacity", 7.0)) == ["weights"]
    assert seconds(model) == {"accepted": 1.0, "capacity": 7.0}
    assert passes(model, clock, ("image", 5.0)) == [None]
    assert seconds(model) == {"accepted": 1.0, "capacity": 7.0, "node": 0.0, "gpu": 0.0, "image": 5.0}


@pytest.mark.parametrize("at_once", [True, False])
def test_at_the_end_all_are_passed(model: Phases, clock: Clock, at_once: bool) -> None:
    passes(model, clock, ("accepted", 1.0))
    if not at_once:
        passes(model, clock, ("serving", 6.0))
    assert model.advance(stand("serving", done=True)) is None
    clock.now += 50.0
    assert [row.state for row in model.rows()] == ["settled"] * len(PHASES)
    assert model.rows()[-1].since_s == (0.0 if at_once else 6.0)
    assert model.passed_words().endswith("serving 0s" if at_once else "serving 6s")


def test_what_each_may_take(model: Phases) -> None:
    timeouts = Timeouts(node=1.0, image=2.0, answer=3.0)
    found = {row.name: row.limit_s for row in Phases(timeouts, MODEL).rows()}
    assert found == {
        "accepted": 0.0, "capacity": 1.0, "node": 1.0, "gpu": 0.0, "image": 2.0, "weights": MODEL.startup_s,
        "serving": 3.0,
    }  # fmt: skip


def current(model: Phases) -> Row:
    return next(row for row in model.rows() if row.state in ("waiting", "hopeless"))


def test_the_one_it_is_in_has_its_evidence(model: Phases) -> None:
    evidence = tuple(Evidence("kubelet", f"line {number}") for number in range(EVIDENCE_LINES + 2))
    model.advance(stand("image", detail="chat (Deployment): cannot be pulled", evidence=evidence))
    row = current(model)
    assert (row.state, row.layer, row.detail, row.hint) == ("waiting", MODEL.name, "cannot be pulled", "")
    assert row.evidence == tuple(f"kubelet: line {number}" for number in range(EVIDENCE_LINES))
    model.advance(stand("image", detail="chat (Deployment): no such image", hope="no", fix="mend it", id="model.x"))
    row = current(model)
    assert (row.state, row.detail, row.hint) == ("hopeless", "no such image", "mend it")
