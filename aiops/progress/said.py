"""What is said once, as lines: the words that `plain` and `live` share."""

from collections.abc import Iterator, Mapping

from aiops.progress.events import (
    Event,
    Level,
    RunStarted,
    Said,
    StageEnded,
    StageStarted,
    duration,
    printable,
)

_OUTCOMES: Mapping[str, Level] = {"done": "done", "skipped": "info", "failed": "warn"}


def said(event: Event) -> Iterator[tuple[str, Level]]:
    """The lines of an event that is said once; none for a look, and for what `render` shows."""
    for line, level in _said(event):
        yield printable(line), level


def _said(event: Event) -> Iterator[tuple[str, Level]]:
    match event:
        case RunStarted():
            where = f" on {event.context}" if event.context else ""
            yield f"run {event.run}: aiops {event.command}{where}", "info"
        case Said():
            prefix = "warning: " if event.level == "warn" else ""
            for line in event.text.splitlines():
                yield prefix + line, event.level
        case StageStarted():
            yield f"== {event.stage}", "info"
        case StageEnded():
            because = f": {event.because}" if event.because else ""
            yield (
                f"== {event.stage}: {event.outcome} after {duration(event.seconds)}{because}",
                _OUTCOMES[event.outcome],
            )
