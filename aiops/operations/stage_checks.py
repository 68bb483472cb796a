"""The checks of `doctor` as stages of a bring-up, and before a smoke: their live half, and not what lies in files."""

from collections.abc import Sequence
from dataclasses import replace

from aiops.checks import ALL
from aiops.checks.check import Check
from aiops.checks.engine import reads_of
from aiops.operations.doctor import diagnose
from aiops.operations.look import take_look
from aiops.progress.results import Diagnosed, Found
from aiops.session import Session


def check_prerequisites(session: Session, profile: str) -> Diagnosed:
    """What has to hold before the first layer is applied."""
    return _checked(session, profile, [check for check in ALL if check.prerequisite])


def check_profile(session: Session, profile: str) -> Diagnosed:
    """Everything, with all layers of the profile expected."""
    return _checked(session, profile, ALL)


def _checked(session: Session, profile: str, checks: Sequence[Check]) -> Diagnosed:
    """A no carries its root cause and its cure. What could not be told stops nothing: it counts as a warning."""
    live = [replace(check, lint=None) for check in checks if check.judge]
    result = diagnose(take_look(session, profile, reads_of(live)), live)
    unknown = sum(check.status == "unknown" for check in result.checks)
    warnings = result.warnings + unknown
    failed = [check for check in result.checks if check.status == "fail"]
    if not failed:
        return replace(result, hint="", exit_code=0, warnings=warnings)
    first = failed[0].findings[0]
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return replace(
        result,
        summary=f"{failed[0].slug}: {_words(first)}{more}",
        hint="\n".join(line for line in (first.fix, f"aiops runbook {failed[0].slug}") if line),
        warnings=warnings,
    )


def _words(found: Found) -> str:
    return f"{found.symptom} ({found.cause})" if found.cause else found.symptom
