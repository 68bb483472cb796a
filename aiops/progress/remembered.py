"""Reads the journals of this machine. What is not one, or only half of one, is passed over."""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from aiops.progress.events import Event, Failed, Planned, Result, RunStarted
from aiops.progress.plain import plain
from aiops.progress.recall import event_of
from aiops.progress.results import Run

LINE_BYTES = 64 * 1024
"""A journal's longest line, its end included."""
_FILE = re.compile(r"(?P<run>(?P<second>\d{8}T\d{6})-[0-9a-f]{4})\.jsonl")


def state_folder() -> Path:
    """Where aiops keeps what it remembers for this user."""
    from platformdirs import user_state_path

    return user_state_path("aiops")


def runs_folder() -> Path:
    """Where the journals of this user lie."""
    return state_folder() / "runs"


def run_ids(folder: Path) -> tuple[str, ...]:
    """The ids of the runs that have a journal, newest first; OSError where a folder is there and cannot be read.

    Of those that began in one second, the one that was written to last is the newest.
    """
    try:
        with os.scandir(folder) as entries:
            files = [(entry.name, _written(entry)) for entry in entries if entry.is_file(follow_symlinks=False)]
    except FileNotFoundError:
        return ()
    found = [(match["second"], written, match["run"]) for name, written in files if (match := _FILE.fullmatch(name))]
    return tuple(run for _, _, run in sorted(found, reverse=True))


def _written(entry: os.DirEntry[str]) -> int:
    """When; 0 where it has been deleted by now."""
    try:
        return entry.stat(follow_symlinks=False).st_mtime_ns
    except FileNotFoundError:
        return 0


def runs(folder: Path, limit: int | None = None) -> tuple[Run, ...]:
    """The runs, newest first, at most `limit`; of each journal only the ends are read. OSError as in `run_ids`."""
    found = (_run(folder, run) for run in run_ids(folder))
    return tuple(islice((run for run in found if run is not None), limit))


def events_of(folder: Path, run: str) -> tuple[tuple[datetime, Event], ...]:
    """(when, in UTC, and what) of everything a run recorded; OSError where its journal cannot be read.

    A result that this version cannot build again is a `Failed` with its summary, exit code and costs.
    """
    with path(folder, run).open("rb") as file:
        entries = [_entry(line) for line in file]
    read = [(entry.at, _event(entry)) for entry in entries if entry]
    return tuple((at, event) for at, event in read if event is not None)


def told(events: Iterable[Event]) -> tuple[str | Planned, ...]:
    """What a run said, as the lines of `plain`, and its plans where they came."""
    said: list[str | Planned] = []
    report = plain(said.append)
    for event in events:
        if isinstance(event, Planned):
            said.append(event)
        else:
            report(event)
    return tuple(said)


def path(folder: Path, run: str) -> Path:
    """Where the journal of a run is."""
    return folder / f"{run}.jsonl"


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """One line of a journal."""

    at: datetime
    name: str
    fields: dict[str, Any]


def _entry(line: bytes) -> _Entry | None:
    """None for what is no whole line of a journal."""
    if not line.endswith(b"\n"):
        return None
    try:
        fields = json.loads(line)
        at = datetime.fromisoformat(fields["at"]).astimezone(UTC)
        return _Entry(at=at, name=str(fields["event"]), fields=fields)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _run(folder: Path, run: str) -> Run | None:
    try:
        with path(folder, run).open("rb") as file:
            first = _entry(file.readline(LINE_BYTES))
            last = _last(file) or first
    except OSError:  # deleted meanwhile, or somebody else's
        return None
    started = event_of(first.name, first.fields) if first else None
    if first is None or last is None or not isinstance(started, RunStarted):
        return None
    end = _end(last)
    return Run(
        run=run,
        command=started.command,
        began=first.at,
        ended=last.at,
        seconds=max(0.0, (last.at - first.at).total_seconds()),
        exit_code=end.exit_code if end else None,
        summary=end.summary if end else "",
        warnings=end.warnings if end else 0,
    )


def _last(file: BinaryIO) -> _Entry | None:
    """The last line that can be read; room for one that is only half there behind it."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 2 * LINE_BYTES))
    lines = reversed(file.read().splitlines(keepends=True))
    return next((entry for entry in map(_entry, lines) if entry), None)


def _end(entry: _Entry) -> Result | None:
    """What all results have, if the line is one; never with an exit code that is only a default."""
    if type(entry.fields.get("exitCode")) is not int:
        return None
    event = event_of(Failed.__name__, {**entry.fields, "kind": entry.name})
    return event if isinstance(event, Result) else None


def _event(entry: _Entry) -> Event | None:
    event = event_of(entry.name, entry.fields)
    return _end(entry) if event is None or type(event) is Result else event
