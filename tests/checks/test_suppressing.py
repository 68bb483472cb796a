"""What the config suppresses: until its day, never out of sight, and never what is unknown."""

from dataclasses import replace

import pytest

from aiops.checks.check import Check, Verdict, ok, skip
from aiops.checks.engine import judge_look
from aiops.checks.suppressing import suppressed
from aiops.judge.finding import Finding, Status
from aiops.snapshot import Json
from aiops.snapshot.look import Look
from tests.checks.cases import healthy

DAY = "2026-11-24"
"""On which the healthy look was taken."""
BROKEN = Finding(
    status="fail", symptom="it is broken", about="Deployment serving/llama", file="serving/llama/deployment.yaml"
)


def rule(until: str = DAY, check: str = "a-check", about: str = "") -> Json:
    return {"check": check, "about": about, "until": until, "reason": "the new one comes in May"}


def look(*rules: Json) -> Look:
    return replace(healthy(), reads={"config": {"suppressions": list(rules)}}, unread={})


def check(*findings: Finding, slug: str = "a-check", needs: tuple[str, ...] = ()) -> Check:
    return Check(slug=slug, group="cluster", title=slug, needs=needs, judge=lambda _: findings)


def judged(seen: Look, *findings: Finding) -> Verdict:
    return suppressed(seen, Verdict(check=check(), findings=findings))


def test_until_its_day_is_over_a_finding_is_suppressed_and_says_why() -> None:
    assert healthy().at.date().isoformat() == DAY
    (found,) = judged(look(rule()), BROKEN).findings
    assert (found.status, found.symptom, found.about) == ("suppressed", BROKEN.symptom, BROKEN.about)
    assert found.evidence[-1].text == f"suppressed until {DAY}: the new one comes in May"


def test_after_its_day_it_counts_again_and_says_that_too() -> None:
    (found,) = judged(look(rule("2026-11-23")), BROKEN).findings
    assert found.status == "fail"
    assert found.evidence[-1].text == "its suppression ended on 2026-11-23: the new one comes in May"


def test_one_that_lasts_is_enough() -> None:
    assert judged(look(rule("2026-11-23"), rule("2027-01-01")), BROKEN).status == "suppressed"


@pytest.mark.parametrize(
    ("status", "becomes"),
    [("fail", "suppressed"), ("warn", "suppressed"), ("unknown", "unknown"), ("skip", "skip"), ("ok", "ok")],
)
def test_what_is_suppressible(status: Status, becomes: Status) -> None:
    assert judged(look(rule()), replace(BROKEN, status=status)).status == becomes


@pytest.mark.parametrize(
    ("meant", "about", "is_meant"),
    [
        ("a-check", "", True),
        ("a-*", "", True),
        ("b-check", "", False),
        ("a-check", "Deployment serving/*", True),
        ("a-check", "serving/llama/*", True),
        ("a-check", "Deployment serving/lla", False),
    ],
)
def test_which_findings_are_meant(meant: str, about: str, is_meant: bool) -> None:
    status = judged(look(rule(check=meant, about=about)), BROKEN).status
    assert status == ("suppressed" if is_meant else "fail")


def test_a_rule_about_something_means_no_finding_about_nothing() -> None:
    assert judged(look(rule(about="*")), replace(BROKEN, about="", file="")).status == "fail"


def test_what_is_left_is_the_verdict() -> None:
    other = replace(BROKEN, status="warn", about="Deployment serving/qwen")
    found = judged(look(rule(about="*llama")), BROKEN, other).findings
    assert [each.status for each in found] == ["warn", "suppressed"]


def test_a_rule_changes_nothing_where_half_of_a_check_is_ok() -> None:
    both = (ok("its files are right"), skip("it is not there yet"))
    assert judged(look(rule()), *both).findings == both


def test_what_is_suppressed_stops_nobody() -> None:
    verdicts = judge_look(look(rule()), [check(BROKEN), check(ok("fine"), slug="b-check", needs=("a-check",))])
    assert [each.status for each in verdicts] == ["suppressed", "ok"]


def test_without_a_config_nothing_is_suppressed() -> None:
    assert judged(replace(healthy(), reads={}, unread={}), BROKEN).status == "fail"
