"""What was done on this machine: the runs that left a journal, and one of them again."""

from collections.abc import Sequence
from pathlib import Path

from aiops.config.spelling import did_you_mean
from aiops.errors import CannotTell, WrongUse
from aiops.progress.events import Result
from aiops.progress.remembered import events_of, runs, told
from aiops.progress.results import Remembered, Replayed, Run

LAST = "last"
NAMED = 3
"""How many runs with the same beginning are named."""


def history(folder: Path, run: str | None = None, *, limit: int) -> Remembered | Replayed:
    """The newest `limit` runs; or the one run with this id, a beginning that no other has, or `last`.

    WrongUse for a run that is not there or not the only one; CannotTell where the journals cannot be read.
    """
    try:
        known = runs(folder)
        return _listed(known, limit) if run is None else _replayed(folder, _meant(run, known))
    except OSError as error:
        raise CannotTell(f"the journals cannot be read: {error.filename or folder}: {error.strerror}") from error


def _listed(known: Sequence[Run], limit: int) -> Remembered:
    if not known:
        return Remembered(summary="no run is recorded on this machine", runs=())
    number = f"{len(known)} run{'s' if len(known) > 1 else ''}"
    summary = f"{number} on this machine" if limit >= len(known) else f"the newest {limit} of {number} on this machine"
    return Remembered(summary=summary, hint=f"aiops history {known[0].run}", runs=tuple(known[:limit]))


def _meant(word: str, known: Sequence[Run]) -> Run:
    if not known:
        raise WrongUse(f"no run `{word}`: none is recorded on this machine")
    if word == LAST:
        return known[0]
    found = [run for run in known if run.run.startswith(word)]
    if len(found) == 1:
        return found[0]
    if not found:
        near = did_you_mean(word, [LAST, *(run.run for run in known)])
        raise WrongUse(f"no run `{word}`{near}", "`aiops history` lists them")
    named = ", ".join(run.run for run in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise WrongUse(f"`{word}` is the beginning of several runs: {named}{more}", "say more of its id")


def _replayed(folder: Path, run: Run) -> Replayed:
    events = [event for _, event in events_of(folder, run.run)]
    ended = next((event for event in reversed(events) if isinstance(event, Result)), None)
    return Replayed(
        summary=f"that was run {run.run}: {_end(run)}",
        of=run,
        told=told(events),
        ended=ended,
        ended_as=type(ended).__name__ if ended else "",
    )


def _end(run: Run) -> str:
    if run.exit_code is None:
        return "no end is recorded: it was killed, or is still under way"
    return f"exit code {run.exit_code}"
