"""Judges a look by the checks: pure, in the order of the registry, the root cause before what hangs on it."""

from collections.abc import Iterable, Mapping, Sequence

from aiops.checks.check import WORST_FIRST, Check, Verdict, skip
from aiops.checks.linting import DECLARED, bug, declared_findings
from aiops.checks.suppressing import suppressed
from aiops.judge.finding import Finding
from aiops.snapshot import Unread
from aiops.snapshot.look import Look, NotRead

NOT_PASSED = ("fail", "unknown")
BAD = ("fail", "unknown", "warn")
OF_A_TREE = ("config-valid", "git-readable", "tree-renders")
"""The first that does not pass says why nobody knows what the tree declares."""
OF_BOTH = (*BAD, "suppressed", "ok", "skip")
"""Worst first, where half of a check may have nothing to judge."""


def judge_look(look: Look, checks: Sequence[Check]) -> tuple[Verdict, ...]:
    """The verdicts, in the order of `checks`, each of which comes after what it needs."""
    verdicts: dict[str, Verdict] = {}
    for check in checks:
        verdicts[check.slug] = suppressed(look, _verdict(look, check, verdicts))
    return tuple(verdicts.values())


def reads_of(checks: Iterable[Check]) -> frozenset[str]:
    """Everything that these checks look at."""
    checks = tuple(checks)
    live = {name for check in checks for name in check.reads}
    return frozenset((*live, *((DECLARED,) if any(check.lint for check in checks) else ())))


def _verdict(look: Look, check: Check, before: Mapping[str, Verdict]) -> Verdict:
    """Of both halves; what stops one of them is the word on the whole, unless the other one finds something."""
    found: list[Finding] = []
    causes: list[str] = []
    if check.lint and (cause := _cause(OF_A_TREE if DECLARED in look.unread else (), before)):
        causes.append(cause)
    elif check.lint:
        found += _declared(look, check)
    if check.judge and (cause := _cause(check.needs, before)):
        causes.append(cause)
    elif check.judge:
        found += _live(look, check)
    stopped = [skip(f"{cause} has to pass first") for cause in dict.fromkeys(causes)]
    if stopped and not any(each.status in BAD for each in found):
        return Verdict(check=check, findings=tuple(stopped), because=causes[0])
    order = OF_BOTH if check.judge and check.lint else WORST_FIRST
    return Verdict(check=check, findings=tuple(sorted((*found, *stopped), key=lambda each: order.index(each.status))))


def _declared(look: Look, check: Check) -> tuple[Finding, ...]:
    """What was found in the tree when the look was taken."""
    if DECLARED not in look.names:
        return (_never_read((DECLARED,)),)
    try:
        return declared_findings(look, check.slug) or (_never_read((DECLARED,)),)
    except NotRead as error:
        return (_unread(error.unread),)


def _live(look: Look, check: Check) -> tuple[Finding, ...]:
    assert check.judge is not None  # noqa: S101 - who calls knows
    if absent := sorted(set(check.reads) - look.names):
        return (_never_read(absent),)
    try:
        found = tuple(check.judge(look.narrowed(check.reads)))
    except NotRead as error:
        return (_unread(error.unread),)
    except Exception as error:  # noqa: BLE001 - one check's bug does not cost the others
        return (bug(error),)
    return found or (bug(AssertionError("it found nothing at all")),)


def _cause(needs: Iterable[str], before: Mapping[str, Verdict]) -> str:
    """The first of these that did not pass, traced to what that one itself waits for."""
    for slug in needs:
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
