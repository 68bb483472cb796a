"""A result as workflow commands of GitHub Actions, which mark the run's page."""

from collections.abc import Iterator

from aiops.progress.events import Result, printable
from aiops.progress.results import Diagnosed

LEVELS = {"fail": "error", "unknown": "error", "warn": "warning"}


def commands(result: Result) -> Iterator[str]:
    """One line for each finding that is not ok, in order; and one for an end before there was anything to check."""
    if not isinstance(result, Diagnosed):
        if result.exit_code:
            yield _command("error", "aiops doctor", " ".join((result.summary, result.hint)).strip())
        return
    for check in result.checks:
        for found in check.findings:
            if level := LEVELS.get(found.status):
                words = (found.symptom, found.cause, found.fix, f"aiops runbook {check.slug}")
                yield _command(level, check.slug, "; ".join(word for word in words if word))
        if check.because:
            yield _command("notice", check.slug, f"skipped because {check.because} did not pass")


def _command(level: str, title: str, message: str) -> str:
    """Escaped as actions/toolkit does (core/src/command.ts)."""
    text = printable(message).replace("%", "%25")
    return f"::{level} title={title.replace('%', '%25').replace(':', '%3A').replace(',', '%2C')}::{text}"
