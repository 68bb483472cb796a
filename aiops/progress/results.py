"""The results of commands: each is the last event of its run, exit code included."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from aiops.progress.events import Change, Event, Level, Paid, Planned, Result, Row, RunStarted, StageEnded

Status = Literal["ok", "warn", "fail", "skip", "unknown", "suppressed"]
"""A verdict, as judge.finding has it."""


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
    status: Status
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

    status: Status
    symptom: str
    cause: str = ""
    fix: str = ""
    """A command that can be pasted, or one sentence."""
    about: str = ""
    owner: str = ""
    file: str = ""
    """Where it is written, from the root of the tree."""
    line: int = 0
    """Counted from 1; 0: all of the file."""
    evidence: tuple[Seen, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One check of `doctor`, and what came of it."""

    slug: str
    """Its id, which is never used for another; its runbook has the same name."""
    group: str
    title: str
    """What holds where it is ok."""
    status: Status
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
class Changed:
    """One finding that came, went, or counts otherwise than at the look before."""

    slug: str
    at: str
    """When the look was taken that shows it."""
    was: Status
    """`ok`: there was no such finding."""
    now: Status
    symptom: str


@dataclass(frozen=True, kw_only=True)
class Watched(Event):
    """`doctor --watch`: one more look."""

    result: Diagnosed
    changes: tuple[Changed, ...]
    every_s: float


@dataclass(frozen=True, kw_only=True)
class Linted(Result):
    """`lint`: every check of a tree, in the order of the registry."""

    tree: str
    """Its folder, as the operator may type it."""
    profile: str
    """Empty: all groups of all layers, those that are switched off too."""
    layers: tuple[str, ...]
    applications: int
    """So many were looked at."""
    unrendered: tuple[tuple[str, str], ...]
    """(application, why its objects are not known, or not all)."""
    checks: tuple[Checked, ...]

    @property
    def root(self) -> str:
        """What stands before a finding's file, seen from where it was typed."""
        return "" if self.tree == "." else f"{self.tree}/"


@dataclass(frozen=True, kw_only=True)
class Write:
    """One write of `doctor --fix`."""

    about: str
    """The object, as `ScaledObject serving/llama`."""
    what: str
    outcome: Literal["done", "failed"]
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Fixed(Result):
    """`doctor --fix`: what was written, and how the check stands now."""

    slug: str
    writes: tuple[Write, ...] = ()
    check: Checked


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


@dataclass(frozen=True, kw_only=True)
class FaultStands:
    """One fault of the lab."""

    slug: str
    provokes: str
    """What is so while it is on."""
    named_by: str
    """The command that tells it, and of doctor the check where it has another name."""
    on: bool


@dataclass(frozen=True, kw_only=True)
class LabStands(Result):
    """`lab fault`, `lab faults`, and the end of `lab up`: how a lab stands."""

    faults: tuple[FaultStands, ...] = ()
