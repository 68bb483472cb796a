"""`doctor`: everything that has to be so, judged on one look."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from aiops.checks import ALL
from aiops.checks.check import GROUPS, Check, Verdict
from aiops.checks.engine import judge_look, reads_of
from aiops.config.spelling import did_you_mean
from aiops.errors import WrongUse
from aiops.judge.finding import Finding
from aiops.operations.look import take_look
from aiops.operations.look_file import load_look, save_look
from aiops.operations.paying import gpu_nodes
from aiops.progress.events import RunStarted
from aiops.progress.results import Checked, CheckListed, Diagnosed, Found, Seen
from aiops.session import Session
from aiops.snapshot.look import Look


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which checks are meant: slugs and groups, each may be a pattern as `gpu-*`."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def checks(self) -> tuple[Check, ...]:
        """In the order of the registry; WrongUse for a word that means none, and where none is left."""
        for word in (*self.only, *self.skip):
            if not any(_means(word, check) for check in ALL):
                known = (*GROUPS, *(check.slug for check in ALL))
                raise WrongUse(
                    f"no check or group is called `{word}`{did_you_mean(word, known)}", "aiops doctor --list"
                )
        chosen = tuple(
            check
            for check in ALL
            if (not self.only or any(_means(word, check) for word in self.only))
            and not any(_means(word, check) for word in self.skip)
        )
        if not chosen:
            raise WrongUse("--only and --skip leave no check", "aiops doctor --list")
        return chosen


def doctor(
    session: Session, profile: str | None, choice: Choice, *, strict: bool, save: Path | None, saved: Path | None
) -> Diagnosed:
    """Take the look, or read it from `saved`; judge it; `save` keeps it, without any Secret's value.

    Without a profile: the layers that are live. `strict`: a warning counts as a failure.
    """
    checks = choice.checks()
    if saved is not None:
        look = load_look(saved)
    else:
        look = take_look(session, profile, reads_of(checks), session.report)
        if save is not None:
            save_look(look, save)
    session.paying.update({paid.node: paid for paid in gpu_nodes(look)})
    return diagnose(look, checks, strict=strict)


def diagnose(look: Look, checks: Sequence[Check], *, strict: bool = False) -> Diagnosed:
    """The result of these checks on a look."""
    verdicts = judge_look(look, checks)
    counts = Counter(verdict.status for verdict in verdicts)
    summary, hint, code = ending(verdicts, strict=strict)
    layers = look.reads["plan"]["layers"] if "plan" in look.reads else ()
    return Diagnosed(
        summary=summary,
        hint=hint,
        exit_code=code,
        warnings=counts["warn"],
        origin=RunStarted(run=look.run, command=look.command, context=look.context),
        seconds=look.seconds,
        taken=look.taken,
        profile=look.profile,
        layers=tuple(layers),
        checks=tuple(map(checked, verdicts)),
    )


def listed() -> CheckListed:
    """Every check there is."""
    rows = tuple((check.group, check.slug, check.title, ", ".join(check.needs)) for check in ALL)
    return CheckListed(summary=f"{len(rows)} checks", hint="aiops runbook SLUG", checks=rows)


def _means(word: str, check: Check) -> bool:
    return fnmatchcase(check.slug, word) or fnmatchcase(check.group, word)


def ending(verdicts: Sequence[Verdict], *, strict: bool) -> tuple[str, str, int]:
    """(what came of it, the next command, the exit code): the root cause is the first that failed."""
    ranks = ("fail", *(("warn",) if strict else ()), "unknown")
    worst = next((status for status in ranks if any(each.status == status for each in verdicts)), "")
    bad = [each for each in verdicts if each.status == worst]
    named = [each.check.slug for each in bad]
    waiting = sum(bool(each.because) for each in verdicts)
    skipped = sum(each.status == "skip" for each in verdicts) - waiting
    more = f", {waiting} wait for that" if waiting else ""
    more += f", {skipped} have nothing to judge" if skipped else ""
    hidden = sum(found.status == "suppressed" for each in verdicts for found in each.findings)
    more += f", {hidden} findings are suppressed" if hidden else ""
    if not worst:
        passed = sum(each.status == "ok" for each in verdicts)
        warned = ", ".join(each.check.slug for each in verdicts if each.status == "warn")
        more += f", warned: {warned}" if warned else ""
        return f"{passed} of {len(verdicts)} checks pass{more}", "", 0
    words = {"fail": "failed", "warn": "warned", "unknown": "could not tell"}[worst]
    cure = "\n".join(line for line in (bad[0].findings[0].fix, f"aiops runbook {named[0]}") if line)
    code = 5 if worst == "unknown" else 3
    return f"{len(named)} of {len(verdicts)} checks {words}: {', '.join(named)}{more}", cure, code


def checked(verdict: Verdict) -> Checked:
    """A verdict as a part of a result."""
    check = verdict.check
    return Checked(
        slug=check.slug,
        group=check.group,
        title=check.title,
        status=verdict.status,
        because=verdict.because,
        findings=tuple(map(_found, verdict.findings)),
    )


def _found(finding: Finding) -> Found:
    return Found(
        status=finding.status,
        symptom=finding.symptom,
        cause=finding.cause,
        fix=finding.fix,
        about=finding.about,
        owner=finding.owner,
        file=finding.file,
        line=finding.line,
        evidence=tuple(Seen(source=each.source, text=each.text, at=each.at) for each in finding.evidence),
    )
