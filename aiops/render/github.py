"""A result as workflow commands of GitHub Actions, which mark the run's page."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from aiops.progress.events import Result, printable
from aiops.progress.results import Diagnosed, Found, Linted

NOWHERE: Mapping[str, str] = MappingProxyType({})
LEVELS = {"fail": "error", "unknown": "error", "warn": "warning"}


def commands(result: Result) -> Iterator[str]:
    """One line for each finding that is not ok, in order; and one for an end before there was anything to check."""
    if not isinstance(result, Diagnosed | Linted):
        if result.exit_code:
            yield _command("error", "aiops", " ".join((result.summary, result.hint)).strip())
        return
    root = result.root if isinstance(result, Linted) else ""
    for check in result.checks:
        for found in check.findings:
            if level := LEVELS.get(found.status):
                words = (found.symptom, found.cause, found.fix, f"aiops runbook {check.slug}")
                place = _place(found, root)
                yield _command(level, check.slug, "; ".join(word for word in words if word), place)
        if check.because:
            yield _command("notice", check.slug, f"skipped because {check.because} did not pass")


def _place(found: Found, root: str) -> dict[str, str]:
    """The line of the pull request that GitHub marks; only a lint's files are those of the checkout."""
    if not found.file:
        return {}
    return {"file": f"{root}{found.file}", **({"line": str(found.line)} if found.line else {})}


def _command(level: str, title: str, message: str, place: Mapping[str, str] = NOWHERE) -> str:
    """Escaped as actions/toolkit does (core/src/command.ts)."""
    text = printable(message).replace("%", "%25")
    fields = {**place, "title": title}
    return f"::{level} {','.join(f'{name}={_property(value)}' for name, value in fields.items())}::{text}"


def _property(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
