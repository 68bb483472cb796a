"""The registry: every check has its four places, its needs, its reads; and what it says can be used."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

import aiops.checks
from aiops.checks import ALL, RETIRED
from aiops.checks.check import GROUPS, Check, Verdict
from aiops.checks.engine import judge_look
from aiops.collect.cluster import ClusterReads
from aiops.judge.finding import Finding
from aiops.operations.look_beneath import BeneathReads
from aiops.snapshot.look import Look
from tests.checks.cases import FOLDER, cases, healthy, look_of, read
from tests.words import parse

ROOT = Path(aiops.checks.__file__).parents[2]
SLUGS = [check.slug for check in ALL]
EVER = (Path(__file__).parent / "slugs.txt").read_text().split()
"""Every slug that a release has had: a new one is added here, and none is ever taken out."""
MODULES = {"check", "engine", "linting", "suppressing", "__init__"}
GIT_READS = ("config", "generated", "groups-file", "groups-pushed", "plan", "declared")
PROGRAMS = ("kubectl", "git", "make", "timedatectl", "argocd", "grep", "aiops")
SENTENCE = re.compile(
    r"(raise|render|set|correct|edit|upgrade|add|install|run|report|check|did|neither|\w+ \S+ would) "
)
"""How a fix begins that is no command."""
AIOPS = re.compile(r"`(aiops [^`]+)`|^(aiops .+)$", re.MULTILINE)
REMARK = re.compile(r"\s+#.*")


def test_each_slug_is_there_once_and_in_lower_case_words() -> None:
    assert len(set(SLUGS)) == len(SLUGS)
    assert [slug for slug in SLUGS if not re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)] == []
    assert not set(SLUGS) & set(GROUPS), "--only could not tell it from a group"


def test_no_slug_is_used_again() -> None:
    assert not set(SLUGS) & RETIRED


def test_a_slug_that_is_gone_is_retired() -> None:
    assert len(set(EVER)) == len(EVER)
    assert sorted(EVER) == EVER
    assert set(EVER) == set(SLUGS) | RETIRED, "a new slug is added to slugs.txt; one that goes is added to RETIRED"


def test_what_a_check_needs_comes_before_it() -> None:
    for number, check in enumerate(ALL):
        assert set(check.needs) <= set(SLUGS[:number]), check.slug
        assert len(set(check.needs)) == len(check.needs), check.slug


def test_what_has_to_hold_before_the_first_layer_needs_nothing_that_comes_later() -> None:
    early = {check.slug for check in ALL if check.prerequisite}
    late = {check.slug: set(check.needs) - early for check in ALL if check.prerequisite}
    assert {slug: needs for slug, needs in late.items() if needs - {"git-readable"}} == {}


def test_the_groups_are_together_and_in_their_order() -> None:
    assert [group for group, _ in groupby(check.group for check in ALL)] == list(GROUPS)


def test_a_title_says_what_holds() -> None:
    for check in ALL:
        assert check.title == check.title.strip().rstrip("."), check.slug
        assert len(check.title) < 80, check.slug
    assert len({check.title for check in ALL}) == len(ALL)


@pytest.mark.parametrize("check", ALL, ids=SLUGS)
def test_a_check_has_its_four_places(check: Check) -> None:
    module = ROOT / "aiops" / "checks" / f"{check.slug.replace('-', '_')}.py"
    assert module.is_file()
    assert f'slug="{check.slug}"' in module.read_text()
    assert (ROOT / "runbooks" / f"{check.slug}.md").is_file()
    assert list((FOLDER / check.slug).glob("*.yaml"))
    assert check.slug in EVER


def test_no_place_without_its_check() -> None:
    modules = {file.stem for file in (ROOT / "aiops" / "checks").glob("*.py")} - MODULES
    assert modules == {slug.replace("-", "_") for slug in SLUGS}
    assert {folder.name for folder in FOLDER.iterdir()} == set(SLUGS)
    assert {file.stem for file in (ROOT / "runbooks").glob("*.md")} >= set(SLUGS)


# --- what a check reads


class Watched(dict[str, Any]):
    """The reads of a look, which remember who asked for them."""

    def __init__(self, reads: Mapping[str, Any]) -> None:
        super().__init__(reads)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


class WatchedLook(Look):
    """A look that stays watched when a check gets its part of it."""

    def narrowed(self, names: Any) -> Look:
        assert isinstance(self.reads, Watched)
        wanted = set(names)
        for name in self.reads.keys() - wanted:
            del self.reads[name]
        return replace(self, unread={name: why for name, why in self.unread.items() if name in wanted})


def asked_by(check: Check, look: Look) -> set[str]:
    """Which reads a check uses of a look, those that could not be read too."""
    watched, unread = Watched(look.reads), Watched(look.unread)
    fields = {
        name: getattr(look, name)
        for name in ("run", "command", "context", "namespace", "profile", "taken", "here", "seconds")
    }
    judge_look(WatchedLook(**fields, reads=watched, unread=unread), [check])
    return watched.asked | (unread.asked & look.unread.keys())


@pytest.mark.parametrize("check", [each for each in ALL if each.slug != "access"], ids=lambda each: each.slug)
def test_a_check_uses_every_read_that_it_declares(check: Check) -> None:
    """In one of its cases, or on a healthy platform; otherwise it would be unknown for the want of what it ignores."""
    looks = [healthy(), *(look_of(file) for slug, file in cases() if slug == check.slug)]
    used = set().union(*(asked_by(check, look) for look in looks))
    assert set(check.reads) - used == set()


def test_every_read_has_a_name_that_somebody_reads() -> None:
    known = {*ClusterReads.names(), *BeneathReads.names(), *GIT_READS} - {"declared"}
    assert {check.slug: unknown for check in ALL if (unknown := set(check.reads) - known)} == {}
    judged = {name for check in ALL if check.slug != "access" for name in check.reads}
    assert known - judged == {"user"}, "read for nobody: `access` alone reads every list, and only asks who may not"


def test_access_looks_at_everything_that_is_asked_of_the_cluster() -> None:
    (access,) = (check for check in ALL if check.slug == "access")
    assert set(access.reads) == set(ClusterReads.names()) - {"secrets"}, "a right of its own: secrets-present tells"


# --- what a check says


@cache
def verdicts() -> tuple[tuple[str, Verdict], ...]:
    """(case, verdict) of all cases."""
    by_slug = {check.slug: check for check in ALL}
    return tuple((f"{slug}/{file.stem}", judge_look(look_of(file), [by_slug[slug]])[0]) for slug, file in cases())


def findings(*statuses: str) -> list[tuple[str, Finding]]:
    return [(case, found) for case, verdict in verdicts() for found in verdict.findings if found.status in statuses]


def is_of_its_own(finding: Finding, case: str) -> bool:
    """A judgement of the check, and not the engine's word on what could not be read."""
    slug, _, name = case.partition("/")
    return finding.symptom not in {
        each["why"] for each in read(FOLDER / slug / f"{name}.yaml").get("unread", {}).values()
    }


def test_whatever_is_found_has_a_symptom_a_cause_and_a_fix() -> None:
    found = findings("fail", "warn")
    assert len(found) > 60
    empty = [
        (case, field)
        for case, each in found
        if is_of_its_own(each, case)
        for field in ("symptom", "cause", "fix")
        if not getattr(each, field)
    ]
    assert empty == []


def test_whatever_is_said_is_plain_text_on_one_line() -> None:
    for case, each in findings("fail", "warn", "unknown", "skip", "ok"):
        for text in (each.symptom, each.cause, each.fix, each.about, each.owner):
            assert text.isprintable(), case
            assert text == text.strip(), case
            assert text.replace("  # ", " # ") == " ".join(text.split()), case
        assert not each.symptom.endswith("."), case
        assert each.symptom, case


def test_no_sentence_was_left_unfilled() -> None:
    for case, each in findings("fail", "warn", "unknown", "skip", "ok"):
        assert not re.search(
            r"\{\w*\}|\bNone\b",
            f"{each.symptom} {each.fix}".replace("`{}`", "").replace("it has {}", "").replace("stopPolicy: None", ""),
        ), case


def test_a_fix_is_a_command_that_is_known_or_a_sentence() -> None:
    for case, each in findings("fail", "warn"):
        if is_of_its_own(each, case):
            known = each.fix.split()[0] in PROGRAMS or SENTENCE.match(each.fix)
            assert known, (case, each.fix)


def commands() -> list[str]:
    found = {
        REMARK.sub("", first or second)
        for _, each in findings("fail", "warn", "unknown")
        for first, second in AIOPS.findall(f"{each.fix}")
    }
    return sorted(found)


def test_there_are_commands_to_hold_the_fixes_to() -> None:
    assert len(commands()) >= 5


def test_every_command_of_aiops_in_a_fix_parses() -> None:
    for command in commands():
        parse(shlex.split(command)[1:])


def test_every_command_for_a_shell_can_be_pasted() -> None:
    for case, each in findings("fail", "warn"):
        if each.fix.split(maxsplit=1)[:1] and each.fix.split()[0] in PROGRAMS:
            assert shlex.split(each.fix, comments=True), case


def test_what_a_finding_is_about_is_named_as_a_kind_and_a_name_or_as_a_file() -> None:
    for case, each in findings("fail", "warn"):
        assert re.fullmatch(r"|[A-Z][A-Za-z]+ [-\w./]+|[-\w.]+(/[-\w.]+)+", each.about), (case, each.about)
