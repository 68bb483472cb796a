"""Judges a look by the checks: pure, in the order of the registry, the root cause before what hangs on it."""

import traceback
from collections.abc import Iterable, Mapping, Sequence

from aiops.checks.check import WORST_FIRST, Check, Verdict, skip
from aiops.judge.finding import Evidence, Finding
from aiops.snapshot import Unread
from aiops.snapshot.look import Look, NotRead

NOT_PASSED = ("fail", "unknown")


def judge_look(look: Look, checks: Sequence[Check]) -> tuple[Verdict, ...]:
    """The verdicts, in the order of `checks`, each of which comes after what it needs."""
    verdicts: dict[str, Verdict] = {}
    for check in checks:
        verdicts[check.slug] = _verdict(look, check, verdicts)
    return tuple(verdicts.values())


def reads_of(checks: Iterable[Check]) -> frozenset[str]:
    """Everything that these checks look at."""
    return frozenset(name for check in checks for name in check.reads)


def _verdict(look: Look, check: Check, before: Mapping[str, Verdict]) -> Verdict:
    if cause := _cause(check, before):
        return Verdict(check=check, findings=(skip(f"{cause} has to pass first"),), because=cause)
    if absent := sorted(set(check.reads) - look.names):
        return Verdict(check=check, findings=(_never_read(absent),))
    try:
        found = tuple(check.judge(look.narrowed(check.reads)))
    except NotRead as error:
        found = (_unread(error.unread),)
    except Exception as bug:  # noqa: BLE001 - one check's bug does not cost the others
        found = (_bug(bug),)
    found = found or (_bug(AssertionError("it found nothing at all")),)
    return Verdict(check=check, findings=tuple(sorted(found, key=lambda each: WORST_FIRST.index(each.status))))


def _cause(check: Check, before: Mapping[str, Verdict]) -> str:
    """The first of its needs that did not pass, traced to what that one itself waits for."""
    for slug in check.needs:
        verdict = before.get(slug)  # one that was left out by --only or --skip is not held against it
        if verdict is not None and (verdict.because or verdict.status in NOT_PASSED):
            return verdict.because or slug
    return ""


def _unread(unread: Unread) -> Finding:
    if unread.refused:
        return Finding(status="unknown", symptom=f"this user may not {unread.refused}")  # `access` has the cure of all
    return Finding(status="fail" if unread.definite else "unknown", symptom=unread.why, fix=unread.fix)


def _never_read(names: Iterable[str]) -> Finding:
    return Finding(
        status="unknown",
        symptom=f"this look did not read {', '.join(names)}",
        cause="it was taken with --only or --skip, or by another version of aiops",
        fix="aiops doctor --save FILE",
    )


def _bug(bug: Exception) -> Finding:
    last = traceback.extract_tb(bug.__traceback__)[-1:]
    where = "".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in last)
    return Finding(
        status="unknown",
        symptom=f"a bug in aiops: {type(bug).__name__}: {bug}",
        fix="report it, with the file that `aiops doctor --save FILE` writes",
        evidence=(Evidence("raised at", where or "its end"),),
    )
