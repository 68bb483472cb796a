"""Plans and results as lines for a person: short where all is well, precise where it is not."""

from collections.abc import Iterable, Iterator
from functools import singledispatch

from aiops.progress.events import Change, Failed, Planned, Result, duration
from aiops.progress.results import (
    BroughtUp,
    CheckListed,
    Diagnosed,
    Fixed,
    LabStands,
    Linted,
    ModelDown,
    ModelUp,
    Probe,
    Remembered,
    Replayed,
    Resolved,
    Rooted,
    RunbookRead,
    RunbooksListed,
    Smoked,
    Standing,
    Synced,
    Waited,
)
from aiops.render.diagnosis import check_list, checked, diagnosis, linted
from aiops.render.glyphs import BAD, GOOD, INFO, LATER, LEVELS, UNSURE, WARNING, verdict
from aiops.render.history import table
from aiops.render.line import Line, apart, block, cure
from aiops.render.page import Page
from aiops.render.paid import paid
from aiops.render.rows import AS_WANTED, by_layer, phases, remarkable
from aiops.render.standing import standing

ACTIONS = {"failed": BAD, "not applied": LATER, "created": GOOD, "changed": GOOD, "unchanged": GOOD}
OUTCOMES = {"done": GOOD, "synced": GOOD, "unchanged": GOOD, "skipped": LATER, "failed": BAD}
DOWN = {"lowered": GOOD, "was down": GOOD, "left": LATER, "failed": BAD}
PROBES = {"ok": GOOD, "warn": WARNING, "fail": BAD, "skip": LATER, "unknown": UNSURE}
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def lines(event: Planned | Result) -> Iterator[Line | Page]:
    """Everything a person is shown of it; a result's last lines are its summary and its hint."""
    shown = tuple(body(event))
    if isinstance(event, Result):
        shown = (*shown, *paid(event.paid))
    yield from shown
    if isinstance(event, Result):
        yield from apart(_ending(event)) if shown else _ending(event)


@singledispatch
def body(event: object) -> Iterable[Line | Page]:
    """What comes before the summary; TypeError for what has no rendering."""
    raise TypeError(f"{type(event).__name__} has no rendering as text")


@body.register
def _failed(_: Failed) -> Iterable[Line]:
    return ()


@body.register
def _waited(result: Waited) -> Iterator[Line | Page]:
    for name, commit in result.revisions:
        yield Line(f"{name} is at {commit[:8]}", INFO)
    yield from by_layer(result.rows)
    yield from apart(remarkable(result.rows))


@body.register
def _planned(event: Planned) -> Iterator[Line]:
    yield Line(f"profile {event.profile}: layers {', '.join(event.layers)}", INFO)
    for change in event.changes:
        yield from _change(change)
        yield from _diff(change.diff)
    yield Line(f"group applications ({len(event.groups)}): {', '.join(event.groups)}", INFO)


@body.register
def _rooted(result: Rooted) -> Iterator[Line]:
    """Without what is only planned: `Planned` came before, diffs and all."""
    for change in result.changes:
        if change.action not in ("create", "change"):
            yield from _change(change)
    yield from remarkable(result.rows)


@body.register
def _resolved(result: Resolved) -> Iterator[Line]:
    yield from _diff(result.diff)
    for level, text in result.notes:
        yield from block(text, LEVELS[level])
    for prune in result.prunes:
        applications = ", ".join(prune.applications) or "no application"
        yield Line(f"once pushed, Argo CD deletes group {prune.group}: {applications}", WARNING)
        for held in prune.holds:
            yield Line(held, indent=4)


@body.register
def _synced(result: Synced) -> Iterator[Line]:
    if result.road:
        yield Line(f"by {result.road}", INFO)
    for application in result.applications:
        message = f": {application.message}" if application.message else ""
        yield Line(f"{application.name} {application.outcome}{message}", OUTCOMES[application.outcome])
        for resource, happened, why in application.resources:
            yield Line(f"{resource} {happened}{f': {why}' if why else ''}", indent=4)


@body.register
def _brought_up(result: BroughtUp) -> Iterator[Line | Page]:
    width = max((len(stage.stage) for stage in result.stages), default=0)
    for stage in result.stages:
        words = f"{stage.stage:<{width}}  {duration(stage.seconds):>7}  {stage.outcome}"
        yield Line(words + (f": {stage.because}" if stage.because else ""), OUTCOMES[stage.outcome])
    yield from apart(remarkable(result.rows))


@body.register
def _model_up(result: ModelUp) -> Iterator[Line]:
    yield from phases(result.rows)


@body.register
def _model_down(result: ModelDown) -> Iterator[Line]:
    for each in result.models:
        words = f"{each.action:<8}  {each.name}"
        yield Line(words + (f": {each.detail}" if each.detail else ""), DOWN[each.action])
    named = {each.name for each in result.models}
    yield from remarkable([row for row in result.rows if row.state not in AS_WANTED or row.name not in named])
    for note in result.notes:
        yield Line(note, WARNING)


@body.register
def _diagnosed(result: Diagnosed) -> Iterator[Line]:
    yield from diagnosis(result)


@body.register
def _fixed(result: Fixed) -> Iterator[Line]:
    for write in result.writes:
        sign = GOOD if write.outcome == "done" else BAD
        yield Line(f"{write.about}: {write.what}{f': {write.why}' if write.why else ''}", sign)
    yield from checked(result.check, len(result.check.slug))


@body.register
def _linted(result: Linted) -> Iterator[Line]:
    yield from linted(result)


@body.register
def _standing(result: Standing) -> Iterator[Line]:
    yield from standing(result)


@body.register
def _check_listed(result: CheckListed) -> Iterator[Line]:
    yield from check_list(result)


@body.register
def _smoked(result: Smoked) -> Iterator[Line]:
    longest = max((len(check.slug) for check in result.checks), default=0)
    for check in result.checks:
        yield from checked(check, longest)
    width = max((len(probe.what) for probe in result.probes), default=0)
    for target in dict.fromkeys(probe.target for probe in result.probes):
        yield Line(target, INFO)
        for probe in result.probes:
            if probe.target == target:
                yield from _probe(probe, width)


@body.register
def _remembered(result: Remembered) -> Iterator[Line]:
    yield from table(result.runs)


@body.register
def _replayed(result: Replayed) -> Iterator[Line | Page]:
    for each in result.told:
        yield from lines(each) if isinstance(each, Planned) else (Line(each),)
    if result.ended is not None:
        yield from apart(lines(result.ended))


@body.register
def _lab_stands(result: LabStands) -> Iterator[Line]:
    width = max((len(fault.slug) for fault in result.faults), default=0)
    for fault in result.faults:
        lead = f"{fault.slug:<{width}}  {'on ' if fault.on else 'off'}  "
        yield Line(f"{lead}{fault.provokes} ({fault.named_by})", WARNING if fault.on else INFO, hang=len(lead))


@body.register
def _runbooks(result: RunbooksListed) -> Iterator[Line]:
    width = max((len(slug) for slug, _ in result.runbooks), default=0)
    for slug, title in result.runbooks:
        yield Line(f"{slug:<{width}}  {title}", INFO)


@body.register
def _runbook(result: RunbookRead) -> Iterator[Page]:
    yield Page(result.text)


def _probe(probe: Probe, width: int) -> Iterator[Line]:
    yield Line(f"{probe.what:<{width}}  {probe.said}", PROBES[probe.status], indent=2)
    if probe.status in ("ok", "skip"):
        return
    for words in (probe.cause, *probe.evidence):
        if words:
            yield Line(words, indent=6)
    if probe.fix:
        yield cure(probe.fix, indent=6)


def _change(change: Change) -> Iterator[Line]:
    detail = f": {change.detail}" if change.detail else ""
    words = f"{change.action:<11}  {change.kind} {change.name}{detail}"
    yield Line(words, ACTIONS.get(change.action, INFO))


def _diff(diff: str) -> Iterator[Line]:
    for words in diff.splitlines():
        yield Line(words, indent=2, style=DIFF_STYLES.get(words[:1], ""))


def _ending(result: Result) -> Iterator[Line]:
    warnings = f" ({result.warnings} warning{'s' if result.warnings > 1 else ''})" if result.warnings else ""
    yield from block(result.summary + warnings, verdict(result.exit_code, result.warnings))
    for words in result.hint.splitlines():
        yield cure(words)
