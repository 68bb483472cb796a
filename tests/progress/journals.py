"""Runs that were recorded, for the tests of what reads them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiops.progress.events import Event, RunStarted
from aiops.progress.jsonl import jsonl
from aiops.progress.results import Waited

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
DONE = Waited(summary="profile serving stands", profile="serving", rows=(), warnings=2)
"""An end, five seconds after the beginning."""


def run_id(number: int) -> str:
    """Of the run that began so many seconds after noon."""
    return f"{NOON + timedelta(seconds=number):%Y%m%dT%H%M%S}-3f9a"


def recorded(folder: Path, number: int, *events: Event, command: str = "wait") -> Path:
    """The journal of a run with these events, five seconds apart."""
    run, lines = run_id(number), list[str]()
    times = (NOON + timedelta(seconds=number + 5 * step) for step in range(len(events) + 1))
    report = jsonl(lines.append, lambda: next(times))
    for event in (RunStarted(run=run, command=command, context="lab"), *events):
        report(event)
    return written(folder, f"{run}.jsonl", lines)


def written(folder: Path, name: str, lines: Iterable[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def line(event: str, at: str = "2026-01-31T12:00:00+00:00", **fields: object) -> str:
    return json.dumps({"event": event, "at": at, **fields})
