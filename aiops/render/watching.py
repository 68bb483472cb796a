"""A watch: on a terminal a page that is painted anew with each look, elsewhere a line for each change."""

from collections.abc import Iterator, Sequence

from aiops.progress.events import duration, when
from aiops.progress.results import Changed, Checked, Watched
from aiops.render.diagnosis import REMARKABLE, SIGNS, checked
from aiops.render.glyphs import INFO, verdict
from aiops.render.line import Line

SHOWN = 8
"""So many changes, the newest first."""


def page(event: Watched, history: Sequence[Changed]) -> Iterator[Line]:
    """What is not right, beneath what changed since the watch began."""
    result = event.result
    profile = f"profile {result.profile}" if result.profile else "the layers that are live"
    yield Line(f"{result.origin.context}, {profile}; looked at {when(result.taken)}", INFO)
    yield Line(f"again every {duration(event.every_s)} until Ctrl-C", INFO)
    yield Line(result.summary, verdict(result.exit_code, result.warnings))
    if history:
        yield Line()
        yield Line("changed while this watches", style="bold")
        yield from (_change(each) for each in [*reversed(history)][:SHOWN])
    remarkable = sorted((check for check in result.checks if check.status in REMARKABLE), key=_urgency)
    if remarkable:
        yield Line()
    width = max((len(check.slug) for check in remarkable), default=0)
    for check in remarkable:
        yield from checked(check, width)


def news(event: Watched, *, first: bool) -> Iterator[Line]:
    """For a log: at first all that is not right, then only what changed."""
    if not first:
        yield from map(_change, event.changes)
        return
    yield Line(f"{when(event.result.taken)}  {event.result.summary}", INFO)
    for check in event.result.checks:
        for found in check.findings:
            if found.status in REMARKABLE:
                yield Line(f"{check.slug}: {found.symptom}", SIGNS[found.status])


def _urgency(check: Checked) -> tuple[int, bool]:
    """The worst first, and what is live before what is written in a file: a page has an end."""
    return REMARKABLE.index(check.status), bool(check.findings[0].file)


def _change(each: Changed) -> Line:
    words = f"{each.slug} is over: {each.symptom}" if each.now == "ok" else f"{each.slug}: {each.symptom}"
    return Line(
        f"{when(each.at)}  {words}{f' (was {each.was})' if each.now != 'ok' != each.was else ''}", SIGNS[each.now]
    )
