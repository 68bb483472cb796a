"""`doctor --watch`: what counts as a change, and how it ends."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from aiops.checks.check import Check
from aiops.errors import Interrupted
from aiops.judge.finding import Finding, Status
from aiops.operations import watch as operation
from aiops.operations.doctor import Choice, diagnose
from aiops.operations.watch import changes, findings, watch
from aiops.progress.events import Event
from aiops.progress.results import Diagnosed, Watched
from aiops.session import Session
from aiops.snapshot import Json
from tests.checks.cases import healthy

Row = tuple[str, Status, str, str]
DOWN: Row = ("Pod a/b", "fail", "it is down", "")
OTHER: Row = ("Pod a/c", "warn", "it is slow", "")


def result(*found: Row) -> Diagnosed:
    """A look in which one check found this: (about, status, symptom, cause)."""
    findings = [
        Finding(status=status, symptom=symptom, about=about, cause=cause) for about, status, symptom, cause in found
    ]
    sound = Finding(status="ok", symptom="fine")
    check = Check(slug="a", group="cluster", title="a", judge=lambda _: findings or [sound])
    return diagnose(healthy(), [check])


def told(before: Diagnosed | None, after: Diagnosed) -> list[tuple[str, str, str]]:
    known = findings(before, {}) if before else None
    return [(each.was, each.now, each.symptom) for each in changes(known, findings(after, known or {}), after.taken)]


def test_the_first_look_changes_nothing() -> None:
    assert told(None, result(("Pod a/b", "fail", "it is down", ""))) == []


def test_what_comes_and_what_goes() -> None:
    assert told(result(DOWN), result(DOWN, OTHER)) == [("ok", "warn", "it is slow")]
    assert told(result(DOWN, OTHER), result(OTHER)) == [("fail", "ok", "it is down")]
    assert told(result(OTHER), result(("Pod a/c", "fail", "it is down", ""))) == [("warn", "fail", "it is down")]


@pytest.mark.parametrize("about", ["Pod a/b", ""])
def test_that_time_goes_by_is_no_change(about: str) -> None:
    assert told(result((about, "fail", "down for 1 min", "x")), result((about, "fail", "down for 2 min", "y"))) == []


def test_what_cannot_be_told_now_is_not_over() -> None:
    unread: Row = ("", "unknown", "no answer", "")
    assert told(result(DOWN), result(unread)) == [("ok", "unknown", "no answer")]
    hidden = findings(result(unread), findings(result(DOWN), {}))
    assert [(each.was, each.now) for each in changes(hidden, findings(result(DOWN), hidden), "")] == [("unknown", "ok")]


def test_it_looks_until_it_is_stopped(session: Session, told: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    looks = looks_of_a_platform()
    monkeypatch.setattr(operation, "take_look", lambda *_: next(looks))
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(Interrupted) as stopped:
        watch(session, None, Choice(only=("default-storage-class",)), every_s=1.0)
    assert stopped.value.exit_code == 130
    seen = [event for event in told if isinstance(event, Watched)]
    assert [[(each.slug, each.was, each.now) for each in event.changes] for event in seen] == [
        [],
        [("default-storage-class", "ok", "fail")],
        [("default-storage-class", "fail", "ok")],
    ]


def looks_of_a_platform() -> Iterator[object]:
    """Sound, without its default class, sound again; then Ctrl-C."""
    none: list[Json] = []
    yield healthy()
    yield replace(healthy(), reads={**healthy().reads, "storage-classes": none})
    yield healthy()
    raise KeyboardInterrupt


def test_the_same_findings_in_another_order_are_no_change() -> None:
    assert told(result(DOWN, OTHER), result(OTHER, DOWN)) == []
