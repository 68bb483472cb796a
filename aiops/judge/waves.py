"""Sync waves of applications: they order what is applied, and wait for nothing unless Argo CD judges Applications.

Without `resource.customizations.health.argoproj.io_Application` in argocd-cm an Application has no health (since Argo
CD 1.8: docs/operator-manual/health.md), and a wave whose objects have none is over once it is applied (gitops-engine
pkg/sync/sync_context.go).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from aiops.judge.comparison import other_commit
from aiops.judge.event import NEVER
from aiops.judge.expectation import Expected
from aiops.judge.operation import operation_of
from aiops.judge.stoppable import TRACKING_ID
from aiops.snapshot import Json, moment

BRING_UP = timedelta(hours=1)
"""Later, that an application became healthy once more says nothing of a sync that failed."""
WAVE = "argocd.argoproj.io/sync-wave"
HEALTH = "resource.customizations.health.argoproj.io_Application"
LEGACY = "resource.customizations"
"""The old form: all customizations in one text."""


def wave_of(notes: Mapping[str, object]) -> int:
    """By an object's annotations: 0 where none is written, or none that is a number."""
    text = str(notes.get(WAVE) or "0")
    return int(text) if text.lstrip("-").isdigit() else 0


def overtaken(applications: Mapping[str, Json], expected: Iterable[Expected]) -> Iterator[tuple[Json, Json]]:
    """(an application whose sync failed, one of an earlier wave that was not healthy when that sync began).

    Of the same parent; what is synced by hand is waited for by nobody.
    """
    automatic = [
        (app, each) for each in expected if each.automatic and (app := applications.get(each.name)) is not None
    ]
    for late, wanted in automatic:
        operation = operation_of(late)
        old = operation.over and other_commit(operation.revisions, wanted)
        if operation.phase not in ("failed", "retrying") or old:
            continue
        parent, wave = _parent(late), _wave(late)
        early = (app for app, _ in automatic if parent and _parent(app) == parent and _wave(app) < wave)
        if first := next((app for app in early if _unwell_since(app, late)), None):
            yield late, first


def _unwell_since(early: Json, late: Json) -> bool:
    health = early.get("status", {}).get("health") or {}
    if health.get("status") not in ("Healthy", "Suspended"):
        return True
    became, began = moment(health.get("lastTransitionTime")), moment(late["status"]["operationState"].get("startedAt"))
    return became is not None and began is not None and became > began and began - _made(early) < BRING_UP


def _made(app: Json) -> datetime:
    return moment(app["metadata"].get("creationTimestamp")) or NEVER


def _parent(app: Json) -> str:
    """The application that deploys it."""
    return str((app["metadata"].get("annotations") or {}).get(TRACKING_ID, "")).partition(":")[0]


def _wave(app: Json) -> int:
    return wave_of(app["metadata"].get("annotations") or {})
