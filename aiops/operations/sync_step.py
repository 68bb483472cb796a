"""What to do next about one application that is to be synced: a pure judgement of its object."""

from dataclasses import dataclass
from typing import Literal

from aiops.judge.application import SKIP_RECONCILE, left_alone, refresh_pending
from aiops.judge.comparison import compared, other_commit, spec_compared
from aiops.judge.condition import errors, of_git
from aiops.judge.expectation import Expected
from aiops.judge.operation import operation_of
from aiops.judge.text import stable
from aiops.operations.sync_request import is_ours
from aiops.progress.results import SyncedApplication
from aiops.snapshot import Json, moment

BLOCKED = "blocked by sync window"
"""What a running operation says while its AppProject's windows hold it back (argo-cd controller/sync.go)."""


@dataclass(frozen=True)
class Step:
    """What to do, and what the application waits for: `ask` Argo CD to look at it (or wait for its answer), `start` the
    sync, or nothing."""

    act: Literal["wait", "ask", "start", "end"]
    detail: str
    result: SyncedApplication | None = None
    """At the end."""


def next_step(app: Json | None, expected: Expected, run: str, *, asked_at: str | None, started: bool) -> Step:
    """Judge one application by its latest object.

    `asked_at` is its `reconciledAt` when this run asked Argo CD to look at it (None: it has not), so that only a
    later look counts; `started`: this run's sync was accepted.
    """
    if app is None or app["metadata"].get("deletionTimestamp"):
        return _failed(expected, "it was deleted" if app is None else "it is being deleted")
    if left_alone(app):
        return _failed(expected, f"annotated {SKIP_RECONCILE}=true: Argo CD does not look at it")
    if is_ours(app, run):
        return _follow(app, expected)
    if started:
        return _failed(expected, "another sync took its place")
    operation = operation_of(app)
    if not operation.over:
        return Step("wait", f"another sync is running: {operation.message}".rstrip(": "))
    return _obstacle(app, expected, asked_at) or _decide(app, expected)


def _obstacle(app: Json, expected: Expected, asked_at: str | None) -> Step | None:
    """Why what the object says does not count yet, or never will."""
    status = app.get("status", {})
    if asked_at is None or refresh_pending(app):
        return Step("ask", "asked Argo CD to look again")
    fresh = (status.get("reconciledAt") or "") > asked_at
    for kind, message in errors(status):
        # InvalidSpecError keeps `reconciledAt` from moving (appcontroller.go processAppRefreshQueueItem)
        lasts = kind == "InvalidSpecError" or (fresh and of_git(message))
        text = f"{kind}: {stable(message)}"
        return _failed(expected, text) if lasts else Step("ask", text)
    if not fresh:
        return Step("ask", "asked Argo CD to look again")
    if not spec_compared(app):
        return Step("ask", "its spec changed and was not compared yet")
    revisions = compared(status)
    for index, (name, head) in expected.heads.items():
        found = revisions[index] if index < len(revisions) else ""
        if found != head:
            return Step("ask", f"compared with {found[:8] or 'no commit'}, and {name} is at {head[:8]}")
    return None


def _decide(app: Json, expected: Expected) -> Step:
    if app["status"].get("sync", {}).get("status") == "Synced":
        result = SyncedApplication(name=expected.name, outcome="unchanged", message="synced already")
        return Step("end", result.message, result)
    return Step("start", "starting its sync")


def _follow(app: Json, expected: Expected) -> Step:
    """Our operation: over once Argo CD has looked at the application since it ended."""
    operation = operation_of(app)
    if operation.phase == "failed":
        return _failed(expected, operation.message)
    if operation.hopeless:
        return _failed(expected, f"{operation.message} (Argo CD goes on retrying it, which cannot help)")
    if operation.phase == "retrying":
        return Step("wait", f"its sync failed, and will be retried: {operation.message}")
    if operation.phase != "succeeded":
        held = f"held back by AppProject {app['spec'].get('project') or 'default'}: "
        detail = f"syncing: {held if BLOCKED in operation.message else ''}{operation.message}"
        return Step("wait", detail.rstrip(": "))
    looked, finished = moment(app["status"].get("reconciledAt")), moment(operation.finished)
    if looked is None or finished is None or looked <= finished:
        return Step("ask", "synced; Argo CD has not looked at it since")
    resources = (app["status"]["operationState"].get("syncResult") or {}).get("resources") or ()
    result = SyncedApplication(
        name=expected.name,
        outcome="synced",
        message="; ".join((operation.message, *_but(app, expected))),
        resources=tuple(_resource(each) for each in resources if not _untouched(each)),
    )
    return Step("end", result.message, result)


def _but(app: Json, expected: Expected) -> list[str]:
    """What an operator should know of a sync that succeeded."""
    found = []
    if other_commit(operation_of(app).revisions, expected):
        found.append("it synced another commit than the one that was checked")
    if (status := app["status"].get("sync", {}).get("status", "Unknown")) != "Synced":
        found.append(f"it is still {status}")
    return found


def _failed(expected: Expected, message: str) -> Step:
    return Step("end", message, SyncedApplication(name=expected.name, outcome="failed", message=message))


def _untouched(each: Json) -> bool:
    """kubectl's own word for an apply that changed nothing."""
    return each.get("status") == "Synced" and str(each.get("message", "")).endswith(" unchanged")


def _resource(each: Json) -> tuple[str, str, str]:
    where = f"{each['namespace']}/" if each.get("namespace") else ""
    return f"{each.get('kind')} {where}{each.get('name')}", str(each.get("status", "")), str(each.get("message", ""))
