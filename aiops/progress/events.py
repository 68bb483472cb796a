"""The events of a run: plain, immutable data. The last one is the command's result, exit code included.

Logic speaks through one callable, `Report`; in a test it is `events.append`. Texts may hold words of the
cluster: whoever renders them must treat them as data, never as markup.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass
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
class Prune:
    """What Argo CD would delete: a group, its applications, and what runs in them."""

    group: str
    applications: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Resolved(Result):
    """`resolve`: the generated file and how it differs from a fresh one."""

    file: str
    changed: bool
    written: bool
    diff: str = ""
    notes: tuple[tuple[Level, str], ...] = ()
    prunes: tuple[Prune, ...] = ()


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


@dataclass(frozen=True, kw_only=True)
class Rooted(Result):
    """`root`: what was applied and proven."""

    profile: str
    changes: tuple[Change, ...]
    rows: tuple[Row, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Waited(Result):
    """`wait`: every application of the profile and its end."""

    profile: str
    rows: tuple[Row, ...]
    revisions: tuple[tuple[str, str], ...] = ()
    """(branch or tag, commit) that the applications were held against."""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class SyncedApplication:
    """One application's sync and what it changed."""

    name: str
    outcome: Literal["synced", "unchanged", "failed"]
    message: str = ""
    resources: tuple[tuple[str, str, str], ...] = ()
    """(kind/name, what happened, message)."""


@dataclass(frozen=True, kw_only=True)
class Synced(Result):
    """`sync`: what each operation did."""

    applications: tuple[SyncedApplication, ...]
    road: str = ""
    """`Argo CD's API at ...` or `the Application's operation`."""


@dataclass(frozen=True, kw_only=True)
class ModelUp(Result):
    """`vllm-up`, `resume`: a model serves, or why it does not."""

    model: str
    rows: tuple[Row, ...] = ()
    """One for each phase."""
    raised: bool = False
    """This run raised it."""
    lowered: bool = False
    """This run raised it, and has scaled it back."""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """One Deployment or InferenceService that a run switches off, or leaves as it is."""

    name: str
    action: Literal["lowered", "was down", "left", "failed"]
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelDown(Result):
    """`vllm-down`, `pause`: what is down, what was left, and which nodes still bill."""

    models: tuple[Lowered, ...]
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    """Warnings: what may bring a model back."""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One request of a smoke, and the verdict on its answer."""

    target: str
    """As `Deployment serving/llama` or `LiteLLM: qwen-local`."""
    what: str
    """As `without a key`, `chat`, `stream`, `tool call`."""
    status: Literal["ok", "warn", "fail", "skip", "unknown"]
    said: str
    """What came of it; for `skip` its because."""
    id: str = ""
    cause: str = ""
    fix: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Smoked(Result):
    """`smoke`: every request that was made, and those that were not."""

    profile: str
    probes: tuple[Probe, ...]
    checks: tuple["Checked", ...] = ()
    """Of the profile, those that are not ok."""


@dataclass(frozen=True, kw_only=True)
class BroughtUp(Result):
    """`bring-up`: the table of stages and times."""

    stages: tuple[StageEnded, ...] = field(default=())
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of this machine, as its journal has it; times are UTC."""

    run: str
    command: str
    began: datetime
    ended: datetime
    """When the last thing was recorded, its result or not."""
    seconds: float
    """From `began` to `ended`."""
    exit_code: int | None = None
    """None: no end is recorded, so it was killed or is still under way."""
    summary: str = ""
    warnings: int = 0


@dataclass(frozen=True, kw_only=True)
class Remembered(Result):
    """`history`: the runs of this machine, newest first."""

    runs: tuple[Run, ...]


@dataclass(frozen=True, kw_only=True)
class Replayed(Result):
    """`history RUN`: a run again, as it was seen."""

    of: Run
    told: tuple[str | Planned, ...]
    """Its lines, and its plans between them."""
    ended: Result | None = None
    ended_as: str = ""
    """The type of `ended`, as `Waited`."""


@dataclass(frozen=True, kw_only=True)
class RunbooksListed(Result):
    """`runbook`: all there are."""

    runbooks: tuple[tuple[str, str], ...]
    """(slug, title)."""


@dataclass(frozen=True, kw_only=True)
class RunbookRead(Result):
    """`runbook SLUG`: one of them. Its summary is empty: the text is the whole answer."""

    slug: str
    title: str
    text: str
    """Markdown."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One observation that a finding rests on."""

    source: str
    text: str
    at: str = ""
    """RFC 3339; empty where nobody says."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a check found about one thing."""

    status: Literal["ok", "warn", "fail", "skip", "unknown"]
    symptom: str
    cause: str = ""
    fix: str = ""
    """A command that can be pasted, or one sentence."""
    about: str = ""
    owner: str = ""
    evidence: tuple[Seen, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One check of `doctor`, and what came of it."""

    slug: str
    """Its id, which is never used for another; its runbook has the same name."""
    group: str
    title: str
    """What holds where it is ok."""
    status: Literal["ok", "warn", "fail", "skip", "unknown"]
    because: str = ""
    """The check that has to pass first; empty where this one was judged."""
    findings: tuple[Found, ...] = ()
    """The worst first."""


@dataclass(frozen=True, kw_only=True)
class Diagnosed(Result):
    """`doctor`: every check, in the order of the registry; all of it from the look, so a saved one gives the same."""

    origin: RunStarted
    """The run that took the look."""
    seconds: float
    """How long that took."""
    taken: str
    """When, by the cluster's clock."""
    profile: str
    """Empty: the layers that are live."""
    layers: tuple[str, ...]
    checks: tuple[Checked, ...]


@dataclass(frozen=True, kw_only=True)
class ModelStands:
    """`status`: one GPU model."""

    name: str
    """Its Deployment, as `Deployment serving/llama`."""
    application: str
    wanted: int
    ready: int
    nodes: tuple[str, ...] = ()
    raised: str = ""
    """Who switched it on, where aiops did."""


@dataclass(frozen=True, kw_only=True)
class Standing(Result):
    """`status`: how the platform stands, on one screen."""

    context: str
    taken: str
    """When it was looked at, by the cluster's clock."""
    revision: str
    """The branch and its commit."""
    rows: tuple[Row, ...]
    """Every application, by the judgement of `wait`."""
    models: tuple[ModelStands, ...]
    nodes: tuple[Paid, ...]
    """The GPU nodes."""
    unread: tuple[str, ...]
    """What could not be read, so is missing here."""
    runs: tuple[Run, ...]
    """What aiops did last on this machine, newest first."""


@dataclass(frozen=True, kw_only=True)
class CheckListed(Result):
    """`doctor --list`."""

    checks: tuple[tuple[str, str, str, str], ...]
    """(group, slug, what holds, slugs that have to pass first)."""


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
