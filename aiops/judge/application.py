"""Does one Argo CD Application stand, for the commit that it should stand for?

An Application has no observedGeneration and its `Synced` and `Healthy` may be those of an older commit, an
older spec, or from before the last sync (argo-cd controller/appcontroller.go; seen on 3.5.7). So all of it is
required on one and the same object: refresh answered, spec compared, revision expected, operation over,
compared after that, Synced, Healthy, and not empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aiops.judge.comparison import compared, other_commit, spec_compared
from aiops.judge.condition import errors, of_git, passes
from aiops.judge.expectation import Expected
from aiops.judge.operation import Operation, operation_of
from aiops.judge.text import stable
from aiops.snapshot import Json, moment

REFRESH = "argocd.argoproj.io/refresh"
SKIP_RECONCILE = "argocd.argoproj.io/skip-reconcile"
Stuck = Literal["", "retrying", "retries used up", "unwell"]
"""Not stuck; its sync fails and is tried again; it failed and Argo CD will not try that commit again; its
objects are in a state that they do not leave by themselves."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How one application stands."""

    state: Literal["settled", "suspended", "manual", "deferred", "waiting", "hopeless"]
    detail: str = ""
    """What it waits for, or why it ended so; the same text while nothing changes."""
    stale: bool = False
    """What is seen may be old: asking Argo CD to refresh it would tell."""
    stuck: Stuck = ""
    """Why it moves only if something else does."""
    blocked: bool = False
    """The retries of an older commit's sync stand in its way: until they end, Argo CD syncs nothing newer
    (argo-cd #11494)."""
    unwell: bool = False
    """Synced or not, its objects are not healthy: what lies beneath it is worth a look."""
    applied: bool = False
    """What lies beneath it is what the expected commit asks for: no sync is still to mend it."""


def judge_application(app: Json | None, expected: Expected, since: datetime | None) -> Verdict:
    """The verdict on one application.

    `since` is the moment, by the cluster's clock, before which nothing that Argo CD saw counts (the start of
    the run); None accepts an older look, for a command that may not ask for a new one.
    """
    if app is None:
        return Verdict(state="waiting", detail=f"not there yet: {expected.made_by} has not made it")
    if not expected.automatic:
        return Verdict(state="manual", detail=_manual(app))
    for verdict in _obstacles(app, expected, since):
        return verdict
    return _health(app, expected)


def left_alone(app: Json) -> bool:
    """Somebody told Argo CD to keep off it."""
    return (app["metadata"].get("annotations") or {}).get(SKIP_RECONCILE) == "true"


def refresh_pending(app: Json) -> bool:
    """A refresh was asked for and Argo CD has not answered it yet."""
    return REFRESH in (app["metadata"].get("annotations") or {})


def _manual(app: Json) -> str:
    status = app.get("status", {})
    sync = status.get("sync", {}).get("status", "Unknown")
    if sync == "OutOfSync" and not status.get("operationState"):
        return "not synced yet: `aiops sync` deploys it"
    return f"{sync}, {status.get('health', {}).get('status', 'Unknown')}"


def _obstacles(app: Json, expected: Expected, since: datetime | None) -> Iterator[Verdict]:
    """Every reason why what the object says does not count yet, the first one being the one to name."""
    meta, status = app["metadata"], app.get("status", {})
    operation = operation_of(app)
    if meta.get("deletionTimestamp"):
        yield Verdict(state="waiting", detail="is being deleted")
    if left_alone(app):
        yield Verdict(state="hopeless", detail=f"annotated {SKIP_RECONCILE}=true: Argo CD does not look at it")
    if not status.get("reconciledAt") and not status.get("conditions"):
        yield Verdict(state="waiting", detail="Argo CD has not looked at it yet", stale=True)
    looked = moment(status.get("reconciledAt"))
    fresh = since is None or (looked is not None and looked > since)
    yield from _errors(app, fresh, expected)
    yield from _operation(app, operation, expected, since)
    yield from _staleness(app, expected, operation, looked)
    if not fresh:
        yield Verdict(state="waiting", detail="Argo CD has not looked at it since this run began", stale=True)
    if refresh_pending(app):
        yield Verdict(state="waiting", detail="asked Argo CD to look again")


def _errors(app: Json, fresh: bool, expected: Expected) -> Iterator[Verdict]:
    status = app.get("status", {})
    for kind, message in errors(status):
        text = f"{kind}: {stable(message)}"
        if not fresh and kind == "InvalidSpecError" and not refresh_pending(app):
            # it keeps Argo CD from comparing, so `reconciledAt` never moves again (appcontroller.go
            # processAppRefreshQueueItem): once nothing else moves either, the answer is this one
            yield Verdict(state="waiting", detail=text, stale=True, stuck="unwell")
        if not fresh or passes(message) or other_commit(compared(status), expected):
            yield Verdict(state="waiting", detail=text, stale=True)
        if of_git(message):
            yield Verdict(state="hopeless", detail=text)
        # anything else may be an object that is just coming up: a health script of Argo CD 3.5 raises on a
        # CloudNativePG Cluster without a status, for one
        yield Verdict(state="waiting", detail=text, stale=True, stuck="unwell")


def _operation(app: Json, operation: Operation, expected: Expected, since: datetime | None) -> Iterator[Verdict]:
    if operation.phase == "pending":
        yield Verdict(state="waiting", detail="a sync is asked for and has not begun")
    if operation.phase == "running":
        # the sync of an early wave waits for its objects: they are worth a look (gitops-engine sync_context.go)
        unwell = operation.message.startswith("waiting for healthy state of")
        applied = unwell and not other_commit(operation.revisions, expected)
        detail = f"syncing: {operation.message}".rstrip(": ")
        # a further try is no more of a movement than the pause before it: what it lacks may still be missing
        stuck: Stuck = "retrying" if operation.again and not other_commit(operation.revisions, expected) else ""
        yield Verdict(state="waiting", detail=detail, unwell=unwell, applied=applied, stuck=stuck)
    if operation.phase not in ("retrying", "failed"):
        return
    if other_commit(operation.revisions, expected):
        yield from _older_failed(app, operation)
        return
    ended = moment(operation.finished)
    if operation.hopeless and (since is None or (ended is not None and ended > since)):
        # of one from before this run the cause may be gone: it gets its new sync like any other
        yield Verdict(state="hopeless", detail=f"sync failed: {operation.message}")
    if operation.phase == "retrying":
        detail = f"sync failed, will be retried: {operation.message}"
        yield Verdict(state="waiting", detail=detail, stuck="retrying")
    detail = f"sync failed, retries used up: {operation.message}"
    yield Verdict(state="waiting", detail=detail, stuck="retries used up")


def _older_failed(app: Json, operation: Operation) -> Iterator[Verdict]:
    """Its failure says nothing of the expected commit, which is not synced at all where it changes nothing."""
    if operation.over and app["status"].get("sync", {}).get("status") == "Synced":
        return
    detail = f"the sync of an older commit failed: {operation.message}"
    blocked = operation.phase == "retrying" and operation.automated and not operation.ending
    yield Verdict(state="waiting", detail=detail, stale=operation.over, blocked=blocked)


def _staleness(app: Json, expected: Expected, operation: Operation, looked: datetime | None) -> Iterator[Verdict]:
    status = app.get("status", {})
    if not spec_compared(app):
        yield Verdict(state="waiting", detail="its spec changed and was not compared yet", stale=True)
    revisions = compared(status)
    for index, (name, head) in expected.heads.items():
        found = revisions[index] if index < len(revisions) else ""
        if found != head:
            detail = f"compared with {found[:8] or 'no commit'}, and {name} is at {head[:8]}"
            yield Verdict(state="waiting", detail=detail, stale=True)
    finished = moment(operation.finished)
    if finished is not None and (looked is None or looked <= finished):
        yield Verdict(state="waiting", detail="synced; Argo CD has not looked at it since", stale=True)


def _health(app: Json, expected: Expected) -> Verdict:
    status = app["status"]
    resources = status.get("resources") or []
    sync, health = status.get("sync", {}).get("status"), status.get("health", {}).get("status")
    if sync != "Synced":
        return Verdict(state="waiting", detail=_out_of_sync(sync, resources), stale=True, unwell=True)
    if health == "Suspended":
        return Verdict(state="suspended", detail="Suspended", unwell=True)
    if health != "Healthy":
        stuck: Stuck = "unwell" if health == "Degraded" else ""
        return Verdict(state="waiting", detail=str(health), stale=True, stuck=stuck, unwell=True, applied=True)
    if not resources and not expected.may_be_empty:
        return Verdict(state="hopeless", detail="its source renders no resources at all, which Argo CD calls Healthy")
    return Verdict(state="settled", detail="" if resources else "holds nothing, as its files say")


def _out_of_sync(sync: str | None, resources: list[Json]) -> str:
    names = [f"{each['kind']} {each['name']}" for each in resources if each.get("status") == "OutOfSync"]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{sync or 'not compared'}: {', '.join(names[:3])}{more}" if names else str(sync or "not compared")
