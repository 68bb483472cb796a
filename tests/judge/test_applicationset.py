"""An ApplicationSet stands only after a pass that was asked for, with exactly the groups of the file."""

from math import inf
from typing import Any

import pytest

from aiops.judge.applicationset import judge_applicationset
from aiops.judge.expectation import Expected
from tests.judge.saved import changed, expected, saved, with_changes

PENDING = {"metadata.annotations": {"argocd.argoproj.io/application-set-refresh": "true"}}
ERROR: dict[str, Any] = {"status.conditions.0.status": "True", "status.conditions.0.message": "template: broken"}
PASSING = {**ERROR, "status.conditions.0.message": "dial tcp: connection refused"}
NOT_MADE = {"status.conditions.2.status": "False"}
GROUP = saved("group")
WANTED = expected(name="group-names", path="clusters/lab/catalog/names", kind="group")


@pytest.mark.parametrize(
    ("changes", "asked_s", "state", "detail"),
    [
        ({}, 1.0, "settled", ""),
        ({}, inf, "settled", ""),
        ({}, None, "waiting", "not asked yet"),
        (PENDING, 1.0, "waiting", "asked to read git again"),
        (ERROR, 2.0, "waiting", "template: broken"),
        (ERROR, 2.1, "hopeless", "template: broken"),
        (ERROR, inf, "hopeless", "template: broken"),
        (ERROR, None, "waiting", "not asked yet"),
        ({**ERROR, **PENDING}, 30.0, "waiting", "template: broken"),
        ({**ERROR, **PENDING}, 30.1, "hopeless", "template: broken"),
        (PASSING, inf, "waiting", "connection refused"),
        (NOT_MADE, 1.0, "waiting", "is making its applications"),
        ({"status": {}}, 1.0, "waiting", "is making its applications"),
    ],
)
def test_a_pass_since_it_was_asked(changes: dict[str, Any], asked_s: float | None, state: str, detail: str) -> None:
    body = with_changes("applicationset", changes)
    verdict = judge_applicationset(body, [WANTED], {"group-names": GROUP}, asked_s)
    assert verdict.state == state
    assert detail in verdict.detail


def test_only_a_pass_that_was_not_asked_for_is_stale() -> None:
    stale = {
        asked_s: judge_applicationset(saved("applicationset"), [WANTED], {"group-names": GROUP}, asked_s).stale
        for asked_s in (None, 1.0)
    }
    assert stale == {None: True, 1.0: False}


def test_absent() -> None:
    verdict = judge_applicationset(None, [WANTED], {}, inf)
    assert verdict.state == "hopeless"
    assert "aiops root" in verdict.detail


@pytest.mark.parametrize(
    ("applications", "wanted", "detail"),
    [
        ({}, [WANTED], "has not made group-names"),
        ({"group-names": changed(GROUP, "metadata.ownerReferences", None)}, [WANTED], "has not made group-names"),
        ({"group-names": changed(GROUP, "metadata.ownerReferences.0.uid", "x")}, [WANTED], "has not made group-names"),
        ({"group-names": GROUP}, [], "still has group-names"),
        ({"group-names": changed(GROUP, "spec.source.path", "old")}, [WANTED], "still reads old, not clusters/lab"),
    ],
    ids=["none", "nobody's", "another set's", "surplus", "another folder"],
)
def test_exactly_the_groups_of_the_file(applications: dict[str, Any], wanted: list[Expected], detail: str) -> None:
    verdict = judge_applicationset(saved("applicationset"), wanted, applications, 1.0)
    assert verdict.state == "waiting"
    assert detail in verdict.detail


def test_applications_of_other_sets_are_none_of_its_business() -> None:
    other = changed(GROUP, "metadata.ownerReferences.0.uid", "x")
    applications = {"group-names": GROUP, "group-other": other, "meter": saved("settled")}
    assert judge_applicationset(saved("applicationset"), [WANTED], applications, 1.0).state == "settled"
