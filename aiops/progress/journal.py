"""Keeps a run as JSON lines, so that `history` can tell it again. It never fails a run, and it stays small."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOENT
from io import FileIO
from pathlib import Path
from typing import Any

from aiops.progress.events import Event, Looked
from aiops.progress.jsonl import jsonl
from aiops.progress.remembered import LINE_BYTES, path, run_ids

RUNS = 200
"""How many journals are kept."""
FILE_BYTES = 1 << 20
"""Beyond this a journal takes no more looks; what happened, and the end, always."""
TEXT_CHARACTERS = 1000
"""Of each text in a line that is too long."""


class Journal:
    """A listener that writes to one file; not thread-safe."""

    trouble: str
    """Why something is not recorded, in one line for the operator; empty where all is."""

    def __init__(self, file: Path) -> None:
        self.trouble = ""
        self._path = file
        self._bytes = 0
        self._file: FileIO | None = None
        self._report = jsonl(self._append)

    def __call__(self, event: Event) -> None:
        """Record it, if that is still possible."""
        if self._file is None or (isinstance(event, Looked) and self._bytes > FILE_BYTES):
            return
        try:
            self._report(event)
        except Exception as error:  # noqa: BLE001 - no more than a full disk may a bug in here end what a run does
            self._give_up(error)

    def begin(self) -> None:
        """Make the file, and room for it among the others."""
        try:
            folder = self._path.parent
            if not folder.is_absolute():  # `~` of a user without a home
                raise FileNotFoundError(ENOENT, "no home folder; set XDG_STATE_HOME")
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
            for run in run_ids(folder)[RUNS - 1 :]:
                path(folder, run).unlink(missing_ok=True)
            self._file = FileIO(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")
            os.fchmod(self._file.fileno(), 0o600)
        except OSError as error:
            self._give_up(error)

    def end(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except OSError as error:  # a full disk may say so only now
            self._give_up(error)

    def _append(self, line: str) -> None:
        """Unbuffered: a killed run leaves what it did."""
        rest = fit(line).encode("ascii")
        self._bytes += len(rest)
        while rest and self._file is not None:
            rest = rest[self._file.write(rest) or 0 :]

    def _give_up(self, error: Exception) -> None:
        if not self.trouble:
            reason = (isinstance(error, OSError) and error.strerror) or f"{type(error).__name__}: {error}"
            self.trouble = f"not all of this run is recorded: {self._path}: {reason}"
        self.end()


@contextmanager
def journal(folder: Path, run: str) -> Iterator[Journal]:
    """A listener that keeps the run in `folder/<run>.jsonl`, and the newest 200 there.

    No error comes out of it: where it cannot write it falls silent, and `trouble` says why, also afterwards.
    """
    kept = Journal(path(folder, run))
    kept.begin()
    try:
        yield kept
    finally:
        kept.end()


def fit(line: str) -> str:
    """The line with its end, in at most LINE_BYTES; empty for a look that cannot be told in so few.

    What is too long loses first the ends of its texts, then the lists inside of its rows, then its longest lists.
    """
    if len(line) < LINE_BYTES:
        return f"{line}\n"
    shorter = (f"{json.dumps(entry)}\n" for entry in _shorter(json.loads(line)))
    return next((each for each in shorter if len(each) <= LINE_BYTES), "")


def _shorter(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Ever shorter ones, all of which can still be read as the event."""
    entry = {name: _cut(value) for name, value in entry.items()}
    yield entry
    entry = {name: _bare(value) for name, value in entry.items()}
    yield entry
    if entry["event"] == Looked.__name__:  # with fewer rows it would tell something else
        return
    for name in sorted(entry, key=lambda name: len(json.dumps(entry[name])), reverse=True):
        if isinstance(entry[name], list):
            entry = {**entry, name: []}
            yield entry


def _cut(value: object) -> object:
    """Every text at most TEXT_CHARACTERS long."""
    if isinstance(value, str) and len(value) > TEXT_CHARACTERS:
        return value[: TEXT_CHARACTERS - 4] + " ..."
    if isinstance(value, list):
        return [_cut(each) for each in value]
    return {name: _cut(each) for name, each in value.items()} if isinstance(value, dict) else value


def _bare(value: object) -> object:
    """A list of objects without the lists in those."""
    if not isinstance(value, list):
        return value
    return [
        {name: [] if isinstance(inner, list) else inner for name, inner in each.items()}
        if isinstance(each, dict)
        else each
        for each in value
    ]
