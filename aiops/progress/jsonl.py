"""For programs: one JSON object on a line for every event."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from aiops.progress.events import Event, Looked, Report, data
from aiops.progress.news import news


def _utc() -> datetime:
    return datetime.now(UTC)


def jsonl(write: Callable[[str], None], clock: Callable[[], datetime] = _utc) -> Report:
    """A listener that gives `write` one line of ASCII, without its end, as `{"event": "Said", "at": ..., ...}`.

    Names are in camelCase, `at` is UTC. Of the looks of a wait only those are written that bring something new,
    and one in 30 s. `write` must flush.
    """
    before: Looked | None = None

    def report(event: Event) -> None:
        nonlocal before
        if isinstance(event, Looked):
            what, before = news(before, event), event
            if not what:
                return
        at = clock().astimezone(UTC).isoformat(timespec="milliseconds")
        write(json.dumps({"event": type(event).__name__, "at": at, **data(event)}))

    return report
