"""`doctor --fix`: what is asked before a write, and what an end means that is none of the good ones."""

from collections.abc import Iterable

import pytest

from aiops.checks import ALL
from aiops.checks.check import Verdict
from aiops.errors import WrongUse
from aiops.judge.finding import Finding, Status
from aiops.operations import fix as operation
from aiops.operations.fix import fix
from aiops.progress.events import Event, Looked, Said
from aiops.progress.results import Fixed
from aiops.session import Session
from tests.operations.api import APPLICATIONS, Api, Refusal
from tests.operations.cluster import SCALEDOBJECTS

AT_ONCE_S, LONG_S = 0.0, 60.0
SLUG, OBJECT = "autoscaler-paused", "ScaledObject serving/one"
PATH = f"{SCALEDOBJECTS}/one"
APP = f"{APPLICATIONS}/one"
PAUSED = "autoscaling.keda.sh/paused"


@pytest.fixture(autouse=True)
def scaled(api: Api, session: Session) -> None:
    """A ScaledObject, and a platform of the operator's."""
    session.context_option = session.kube.context
    api.serves("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects")
    api.put(SCALEDOBJECTS, {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "one"}})


def found(monkeypatch: pytest.MonkeyPatch, *statuses: Status, slug: str = SLUG, about: str = OBJECT) -> list[str]:
    """What one look after the other finds, the last again and again; the slugs that were asked for."""
    asked: list[str] = []
    check = next(each for each in ALL if each.slug == slug)

    def look(_: Session, slug: str, __: str | None) -> Verdict:
        status = statuses[min(len(asked), len(statuses) - 1)]
        asked.append(slug)
        return Verdict(check=check, findings=(Finding(status=status, symptom=f"it is {status}", about=about),))

    monkeypatch.setattr(operation, "_look", look)
    monkeypatch.setattr(operation, "AGAIN_S", 0.0)
    return asked


def cured(session: Session, slug: str = SLUG, *, yes: bool = True, limit_s: float = LONG_S) -> Fixed:
    return fix(session, slug, None, yes=yes, limit_s=limit_s)


def said(told: Iterable[Event]) -> list[str]:
    return [event.text for event in told if isinstance(event, Said)]


def test_it_looks_until_it_is_well(
    session: Session, api: Api, monkeypatch: pytest.MonkeyPatch, told: list[Event]
) -> None:
    asked = found(monkeypatch, "fail", "fail", "unknown", "ok")
    result = cured(session)
    assert (result.exit_code, result.summary, result.hint) == (0, f"{SLUG} is cured: it is ok", "aiops vllm-down --all")
    assert (len(asked), [path for path, *_ in api.patches]) == (4, [PATH])
    assert api.objects[PATH]["metadata"]["annotations"] == {PAUSED: "true"}
    assert f"{OBJECT}: pause it ({PAUSED}: true)" in said(told)
    assert [event.rows[0].detail for event in told if isinstance(event, Looked)] == ["it is fail", "it is unknown"]


@pytest.mark.parametrize(
    ("after", "code", "words"),
    [("fail", 4, "is not cured yet: it is fail"), ("warn", 4, "is not cured yet"), ("unknown", 5, "could not be told")],
)
def test_it_does_not_look_for_ever(
    session: Session, monkeypatch: pytest.MonkeyPatch, after: Status, code: int, words: str
) -> None:
    found(monkeypatch, "fail", after)
    result = cured(session, limit_s=AT_ONCE_S)
    assert (result.exit_code, words in result.summary, result.hint) == (code, True, f"aiops doctor --only {SLUG}")


def test_somebody_is_asked(session: Session, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[str] = []
    answers = iter((False, True))
    found(monkeypatch, "fail", "fail", "ok")

    def ask(question: str) -> bool:
        questions.append(question)
        return next(answers)

    session.ask = ask
    with pytest.raises(WrongUse, match="not confirmed: nothing was written"):
        cured(session, yes=False)
    assert api.patches == []
    assert cured(session, yes=False).exit_code == 0
    assert (questions, len(api.patches)) == (["Do that now?"] * 2, 1)


def test_a_write_that_is_refused_is_not_waited_for(session: Session, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = found(monkeypatch, "fail")
    api.refused["PATCH", PATH] = Refusal(403, "no")
    result = cured(session)
    assert (result.exit_code, len(asked)) == (3, 1)
    assert [(each.about, each.outcome) for each in result.writes] == [(OBJECT, "failed")]
    assert result.summary.startswith(f"{SLUG}: {OBJECT}: ")


def test_a_kind_that_is_not_served_is_not_written_to(
    session: Session, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(monkeypatch, "fail")
    api.discovery["items"].clear()
    result = cured(session)
    assert (result.exit_code, result.writes[0].why) == (3, "the cluster does not know ScaledObject (keda.sh)")


@pytest.mark.parametrize(("status", "code"), [("unknown", 5), ("ok", 0), ("skip", 0), ("suppressed", 0)])
def test_what_is_not_found_is_not_cured(
    session: Session, api: Api, monkeypatch: pytest.MonkeyPatch, status: Status, code: int
) -> None:
    found(monkeypatch, status)
    result = cured(session)
    what = "could not tell" if status == "unknown" else "nothing to cure"
    assert (result.exit_code, result.summary) == (code, f"{SLUG}: {what}: it is {status}")
    assert (api.patches, api.seen, result.writes) == ([], [], ())


def test_a_finding_about_something_else_is_not_written_to(
    session: Session, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(monkeypatch, "fail", about="Deployment serving/one")
    result = cured(session)
    assert (result.exit_code, api.patches) == (3, [])
    assert "nothing of it can be cured by a write to the cluster" in result.summary


def application(api: Api, **more: object) -> None:
    api.put(APPLICATIONS, {"kind": "Application", "metadata": {"name": "one"}, "spec": {}, **more})


@pytest.mark.parametrize(("conflicts", "code"), [(2, 0), (100, 3)])
def test_a_sync_is_asked_for_again_where_argo_cd_was_faster(
    session: Session, api: Api, monkeypatch: pytest.MonkeyPatch, conflicts: int, code: int
) -> None:
    left = [None] * conflicts

    def argocd(method: str, _: str) -> None:
        if method == "PATCH" and left:
            left.pop()
            application(api)

    application(api)
    api.before = argocd
    found(monkeypatch, "fail", "ok", slug="sync-retries", about="Application one")
    assert cured(session, "sync-retries").exit_code == code
    assert ("operation" in api.objects[APP]) == (code == 0)


def test_a_sync_that_somebody_else_has_started_is_left_alone(
    session: Session, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    application(api, operation={"sync": {}})
    found(monkeypatch, "fail", slug="sync-retries", about="Application one")
    result = cured(session, "sync-retries")
    assert (result.exit_code, api.patches) == (3, [])
    assert "one is being synced already" in result.summary
