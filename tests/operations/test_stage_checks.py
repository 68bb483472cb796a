"""The checks of doctor as stages of a bring-up, and before a smoke."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aiops.checks import ALL
from aiops.operations import smoke, stage_checks
from aiops.operations.smoke import smoke_profile
from aiops.operations.stage_checks import check_prerequisites, check_profile
from aiops.progress.events import RunStarted
from aiops.progress.results import Checked, Diagnosed, Found, Smoked
from aiops.session import Session
from aiops.snapshot import Unread
from aiops.snapshot.look import Look
from tests.checks.cases import healthy

Seen = Callable[..., None]
NO_CLASS: dict[str, Any] = {"storage-classes": []}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """What the look saw: the healthy platform, but for these reads."""

    def see(reads: dict[str, Any] | None = None, unread: tuple[str, ...] = ()) -> None:
        base = healthy()
        kept = {name: value for name, value in {**base.reads, **(reads or {})}.items() if name not in unread}
        why = {name: Unread(name, f"{name}: no answer") for name in unread}
        look: Look = replace(base, reads=kept, unread=why)
        monkeypatch.setattr(stage_checks, "take_look", lambda *_, **__: look)

    return see


def test_where_all_is_well(session: Session, seen: Seen) -> None:
    seen()
    result = check_profile(session, "full")
    assert (result.exit_code, result.warnings, result.hint) == (0, 0, "")


def test_a_no_carries_its_cause_and_its_cure(session: Session, seen: Seen) -> None:
    seen({**NO_CLASS, "api-services": []})
    result = check_profile(session, "full")
    assert result.exit_code == 3
    assert result.summary == (
        "default-storage-class: the cluster has no StorageClass (no volume can be made: every claim stays Pending)"
    )
    assert result.hint.endswith("\naiops runbook default-storage-class")
    assert result.warnings == 1


def test_what_cannot_be_told_stops_nothing(session: Session, seen: Seen) -> None:
    seen(unread=("secrets", "api-services"))
    result = check_profile(session, "full")
    assert (result.exit_code, result.warnings) == (0, 2)
    assert "could not tell: api-services-available, secrets-present" in result.summary


def test_before_the_first_layer_only_what_holds_then_is_asked(session: Session, seen: Seen) -> None:
    seen()
    slugs = [check.slug for check in check_prerequisites(session, "platform").checks]
    assert slugs == [check.slug for check in ALL if check.prerequisite]
    assert {"default-storage-class", "argocd-installed", "groups-file-fresh"} <= set(slugs)
    assert not {"applications-settled", "kinds-served", "external-secrets-synced"} & set(slugs)


def called(code: int) -> Smoked:
    return Smoked(
        summary=f"calls ended with {code}", hint="mend it" if code else "", exit_code=code, profile="serving", probes=()
    )


def checked(code: int, warnings: int = 0) -> Diagnosed:
    found = Found(status="fail" if code else "ok", symptom="so")
    check = Checked(slug="nodes-ready", group="cluster", title="t", status=found.status, findings=(found,))
    origin = RunStarted(run="r", command="smoke")
    return Diagnosed(
        summary=f"checks ended with {code}", hint="aiops runbook nodes-ready" if code else "", exit_code=code,
        warnings=warnings, origin=origin, seconds=0.1, taken=healthy().taken, profile="serving", layers=(),
        checks=(check,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("calls", "checks", "code", "hint"),
    [
        (0, 0, 0, ""),
        (3, 0, 3, "mend it"),
        (0, 3, 3, "aiops runbook nodes-ready"),
        (3, 3, 3, "mend it"),
        (5, 0, 5, "mend it"),
        (5, 3, 3, "mend it"),
    ],
)
def test_a_smoke_is_both(
    session: Session, monkeypatch: pytest.MonkeyPatch, calls: int, checks: int, code: int, hint: str
) -> None:
    monkeypatch.setattr(smoke, "check_profile", lambda *_: checked(checks, warnings=1))
    monkeypatch.setattr(smoke, "smoke", lambda *_, **__: called(calls))
    monkeypatch.setattr(smoke, "prove_target", lambda _: None)
    result = smoke_profile(session, "serving", tools=False)
    assert (result.exit_code, result.hint, result.warnings) == (code, hint, 1)
    assert [check.slug for check in result.checks] == (["nodes-ready"] if checks else [])
    assert f"checks ended with {checks}" in result.summary


def test_a_profile_that_serves_nothing_is_checked_all_the_same(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "check_profile", lambda *_: checked(0))
    monkeypatch.setattr(smoke, "prove_target", lambda _: None)
    result = smoke_profile(session, "platform", tools=False)
    assert (result.exit_code, result.summary) == (0, "it serves no model; checks ended with 0")
