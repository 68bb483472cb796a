"""Findings that the config suppresses: with a reason, until a day, and never out of sight."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase

from aiops.checks.check import Verdict
from aiops.judge.finding import Evidence, Finding
from aiops.snapshot import Json
from aiops.snapshot.look import Look

SUPPRESSIBLE = ("fail", "warn")
"""What is unknown is not: nobody knows what would be suppressed."""
_BAD = ("fail", "unknown", "warn", "suppressed")
"""Worst first. The order of all else stays that of the engine."""


def suppressed(look: Look, verdict: Verdict) -> Verdict:
    """The verdict with what the look's config suppresses marked so; when its day is over, that is said instead."""
    rules = [rule for rule in _rules(look) if fnmatchcase(verdict.check.slug, rule["check"])]
    if not rules:
        return verdict
    found = [_judged(look, each, rules) for each in verdict.findings]
    return replace(verdict, findings=tuple(sorted(found, key=_rank)))


def _rules(look: Look) -> Iterator[Json]:
    config = look.reads.get("config") or {}
    yield from config.get("suppressions") or ()


def _judged(look: Look, found: Finding, rules: list[Json]) -> Finding:
    if found.status not in SUPPRESSIBLE:
        return found
    meant = [rule for rule in rules if _means(rule, found)]
    lasting = [rule for rule in meant if look.at.date() <= date.fromisoformat(rule["until"])]
    for rule in lasting:
        said = Evidence("config", f"suppressed until {rule['until']}: {rule['reason']}")
        return replace(found, status="suppressed", evidence=(*found.evidence, said))
    over = tuple(Evidence("config", f"its suppression ended on {rule['until']}: {rule['reason']}") for rule in meant)
    return replace(found, evidence=(*found.evidence, *over))


def _rank(found: Finding) -> int:
    return _BAD.index(found.status) if found.status in _BAD else len(_BAD)


def _means(rule: Json, found: Finding) -> bool:
    return not rule["about"] or any(fnmatchcase(name, rule["about"]) for name in (found.about, found.file) if name)
