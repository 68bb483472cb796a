"""What the rows of a wait mean: when it ends, with which exit code and words."""

from dataclasses import replace
from typing import Any, Literal

import pytest

from aiops.judge.application import Verdict
from aiops.judge.finding import Evidence, Finding
from aiops.judge.profile import Judged
from aiops.operations.outcome import EVIDENCE_LINES, rows_of, set_row, waited
from aiops.operations.waiting import Moment
from aiops.progress.events import Row, State
from aiops.snapshot import Details, Unread
from tests.judge.saved import expected

EARLY, OVER = Moment(5.0, 60.0), Moment(60.0, 60.0)
SET = Row(name="ApplicationSet layer", layer="ground", group="", state="settled")


def rows(*states: State) -> list[Row]:
    return [SET, *(Row(name=f"{state}-{i}", layer="l", group="g", state=state) for i, state in enumerate(states))]


def end(found: list[Row], moment: Moment = EARLY, trouble: str = "") -> Any:
    return waited("serving", found, (("main", "f00"),), moment, trouble)


@pytest.mark.parametrize(
    ("found", "moment"),
    [(rows("settled", "waiting"), EARLY), (rows("deferred", "waiting"), EARLY), ([], EARLY)],
)
def test_it_goes_on_while_anything_may_come(found: list[Row], moment: Moment) -> None:
    assert end(found, moment) is None


@pytest.mark.parametrize(
    ("found", "moment", "code", "summary"),
    [
        (rows("settled", "settled"), EARLY, 0, "profile serving stands: 2 applications settled"),
        (rows("settled", "suspended"), EARLY, 0, "profile serving stands: 2 applications settled"),
        (rows("settled", "manual"), EARLY, 0, "profile serving stands: 1 applications settled, 1 manual"),
        (rows("settled", "deferred"), EARLY, 0, "profile serving stands: 1 applications settled, 1 deferred"),
        (rows("settled"), OVER, 0, "profile serving stands: 1 applications settled"),
        (rows("waiting", "hopeless"), EARLY, 3, "cannot settle: hopeless-1"),
        (rows("waiting", "hopeless"), OVER, 3, "cannot settle: hopeless-1"),
        (rows("settled", "waiting"), OVER, 4, "after 60 s 1 not settled"),
        ([], OVER, 4, "after 60 s nothing could be seen"),
        ([replace(SET, state="waiting")], OVER, 4, "after 60 s 1 not settled"),
        ([replace(SET, state="hopeless")], EARLY, 3, "cannot settle: ApplicationSet layer"),
    ],
)
def test_how_it_ends(found: list[Row], moment: Moment, code: int, summary: str) -> None:
    result = end(found, moment)
    assert (result.exit_code, result.summary) == (code, summary)
    assert (result.rows, result.revisions, result.seconds) == (tuple(found), (("main", "f00"),), moment.elapsed_s)
    assert ("aiops wait --profile serving" in result.hint) is bool(code)


def test_what_is_deferred_is_a_warning() -> None:
    assert end(rows("settled", "deferred", "deferred")).warnings == 2


def test_a_deadline_says_why_nothing_moved() -> None:
    assert end(rows("waiting"), OVER, "the API is away").summary == "after 60 s 1 not settled; the API is away"


FINDING = Finding(
    status="fail",
    symptom="image pull failed",
    about="Deployment web/meter",
    evidence=tuple(Evidence(f"pod {i}", "manifest unknown") for i in range(9)),
)
UNREAD = Details(unread=(Unread("pods in web", "403"),))


def test_a_row_shows_what_lies_beneath() -> None:
    judged = Judged(expected=expected(), verdict=Verdict(state="waiting", detail="Degraded"), findings=(FINDING,))
    (row,) = rows_of([judged], Details(), "argocd")
    assert (row.name, row.layer, row.group, row.state, row.detail) == (
        "meter",
        "ground",
        "metering",
        "waiting",
        "Degraded",
    )
    assert row.evidence[:2] == ("Deployment web/meter: image pull failed", "pod 0: manifest unknown")
    assert len(row.evidence) == EVIDENCE_LINES
    assert row.hint == "kubectl -n argocd describe application meter"


@pytest.mark.parametrize(
    ("verdict", "evidence"),
    [
        (Verdict(state="waiting", unwell=True), ("may not see pods in web: 403",)),
        (Verdict(state="waiting"), ()),
        (Verdict(state="suspended", unwell=True), ()),
    ],
)
def test_what_could_not_be_read_is_named_where_it_matters(verdict: Verdict, evidence: tuple[str, ...]) -> None:
    (row,) = rows_of([Judged(expected=expected(), verdict=verdict)], UNREAD, "argocd")
    assert row.evidence == evidence


@pytest.mark.parametrize("state", ["settled", "suspended", "manual", "deferred"])
def test_an_end_needs_no_next_command(state: Literal["settled", "suspended", "manual", "deferred"]) -> None:
    judged = Judged(expected=expected(), verdict=Verdict(state=state), findings=(FINDING,))
    (row,) = rows_of([judged], Details(), "argocd")
    assert (row.evidence, row.hint) == ((), "")


def test_a_sets_row() -> None:
    row = set_row("layer", "ground", Verdict(state="hopeless", detail="not on the cluster"))
    assert row == replace(SET, state="hopeless", detail="not on the cluster")
