"""For pipes and logs: a line for each change, and a heartbeat where nothing changes."""

from collections.abc import Callable, Iterator

from aiops.progress.events import (
    ENDS,
    Event,
    Looked,
    Report,
    Row,
    RunStarted,
    Said,
    StageEnded,
    StageStarted,
    duration,
    printable,
    tally,
)
from aiops.progress.news import Memory

NAMED = 3
"""How many of what blocks a heartbeat names."""


def plain(write: Callable[[str], None]) -> Report:
    """A listener that gives `write` whole lines without their ends: never wrapped, never a control character.

    `write` must flush, or a log shows nothing until the end.
    """
    memory = Memory()

    def report(event: Event) -> None:
        for line in _looked(event, memory) if isinstance(event, Looked) else _said(event):
            write(printable(line))

    return report


def _said(event: Event) -> Iterator[str]:
    match event:
        case RunStarted():
            yield f"run {event.run}: aiops {event.command}" + (f" on {event.context}" if event.context else "")
        case Said(text=text, level=level):
            for line in text.splitlines():
                yield f"warning: {line}" if level == "warn" else line
        case StageStarted(stage=stage):
            yield f"== {stage}"
        case StageEnded():
            because = f": {event.because}" if event.because else ""
            yield f"== {event.stage}: {event.outcome} after {duration(event.seconds)}{because}"


def _looked(looked: Looked, memory: Memory) -> Iterator[str]:
    news = memory.news(looked)
    at = f"{duration(looked.elapsed_s):>7}  "
    if news.trouble is not None:
        yield f"{at}trouble   {news.trouble or 'over'}"
    for row, names in _alike(news.changed).items():
        yield f"{at}{row[0]:<8}  {', '.join(names)}{f': {row[1]}' if row[1] else ''}"
    if news.heartbeat:
        yield f"{at}{_heartbeat(looked)}"


def _alike(rows: tuple[Row, ...]) -> dict[tuple[str, str], list[str]]:
    """The names of the rows that changed to the same state and detail: they share a line."""
    names: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        names.setdefault((row.state, row.detail), []).append(row.name)
    return names


def _heartbeat(looked: Looked) -> str:
    """How many of how many are settled, what blocks and for how long, and how long it may still take."""
    counts = tally(looked.rows)
    parts = [f"{counts['settled']} of {counts.total()} settled"]
    parts += [f"{number} {state}" for state, number in sorted(counts.items()) if state != "settled"]
    blocking = sorted((row for row in looked.rows if row.state not in ENDS), key=lambda row: -row.since_s)
    text = ", ".join(parts) if looked.rows else f"waiting for {looked.what}: nothing seen yet"
    words = [f"{row.name} ({row.state} for {duration(row.since_s)}) {row.detail}" for row in blocking[:NAMED]]
    if len(blocking) > NAMED:
        words.append(f"+{len(blocking) - NAMED} more")
    left = f" [{duration(max(0.0, looked.limit_s - looked.elapsed_s))} left]"
    trouble = f"; {looked.trouble}" if looked.trouble else ""
    return f"{text}{': ' if words else ''}{'; '.join(words)}{trouble}{left}"
