"""For how long a row has been as it is."""

import time

import pytest

from aiops.operations.since import Since
from aiops.progress.events import Row


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock's hands."""
    hands = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: hands[0])
    return hands


def row(name: str = "app", state: str = "waiting", detail: str = "x", **more: object) -> Row:
    return Row(name=name, layer="", group="", state=state, detail=detail, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("then", "seconds"),
    [
        (row(), 7.0),
        (row(evidence=("new",), hint="new"), 7.0),
        (row(detail="y"), 0.0),
        (row(state="settled"), 0.0),
        (row(name="other"), 0.0),
    ],
)
def test_it_counts_from_the_last_change(clock: list[float], then: Row, seconds: float) -> None:
    since = Since()
    assert since.stamp(row()).since_s == 0.0
    clock[0] += 7
    assert since.stamp(then).since_s == seconds


def test_a_state_that_comes_back_is_new(clock: list[float]) -> None:
    since = Since()
    for detail in ("x", "y", "x"):
        clock[0] += 5
        assert since.stamp(row(detail=detail)).since_s == 0.0
