"""The static half of a check: its findings as plain data, what is switched off, and what was not rendered."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from aiops.checks.check import Check, of, ok, skip
from aiops.checks.engine import judge_look, reads_of
from aiops.checks.linting import DECLARED, declared_findings, lint, undeclared
from aiops.errors import TreeError
from aiops.gitops.declared import Declared, Manifest
from aiops.judge.finding import Evidence, Finding, Status
from aiops.snapshot.look import Look
from tests.checks.cases import healthy
from tests.checks.trees import tree_of

BROKEN = Finding(
    status="fail", symptom="it is broken", file="a.yaml", line=3, evidence=(Evidence("a.yaml", "x: 1", "now"),)
)


def check(find: Callable[[Declared], Iterable[Finding]], **more: Any) -> Check:
    return Check(slug="a-check", group="models", title="it is whole", lint=find, **more)


def findings(declared: Declared, find: Callable[[Declared], Iterable[Finding]]) -> tuple[Finding, ...]:
    """As they come back from a look's file."""
    return declared_findings(look(lint(declared, [check(find)])), "a-check")


def look(declared: object, **reads: object) -> Look:
    return replace(healthy(), reads={DECLARED: json.loads(json.dumps(declared)), **reads}, unread={})


def first(declared: Declared, application: str) -> Manifest:
    return next(each for each in declared.manifests if each.application == application)


def test_a_finding_comes_back_as_it_was() -> None:
    assert findings(tree_of({}), lambda _: [BROKEN]) == (BROKEN,)


def test_what_is_kept_is_plain_data() -> None:
    kept = lint(tree_of({}), [check(lambda _: [BROKEN])])
    assert json.loads(json.dumps(kept)) == kept


def test_what_is_switched_off_breaks_nothing_today() -> None:
    groups = "clusters/lab/groups.generated.yaml"
    off = 'name: experience, layer: experience, enabled: "false"'
    declared = tree_of({"edit": {groups: [[off.replace("false", "true"), off]]}})
    found = findings(declared, lambda tree: [replace(BROKEN, **of(first(tree, app))) for app in ("chat", "embeddings")])
    assert [(each.status, each.owner) for each in found] == [
        ("warn", "application chat, whose group is off"),
        ("fail", "application embeddings"),
    ]


@pytest.mark.parametrize(("status", "becomes"), [("ok", "skip"), ("skip", "skip"), ("fail", "fail"), ("warn", "warn")])
def test_nothing_is_right_of_what_nobody_rendered(status: Status, becomes: Status) -> None:
    declared = tree_of({"unrendered": {"experience/chat": "kubectl is missing"}})
    (found,) = findings(declared, lambda _: [replace(BROKEN, status=status)])
    assert found.status == becomes
    assert ("kubectl is missing" in found.symptom) == (status in ("ok", "skip"))


def test_a_file_that_does_not_parse_is_unknown() -> None:
    def find(_: Declared) -> Iterable[Finding]:
        raise TreeError("a.yaml:3: is not YAML", "mend it")

    (found,) = findings(tree_of({}), find)
    assert (found.status, found.symptom, found.fix) == ("unknown", "a.yaml:3: is not YAML", "mend it")


@pytest.mark.parametrize("find", [lambda _: (), lambda _: [1 / 0]])
def test_a_bug_and_no_finding_at_all_are_unknown(find: Callable[[Declared], Iterable[Finding]]) -> None:
    (found,) = findings(tree_of({}), find)
    assert found.status == "unknown"
    assert "a bug in aiops" in found.symptom


# --- beside the live half


def both(live: Finding, *, needs: tuple[str, ...] = ()) -> Check:
    return check(lambda _: (), judge=lambda _: [live], needs=needs)


def verdict(static: Finding, live: Finding, *before: Check) -> tuple[Status, str]:
    seen = look(lint(tree_of({}), [check(lambda _: [static])]))
    found = judge_look(seen, [*before, both(live, needs=tuple(each.slug for each in before))])[-1]
    return found.status, found.because


@pytest.mark.parametrize(
    ("static", "live", "together"),
    [
        ("fail", "ok", "fail"),
        ("ok", "fail", "fail"),
        ("warn", "unknown", "unknown"),
        ("ok", "skip", "ok"),
        ("skip", "ok", "ok"),
        ("skip", "skip", "skip"),
    ],
)
def test_the_worse_half_is_the_verdict_and_a_half_may_have_nothing_to_judge(
    static: Status, live: Status, together: Status
) -> None:
    assert verdict(replace(BROKEN, status=static), replace(BROKEN, status=live)) == (together, "")


@pytest.mark.parametrize(("static", "expected"), [("fail", ("fail", "")), ("ok", ("skip", "root"))])
def test_a_tree_is_judged_whatever_the_live_half_waits_for(static: Status, expected: tuple[Status, str]) -> None:
    root = Check(slug="root", group="cluster", title="root", judge=lambda _: [BROKEN])
    assert verdict(replace(BROKEN, status=static), ok("unseen"), root) == expected


def test_a_look_without_the_tree_or_without_this_check_tells_nothing() -> None:
    without: list[dict[str, Any]] = [{}, {DECLARED: {"another-check": []}}]
    for reads in without:
        (found,) = judge_look(replace(healthy(), reads=reads, unread={}), [check(lambda _: ())])
        assert (found.status, found.findings[0].symptom) == ("unknown", "this look did not read declared")


def test_where_no_tree_is_meant_there_is_nothing_to_judge() -> None:
    nothing = check(lambda _: ())
    (found,) = judge_look(look(undeclared("no layer is live", [nothing])), [nothing])
    assert found.findings == (skip("no layer is live"),)


def test_the_tree_is_read_for_those_who_judge_it_alone() -> None:
    live = Check(slug="b", group="cluster", title="b", reads=("pods",), judge=lambda _: [])
    assert reads_of([live]) == {"pods"}
    assert reads_of([live, check(lambda _: ())]) == {"pods", DECLARED}
