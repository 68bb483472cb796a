"""`doctor --fix`: shows what it would write, asks, writes it, and looks again."""

import time
from collections.abc import Iterator
from typing import Literal

from aiops import clock
from aiops.checks import ALL
from aiops.checks.check import Check, Verdict
from aiops.checks.engine import judge_look, reads_of
from aiops.config.spelling import did_you_mean
from aiops.errors import AiopsError, WrongUse
from aiops.operations.doctor import checked
from aiops.operations.fixes import FIXES, Fix
from aiops.operations.look import take_look
from aiops.operations.target import prove_target
from aiops.progress.events import Looked, Row, Said
from aiops.progress.results import Fixed, Write
from aiops.session import Session
from aiops.snapshot import Ref

AGAIN_S = 2.0
"""Between two looks: what was written takes a moment to show."""
LIMIT_S = 120.0
"""For a cure to show; a sync that takes longer goes on by itself."""
BAD = ("fail", "warn")


def fix(session: Session, slug: str, profile: str | None, *, yes: bool, limit_s: float) -> Fixed:
    """Cure what one check finds. Nothing is written before somebody said yes to what is shown.

    WrongUse for a check that has no cure here, and where nobody can be asked; TargetError for another platform's
    cluster. A check that could not tell changes nothing.
    """
    cure = _cure(slug)
    before = _look(session, slug, profile)
    planned = tuple(dict.fromkeys(_planned(before, cure)))
    if not planned:
        return _nothing(before, slug)
    prove_target(session)
    for each in planned:
        session.report(Said(text=f"{each}: {cure.words}"))
    if not yes:
        _ask(session, len(planned))
    writes = tuple(_write(session, cure, each) for each in planned)
    written = any(each.outcome == "done" for each in writes)
    after = _settled(session, slug, profile, planned, limit_s) if written else before
    return _result(slug, cure, writes, after, _left(after, planned))


def _cure(slug: str) -> Fix:
    if slug not in {check.slug for check in ALL}:
        known = tuple(check.slug for check in ALL)
        raise WrongUse(f"no check is called `{slug}`{did_you_mean(slug, known)}", "aiops doctor --list")
    if slug not in FIXES:
        raise WrongUse(f"{slug} has no cure that could be applied for you", f"aiops runbook {slug}")
    return FIXES[slug]


def _look(session: Session, slug: str, profile: str | None) -> Verdict:
    """The check's verdict on a fresh look, with what it needs judged before it."""
    checks = _with_needs(slug)
    look = take_look(session, profile, reads_of(checks), session.report)
    return next(each for each in judge_look(look, checks) if each.check.slug == slug)


def _with_needs(slug: str) -> tuple[Check, ...]:
    """In the order of the registry, which has what is needed first."""
    wanted = {slug}
    for check in reversed(ALL):
        if check.slug in wanted:
            wanted |= set(check.needs)
    return tuple(check for check in ALL if check.slug in wanted)


def _planned(verdict: Verdict, cure: Fix) -> Iterator[Ref]:
    """The objects of live findings: what is written in a file is git's to change."""
    for found in verdict.findings:
        kind, _, name = found.about.partition(" ")
        if found.status in BAD and kind == cure.kind and not found.file:
            namespace, _, short = name.rpartition("/")
            yield Ref("", kind, namespace, short)


def _left(verdict: Verdict, planned: tuple[Ref, ...]) -> Literal["", "bad", "unknown"]:
    """How the objects that were written to stand now; what else the check finds is no matter of these writes."""
    if verdict.because or verdict.status == "unknown":
        return "unknown"
    meant = {str(each) for each in planned}
    return (
        "bad" if any(each.status in BAD and each.about in meant and not each.file for each in verdict.findings) else ""
    )


def _nothing(verdict: Verdict, slug: str) -> Fixed:
    first = verdict.findings[0]
    if verdict.because or verdict.status == "unknown":
        code, what = 5, "could not tell"
    elif verdict.status in BAD:
        code, what = 3 if verdict.status == "fail" else 0, "nothing of it can be cured by a write to the cluster"
    else:
        code, what = 0, "nothing to cure"
    hint = f"aiops runbook {verdict.because}" if verdict.because else first.fix or f"aiops runbook {slug}"
    return Fixed(
        summary=f"{slug}: {what}: {first.symptom}", hint=hint if code else "", exit_code=code, slug=slug,
        check=checked(verdict),
    )  # fmt: skip


def _ask(session: Session, count: int) -> None:
    if session.ask is None:
        raise WrongUse("nobody can be asked here, and nothing was written", "say --yes to have it done")
    if not session.ask(f"Do {'that' if count == 1 else f'these {count}'} now?"):
        raise WrongUse("not confirmed: nothing was written", "`aiops doctor` shows what else may be done")


def _write(session: Session, cure: Fix, planned: Ref) -> Write:
    try:
        cure.apply(session, planned.namespace, planned.name)
    except AiopsError as error:
        return Write(about=str(planned), what=cure.words, outcome="failed", why=error.message)
    return Write(about=str(planned), what=cure.words, outcome="done")


def _settled(session: Session, slug: str, profile: str | None, planned: tuple[Ref, ...], limit_s: float) -> Verdict:
    """The verdict once all is well with what was written to, or when the time is over."""
    began = clock.monotonic()
    while True:
        verdict = _look(session, slug, profile)
        elapsed_s = clock.monotonic() - began
        if not _left(verdict, planned) or elapsed_s >= limit_s:
            return verdict
        first = verdict.findings[0]
        row = Row(name=slug, layer="checks", group="", state="waiting", detail=first.symptom, since_s=elapsed_s)
        session.report(Looked(what="the cure to take effect", rows=(row,), elapsed_s=elapsed_s, limit_s=limit_s))
        time.sleep(clock.real(AGAIN_S))


def _result(
    slug: str, cure: Fix, writes: tuple[Write, ...], after: Verdict, left: Literal["", "bad", "unknown"]
) -> Fixed:
    failed = [each for each in writes if each.outcome == "failed"]
    first = after.findings[0]
    if failed:
        summary, code = f"{slug}: {failed[0].about}: {failed[0].why}", 3
    elif left == "bad":
        summary, code = f"{slug} is not cured yet: {first.symptom}", 4
    elif left == "unknown":
        summary, code = f"{slug}: whether it is cured could not be told: {first.symptom}", 5
    else:
        summary, code = f"{slug} is cured: {first.symptom}", 0
    hint = cure.after if not code else f"aiops doctor --only {slug}"
    return Fixed(summary=summary, hint=hint, exit_code=code, slug=slug, writes=writes, check=checked(after))
