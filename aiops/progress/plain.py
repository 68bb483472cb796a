"""For pipes and logs: a line for each change, and a heartbeat where nothing changes."""

from collections.abc import Callable, Iterator

from aiops.progress.events import ENDS, Event, Looked, Report, Row, duration, printable, tally
from aiops.progress.news import News, news
from aiops.progress.said import said

NAMED = 3
"""How many of what blocks a heartbeat names."""


def plain(write: Callable[[str], None]) -> Report:
    """A listener that gives `write` whole lines without their ends: never wrapped, never a control character.

    `write` must flush, or a log shows nothing until the end.
    """
    before: Looked | None = None

    def report(event: Event) -> None:
        nonlocal before
        if isinstance(event, Looked):
            new, before = news(before, event), event
            for line in _looked(event, new):
                write(printable(line))
        for line, _ in said(event):
            write(line)

    return report


def _looked(looked: Looked, new: News) -> Iterator[str]:
    at = f"{duration(looked.elapsed_s):>7}  "
    if new.trouble is not None:
        yield f"{at}trouble   {new.trouble or 'over'}"
    changed = tuple(row for row in new.changed if row.state != "ahead")
    for row, names in _alike(changed).items():
        yield f"{at}{row[0]:<8}  {', '.join(names)}{f': {row[1]}' if row[1] else ''}"
    if new.heartbeat:
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
    blocking = sorted((row for row in looked.rows if row.state not in (*ENDS, "ahead")), key=lambda row: -row.since_s)
    text = ", ".join(parts) if looked.rows else f"waiting for {looked.what}: nothing seen yet"
    words = [f"{row.name}, {row.state} for {duration(row.since_s)}: {row.detail}" for row in blocking[:NAMED]]
    if len(blocking) > NAMED:
        words.append(f"+{len(blocking) - NAMED} more")
    left = f" [{duration(max(0.0, looked.limit_s - looked.elapsed_s))} left]"
    more = "".join(f"; {each}" for each in (looked.note, looked.trouble) if each)
    return f"{text}{': ' if words else ''}{'; '.join(words)}{more}{left}"
