"""The events of a run: plain, immutable data. The last one is the command's result, exit code included.

Logic speaks through one callable, `Report`; in a test it is `events.append`. Texts may hold words of the
cluster: whoever renders them must treat them as data, never as markup.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Level = Literal["info", "done", "warn"]
State = Literal["settled", "suspended", "manual", "deferred", "ahead", "waiting", "hopeless"]
ENDS: frozenset[State] = frozenset({"settled", "suspended", "manual", "deferred"})
"""The states in which a wait has nothing more to wait for."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in a run."""


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """The first event: who is about to do what, and where."""

    run: str
    """Id of the run: sortable, unique on this machine."""
    command: str
    """As typed, without the program's name: `wait --profile serving`."""
    context: str = ""
    """The kube context and server that it will work on; empty where no cluster is touched."""


@dataclass(frozen=True, kw_only=True)
class Said(Event):
    """One line for the operator."""

    text: str
    level: Level = "info"


@dataclass(frozen=True, kw_only=True)
class StageStarted(Event):
    """A stage of a longer sequence begins, as `serving: wait`."""

    stage: str


@dataclass(frozen=True, kw_only=True)
class StageEnded(Event):
    """A stage is over."""

    stage: str
    outcome: Literal["done", "skipped", "failed"]
    seconds: float
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that is waited for, and how it stands."""

    name: str
    layer: str
    group: str
    state: State
    detail: str = ""
    """What it waits for, or why it ended so; stable while nothing changes."""
    since_s: float = 0.0
    """For how many seconds `state` and `detail` have been so; of a phase, how long it has taken."""
    limit_s: float = 0.0
    """How many seconds it may take; 0 where only the whole wait has a limit."""
    evidence: tuple[str, ...] = ()
    """Lines beneath: the resource and the pod's own cause."""
    hint: str = ""
    """The next command, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Looked(Event):
    """What the waiting loop sees at one look. A listener decides what of it is new."""

    what: str
    """What is waited for, as a person would say it: `the applications of profile serving`."""
    rows: tuple[Row, ...]
    elapsed_s: float
    limit_s: float
    trouble: str = ""
    """Why the picture may be old: `kube-apiserver unreachable for 8 s: connection refused`."""
    note: str = ""
    """What goes on beside it, as money: `node gpu-1 (nvidia-l4) up for 4m, 0.06 so far`."""


@dataclass(frozen=True, kw_only=True)
class Paid:
    """Something that runs and costs money at the end of a run."""

    what: str
    """As `Deployment serving/llama`; empty for a GPU node on which nothing of ours runs any more."""
    node: str = ""
    """Empty while there is none: one is on its way."""
    gpu: str = ""
    age_s: float = 0.0
    """Of the node, which is billed from its creation on."""
    per_hour: float | None = None
    """None: the config knows no price."""
    cost: float | None = None
    """Until now."""
    stop: str = ""
    """The command that ends it; empty where it ends by itself."""


@dataclass(frozen=True, kw_only=True)
class Result(Event):
    """The end of a run: the last line, what to do next, and the exit code."""

    summary: str
    hint: str = ""
    exit_code: int = 0
    warnings: int = 0
    paid: tuple[Paid, ...] = ()
    """What is still being paid for, as far as this run knows."""


@dataclass(frozen=True, kw_only=True)
class Failed(Result):
    """A run that ended with an error before it had a result of its own."""

    kind: str
    """The error's class, as `Unreachable`."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One object that `root` applies, and how."""

    kind: str
    name: str
    action: Literal["create", "change", "unchanged", "not applied", "created", "changed", "failed"]
    diff: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """`root`: what is about to be applied."""

    profile: str
    layers: tuple[str, ...]
    changes: tuple[Change, ...]
    groups: tuple[str, ...]
    """Names of the group applications that this makes."""


Report = Callable[[Event], None]


def tally(rows: Iterable[Row]) -> Counter[State]:
    """How many applications stand in which state; where there are only ApplicationSets, how many of those."""
    rows = tuple(rows)
    return Counter(row.state for row in [row for row in rows if row.group] or rows)


def duration(seconds: float) -> str:
    """Seconds as people say them: `42s`, `4m05s`, `1h30m`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def when(moment: str) -> str:
    """A time in RFC 3339 as people read it: `2026-01-31 12:00:00 UTC`."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def printable(text: str) -> str:
    """The text on one line and without control characters: words of the cluster must not steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def data(event: Event) -> dict[str, Any]:
    """An event's fields as JSON has them: names in camelCase, tuples as lists."""
    return {camel(each.name): _value(getattr(event, each.name)) for each in fields(event)}


def _value(value: object) -> object:
    if is_dataclass(value):
        return {camel(each.name): _value(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return [_value(each) for each in value] if isinstance(value, tuple) else value


def camel(name: str) -> str:
    """A field's name as JSON has it: `exit_code` as `exitCode`."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
