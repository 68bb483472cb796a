"""The cures that `doctor --fix` may apply by itself: one small write each, to the object that a finding is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiops import clock
from aiops.clients.kube import APPLICATION, Kind
from aiops.errors import Conflict, Refused
from aiops.judge.application import REFRESH
from aiops.judge.keda import PAUSED, PINNED
from aiops.operations.stopping import STOP
from aiops.operations.sync_request import request_sync
from aiops.session import Session
from aiops.snapshot import Json

FORCE_SYNC = "force-sync"
"""Any change of an annotation makes external-secrets read its provider again; this name is the one that its own
documentation gives (external-secrets.io, FAQ: "Can I manually trigger a secret refresh?")."""

TRIES = 5
"""To write to an application that somebody else writes to."""


@dataclass(frozen=True, kw_only=True)
class Fix:
    """How one check's findings are cured."""

    kind: str
    """Of the objects that it writes to."""
    words: str
    """What it does to one, for the question before it is done."""
    apply: Callable[[Session, str, str], object]
    """Does it to the object of this namespace and name."""
    after: str = ""
    """What is still the operator's to do; a command."""


def find_kind(session: Session, group: str, kind: str) -> Kind:
    """The kind as the cluster serves it; Refused where it does not."""
    found = session.kube.kinds().find(group, kind)
    if found is None:
        raise Refused(f"the cluster does not know {kind} ({group})", "aiops doctor --only kinds-served")
    return found


def _sync(session: Session, _: str, name: str, tries: int = TRIES) -> object:
    """Guarded by what the application is now: a sync that somebody else starts meanwhile makes it fail.

    Argo CD writes to it too, just after a refresh above all: then it is read again.
    """
    app = session.kube.get(APPLICATION, name, session.namespace)
    try:
        return request_sync(session.kube, session.namespace, app, session.run, as_auto_sync=True)
    except Conflict:
        if app.get("operation") or tries == 1:
            raise
    return _sync(session, _, name, tries - 1)


def _refresh(session: Session, _: str, name: str) -> object:
    return _annotate(session, APPLICATION, session.namespace, name, {REFRESH: "hard"})


def _refresh_and_sync(session: Session, namespace: str, name: str) -> object:
    _refresh(session, namespace, name)
    return _sync(session, namespace, name)


def _read_provider(session: Session, namespace: str, name: str) -> object:
    kind = find_kind(session, "external-secrets.io", "ExternalSecret")
    return _annotate(session, kind, namespace, name, {FORCE_SYNC: str(int(clock.now().timestamp()))})


def _pause(session: Session, namespace: str, name: str) -> object:
    kind = find_kind(session, "keda.sh", "ScaledObject")
    return _annotate(session, kind, namespace, name, {PAUSED: "true", PINNED: None})


def _stop(session: Session, namespace: str, name: str) -> object:
    kind = find_kind(session, "serving.kserve.io", "InferenceService")
    return _annotate(session, kind, namespace, name, {STOP: "true"})


def _annotate(session: Session, kind: Kind, namespace: str, name: str, annotations: Mapping[str, str | None]) -> Json:
    body: dict[str, Any] = {"metadata": {"annotations": dict(annotations)}}
    return session.kube.merge_patch(kind, name, namespace, body)


FIXES: Mapping[str, Fix] = {
    "sync-retries": Fix(kind="Application", words="sync it once, as Argo CD's auto-sync does", apply=_sync),
    "webhooks-answer": Fix(kind="Application", words="refresh it, then sync it once", apply=_refresh_and_sync),
    "commit-current": Fix(kind="Application", words="have Argo CD read git anew (refresh: hard)", apply=_refresh),
    "external-secrets-synced": Fix(
        kind="ExternalSecret",
        words="have external-secrets read its provider anew",
        apply=_read_provider,
    ),
    "autoscaler-paused": Fix(
        kind="ScaledObject",
        words=f"pause it ({PAUSED}: true)",
        after="aiops vllm-down --all",
        apply=_pause,
    ),
    "scale-to-zero": Fix(kind="InferenceService", words=f"stop it ({STOP}: true)", apply=_stop),
}
"""By the slug of the check. What is not here needs somebody to decide."""
