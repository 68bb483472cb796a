"""The rules of the engine, whatever the checks are: order, prerequisites, what is unread, and bugs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from aiops.checks import ALL
from aiops.checks.check import Check, Verdict, ok, skip
from aiops.checks.engine import judge_look, reads_of
from aiops.checks.linting import DECLARED
from aiops.judge.finding import Finding, Status
from aiops.snapshot import Unread
from aiops.snapshot.look import Look, dumps, loads
from tests.checks.cases import healthy

BROKEN = Finding(status="fail", symptom="it is broken")
SILENT = Unread(what="pods", why="no answer in 20 s", fix="look at the network")
NOT_PASSED: tuple[Status, ...] = ("fail", "unknown")


def look(unread: dict[str, Unread] | None = None, **reads: Any) -> Look:
    return replace(healthy(), reads=reads, unread=unread or {})


def check(slug: str, *findings: Finding, needs: tuple[str, ...] = (), reads: tuple[str, ...] = ()) -> Check:
    """A check that finds this; without anything it is all right."""

    def judge(_: Look) -> Iterable[Finding]:
        return findings or (ok(f"{slug} is right"),)

    return Check(slug=slug, group="cluster", title=slug, needs=needs, reads=reads, judge=judge)


def reader(slug: str, *names: str, reads: tuple[str, ...] | None = None) -> Check:
    """A check that uses these reads and declares them, or what is given instead."""

    def judge(seen: Look) -> Iterator[Finding]:
        for name in names:
            yield ok(f"{name} is {seen.value(name)}")

    return Check(slug=slug, group="cluster", title=slug, reads=names if reads is None else reads, judge=judge)


def summary(seen: Look, *checks: Check) -> list[tuple[str, str, str]]:
    return [(each.check.slug, each.status, each.because) for each in judge_look(seen, checks)]


def test_verdicts_are_in_the_order_of_the_checks_whatever_they_find() -> None:
    checks = [check("c"), check("a", BROKEN), check("b", skip("nothing")), check("d", replace(BROKEN, status="warn"))]
    assert summary(look(), *checks) == [("c", "ok", ""), ("a", "fail", ""), ("b", "skip", ""), ("d", "warn", "")]
    assert [slug for slug, _, _ in summary(look(), *reversed(checks))] == ["d", "b", "a", "c"]


def test_the_worst_finding_is_the_first_and_of_two_alike_the_order_stays() -> None:
    kinds: list[Status] = ["ok", "skip", "warn", "unknown", "fail", "warn"]
    found = [Finding(status=status, symptom=f"{number}") for number, status in enumerate(kinds)]
    (verdict,) = judge_look(look(), [check("a", *found)])
    assert [each.symptom for each in verdict.findings] == ["4", "3", "2", "5", "1", "0"]
    assert verdict.status == "fail"


@pytest.mark.parametrize(
    ("status", "stops"), [("ok", False), ("warn", False), ("skip", False), ("fail", True), ("unknown", True)]
)
def test_what_does_not_pass_stops_what_needs_it(status: Status, stops: bool) -> None:
    found = Finding(status=status, symptom="so it is")
    (_, status_of_b, because) = summary(look(), check("a", found), check("b", needs=("a",)))[1]
    assert (status_of_b, because) == (("skip", "a") if stops else ("ok", ""))


def test_what_is_stopped_names_the_root_and_not_its_neighbour() -> None:
    checks = [check("root", BROKEN), check("b", needs=("root",)), check("c", needs=("b",)), check("d", needs=("c",))]
    assert summary(look(), *checks)[1:] == [("b", "skip", "root"), ("c", "skip", "root"), ("d", "skip", "root")]
    assert judge_look(look(), checks)[3].findings[0].symptom == "root has to pass first"


def test_one_of_several_needs_is_enough_to_stop() -> None:
    checks = [check("a"), check("b", BROKEN), check("c", BROKEN), check("d", needs=("a", "b", "c"))]
    assert summary(look(), *checks)[3] == ("d", "skip", "b")


def test_what_is_stopped_is_not_judged() -> None:
    def judge(_: Look) -> Iterable[Finding]:
        raise AssertionError("it was judged")

    stopped = replace(check("b", needs=("a",)), judge=judge)
    assert summary(look(), check("a", BROKEN), stopped)[1] == ("b", "skip", "a")


def test_a_check_that_skips_by_itself_waits_for_nobody() -> None:
    (verdict,) = judge_look(look(), [check("a", skip("there is no GPU"))])
    assert (verdict.status, verdict.because) == ("skip", "")


def test_a_need_that_was_left_out_is_not_held_against_it() -> None:
    assert summary(look(), check("b", needs=("a",))) == [("b", "ok", "")]


def test_a_bug_of_one_check_costs_the_others_nothing() -> None:
    def judge(_: Look) -> Iterable[Finding]:
        raise ZeroDivisionError("division by zero")

    bad = replace(check("bad"), judge=judge)
    assert summary(look(), check("a"), bad, check("c")) == [("a", "ok", ""), ("bad", "unknown", ""), ("c", "ok", "")]
    (finding,) = judge_look(look(), [bad])[0].findings
    assert finding.symptom == "a bug in aiops: ZeroDivisionError: division by zero"
    assert finding.evidence[0].text.startswith("test_engine.py:")
    assert "report it" in finding.fix


def test_a_bug_after_the_first_finding_is_no_verdict_by_half() -> None:
    def judge(_: Look) -> Iterator[Finding]:
        yield ok("so far so good")
        raise KeyError("spec")

    (verdict,) = judge_look(look(), [replace(check("a"), judge=judge)])
    assert [each.status for each in verdict.findings] == ["unknown"]


def test_a_bug_stops_what_needs_it() -> None:
    bad = reader("bad", "pods", reads=())
    assert summary(look(pods=[]), bad, check("b", needs=("bad",)))[1] == ("b", "skip", "bad")


def test_a_check_that_finds_nothing_at_all_is_not_right() -> None:
    (verdict,) = judge_look(look(), [replace(check("a"), judge=lambda _: ())])
    assert verdict.status == "unknown"
    assert "found nothing at all" in verdict.findings[0].symptom


def test_what_could_not_be_read_is_unknown_with_its_why_and_its_cure() -> None:
    (verdict,) = judge_look(look({"pods": SILENT}), [reader("a", "pods")])
    assert verdict.status == "unknown"
    assert (verdict.findings[0].symptom, verdict.findings[0].fix) == (SILENT.why, SILENT.fix)


def test_what_could_not_be_read_because_it_is_wrong_has_failed() -> None:
    (verdict,) = judge_look(look({"pods": replace(SILENT, definite=True)}), [reader("a", "pods")])
    assert (verdict.status, verdict.findings[0].symptom) == ("fail", SILENT.why)


def test_what_was_refused_is_unknown_and_names_the_right() -> None:
    refused = replace(SILENT, why="403", refused="list pods", definite=True)
    (verdict,) = judge_look(look({"pods": refused}), [reader("a", "pods")])
    assert (verdict.status, verdict.findings[0].symptom) == ("unknown", "this user may not list pods")


def test_what_is_unread_and_not_needed_costs_nothing() -> None:
    assert summary(look({"pods": SILENT}, nodes=[]), reader("a", "nodes", reads=("nodes", "pods"))) == [("a", "ok", "")]


def test_a_read_that_a_check_does_not_declare_is_not_there_for_it() -> None:
    (verdict,) = judge_look(look(pods=[], nodes=[]), [reader("a", "pods", "nodes", reads=("pods",))])
    assert verdict.status == "unknown"
    assert verdict.findings[0].symptom == "a bug in aiops: KeyError: 'nodes'"


def test_a_look_that_did_not_read_what_is_needed_tells_nothing() -> None:
    seen = look(pods=[])
    assert [each.status for each in judge_look(seen, [reader("a", "pods"), reader("b", "pods", "nodes")])] == [
        "ok",
        "unknown",
    ]
    (verdict,) = judge_look(seen, [reader("b", "version", "pods", "nodes")])
    assert verdict.findings[0].symptom == "this look did not read nodes, version"
    assert "--only or --skip" in verdict.findings[0].cause


def test_reads_of_checks_are_those_of_all_of_them() -> None:
    assert reads_of([reader("a", "pods"), reader("b", "pods", "nodes")]) == {"pods", "nodes"}
    assert reads_of([]) == frozenset()


def test_the_same_look_gives_the_same_verdicts() -> None:
    seen = healthy()
    before = dumps(seen)
    assert judge_look(seen, ALL) == judge_look(seen, ALL)
    assert judge_look(loads(before), ALL) == judge_look(seen, ALL)
    assert dumps(seen) == before, "a judgement changed what was seen"


@cache
def sound() -> tuple[Verdict, ...]:
    """All verdicts on a healthy platform."""
    return judge_look(healthy(), ALL)


def descendants(slug: str) -> set[str]:
    found = {slug}
    for each in ALL:
        if found & set(each.needs):
            found.add(each.slug)
    return found - {slug}


@pytest.mark.parametrize("status", NOT_PASSED)
@pytest.mark.parametrize("slug", [each.slug for each in ALL if descendants(each.slug)] + [ALL[-1].slug])
def test_a_real_check_that_does_not_pass_stops_its_descendants_and_nobody_else(slug: str, status: Status) -> None:
    found = replace(BROKEN, status=status)
    broken = [replace(each, judge=lambda _: (found,)) if each.slug == slug else each for each in ALL]
    stopped = descendants(slug)
    for before, after in zip(sound(), judge_look(healthy(), broken), strict=True):
        if after.check.slug == slug:
            assert (after.status, after.because) == (status, "")
        elif after.check.slug in stopped:
            assert (after.status, after.because) == ("skip", slug)
        else:
            assert after == before


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.slug)
def test_no_real_check_is_all_right_without_what_it_reads(each: Check) -> None:
    """Nothing was read at all, because nobody answered."""
    seen = replace(healthy(), reads={}, unread=dict.fromkeys((*each.reads, DECLARED), SILENT))
    (verdict,) = judge_look(seen, [each])
    assert {(found.status, found.symptom) for found in verdict.findings} == {("unknown", SILENT.why)}


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.slug)
def test_no_real_check_stumbles_over_an_empty_cluster(each: Check) -> None:
    """Every list is empty and every object is not there: that is no bug, and no health either."""
    empty = {name: [] if isinstance(value, list) else value for name, value in healthy().reads.items()}
    (verdict,) = judge_look(replace(healthy(), reads={**empty, "argocd-settings": None}), [each])
    assert "a bug in aiops" not in verdict.findings[0].symptom


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.slug)
def test_no_real_check_stumbles_over_objects_without_a_status(each: Check) -> None:
    """A controller that has not come yet leaves an object as it was made."""
    bare = {
        name: [stripped(body) for body in value] if isinstance(value, list) else value
        for name, value in healthy().reads.items()
    }
    (verdict,) = judge_look(replace(healthy(), reads=bare), [each])
    assert "a bug in aiops" not in verdict.findings[0].symptom, verdict.findings[0]


def stripped(body: Any) -> Any:
    return {**body, "status": {}} if isinstance(body, dict) and "metadata" in body else body
