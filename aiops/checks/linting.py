"""The static half of the checks: what they find in a tree, kept in a look as plain data."""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from aiops.checks.check import Check, skip
from aiops.errors import TreeError
from aiops.gitops.declared import Declared
from aiops.judge.finding import Evidence, Finding
from aiops.snapshot import Json
from aiops.snapshot.look import Look

DECLARED = "declared"
"""The read that holds the findings: not the manifests, in which somebody may have written a secret."""


def lint(declared: Declared, checks: Iterable[Check]) -> dict[str, list[Json]]:
    """By slug, what each check finds in a tree."""
    return {check.slug: list(map(_data, _found(declared, check))) for check in checks if check.lint}


def undeclared(because: str, checks: Iterable[Check]) -> dict[str, list[Json]]:
    """By slug, that there is no tree to find anything in, and why."""
    return {check.slug: [_data(skip(because))] for check in checks if check.lint}


def declared_findings(look: Look, slug: str) -> tuple[Finding, ...]:
    """What a look says that one check found in the tree; NotRead where the tree could not be read."""
    found: Mapping[str, list[Json]] = look.value(DECLARED)
    return tuple(_finding(each) for each in found.get(slug, ()))


def bug(error: Exception) -> Finding:
    """A check that raised, as a finding."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in last)
    return Finding(
        status="unknown",
        symptom=f"a bug in aiops: {type(error).__name__}: {error}",
        fix="report it, with the file that `aiops doctor --save FILE` writes",
        evidence=(Evidence("raised at", where or "its end"),),
    )


def _found(declared: Declared, check: Check) -> Sequence[Finding]:
    assert check.lint is not None  # noqa: S101 - who calls knows
    try:
        found = tuple(check.lint(declared))
    except TreeError as error:
        return (Finding(status="unknown", symptom=error.message, fix=error.hint),)
    except Exception as error:  # noqa: BLE001 - one check's bug does not cost the others
        return (bug(error),)
    found = tuple(_of_group(declared, each) for each in found or (bug(AssertionError("it found nothing at all")),))
    if any(each.status not in ("ok", "skip") for each in found):
        return found
    for name, why in declared.unrendered.items():
        if why.untold:
            return (Finding(status="unknown", symptom=f"application {name} could not be rendered", cause=why.why),)
    unasked = [name for name, why in declared.unrendered.items() if why.unasked]
    if unasked:
        why = declared.unrendered[unasked[0]]
        return (skip(f"{len(unasked)} applications are not rendered, {unasked[0]} for one: {why.why}"),)
    return found


def _of_group(declared: Declared, found: Finding) -> Finding:
    """What is switched off breaks nothing today."""
    if found.owner.removeprefix("application ") not in declared.off:
        return found
    return replace(
        found,
        status="warn" if found.status == "fail" else found.status,
        owner=f"{found.owner}, whose group is off",
    )


def _data(found: Finding) -> Json:
    """As it comes back from a file: JSON has no tuples."""
    return {**asdict(found), "evidence": [asdict(each) for each in found.evidence]}


def _finding(data: Json) -> Finding:
    return Finding(**{**data, "evidence": tuple(Evidence(**each) for each in data["evidence"])})
