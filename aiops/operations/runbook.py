"""The runbooks: which there are, and what one says."""

from aiops import runbooks
from aiops.progress.results import RunbookRead, RunbooksListed


def runbook(slug: str | None = None) -> RunbooksListed | RunbookRead:
    """All of them, or the one; WrongUse for one that is not there."""
    if slug is None:
        found = tuple((each.slug, each.title) for each in map(runbooks.read, runbooks.slugs()))
        summary = f"{len(found)} runbook{'' if len(found) == 1 else 's'}"
        return RunbooksListed(summary=summary, hint="aiops runbook SLUG", runbooks=found)
    one = runbooks.read(slug)
    return RunbookRead(summary="", slug=one.slug, title=one.title, text=one.text)
