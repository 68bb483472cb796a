"""Is a controller of Argo CD alive? Told by what it has looked at, and by what waits for it; not by a pod's name.

The application controller looks at every Application again at each resync (argocd-cm `timeout.reconciliation`, plus a
jitter; argo-cd docs/operator-manual/argocd-cm.yaml), and consumes refresh annotations and operations at once.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from aiops.judge.age import age_s, since
from aiops.judge.application import REFRESH, left_alone
from aiops.judge.applicationset import REFRESH as SET_REFRESH
from aiops.judge.condition import errors
from aiops.judge.fields import is_true, owner_of
from aiops.judge.finding import Evidence, Finding
from aiops.judge.operation import operation_of
from aiops.snapshot import Json

RESYNC_S, JITTER_S = 120.0, 60.0
"""Argo CD's own defaults."""
RESYNC, JITTER = "timeout.reconciliation", "timeout.reconciliation.jitter"
SET_RESYNC_S = 180.0
"""How often an ApplicationSet reads git: requeueAfterSeconds is 180 by default."""
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def resync_s(settings: Json | None) -> float:
    """The longest time between two looks at one Application, in seconds; 0 where it is switched off."""
    data = (settings or {}).get("data") or {}
    every = _duration(data.get(RESYNC), RESYNC_S)
    return every + _duration(data.get(JITTER), JITTER_S) if every else 0.0


def controller_stalled(applications: Iterable[Json], resync: float, now: datetime) -> Finding | None:
    """Why the application controller does not look any more; None where it does."""
    seen = [body for body in applications if is_looked_at(body)]
    # a lower one than the default may not be in force: the controller reads it at its start
    limit_s = 2 * max(resync, RESYNC_S + JITTER_S)
    waiting = _waiting(seen, limit_s, now, REFRESH)
    newest = max((str(body.get("status", {}).get("reconciledAt") or "") for body in seen), default="")
    silent = age_s(now, newest or None)
    old = bool(resync) and silent is not None and silent > limit_s
    if not waiting and not old:
        return None
    symptom = f"it has looked at no Application for {since(silent)}" if old and silent is not None else waiting[0].text
    looks = Evidence("newest status.reconciledAt", since(silent) + " ago" if silent is not None else "none", newest)
    return _stalled("argocd-application-controller", symptom, (looks, *waiting))


def set_controller_stalled(applicationsets: Iterable[Json], now: datetime) -> Finding | None:
    """Why the ApplicationSet controller answers no refresh; None where none waits."""
    passing = [body for body in applicationsets if not is_true(body, "ErrorOccurred")]
    waiting = _waiting(passing, 2 * SET_RESYNC_S, now, SET_REFRESH)  # a pass that fails leaves the annotation there
    return _stalled("argocd-applicationset-controller", waiting[0].text, waiting) if waiting else None


def _stalled(who: str, symptom: str, evidence: tuple[Evidence, ...]) -> Finding:
    return Finding(
        status="fail",
        symptom=symptom,
        cause=f"{who} is down or hangs, or the repo server or redis that it needs",
        fix="kubectl get pods -A -l app.kubernetes.io/part-of=argocd",
        evidence=evidence[:4],
    )


def _waiting(bodies: Iterable[Json], limit_s: float, now: datetime, refresh: str) -> tuple[Evidence, ...]:
    """What has waited for it too long: the oldest first."""
    found: list[tuple[float, Evidence]] = []
    for body in bodies:
        name, notes = body["metadata"]["name"], body["metadata"].get("annotations") or {}
        asked = _since(body, "f:metadata", "f:annotations", f"f:{refresh}") if refresh in notes else ""
        if (age := age_s(now, asked or None)) is not None and age > limit_s:
            found.append(
                (age, Evidence(f"annotation {refresh}", f"{name} has asked to be looked at for {since(age)}", asked))
            )
        asked = _since(body, "f:operation") if operation_of(body).phase == "pending" else ""
        if (age := age_s(now, asked or None)) is not None and age > limit_s:
            found.append((age, Evidence("operation", f"{name} has asked to be synced for {since(age)}", asked)))
    return tuple(evidence for _, evidence in sorted(found, key=lambda each: -each[0]))


def _since(body: Json, *field: str) -> str:
    """When somebody wrote it; empty where nobody says."""
    return str(owner_of(body, *field).get("time") or "")


def is_looked_at(application: Json) -> bool:
    """Not where somebody asked for the contrary; and of an invalid spec no comparison is ever noted (InvalidSpecError:
    argo-cd v3.5.7 appcontroller.go processAppRefreshQueueItem)."""
    return not left_alone(application) and all(
        kind != "InvalidSpecError" for kind, _ in errors(application.get("status", {}))
    )


def _duration(text: object, default: float) -> float:
    """Seconds of a Go duration, as `3m0s`; the default where it is none."""
    if not isinstance(text, str) or not text:
        return default
    if text == "0":
        return 0.0
    parts = _PART.findall(text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else default
