"""What an object says of itself when it is not well: Kubernetes' own kinds by their counters, others by conditions."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from aiops.judge.finding import Hope
from aiops.judge.text import one_line
from aiops.snapshot import Json

NEGATIVE = frozenset({"Stalled", "Failed", "ReplicaFailure", "Degraded", "Stopped", "Failing"})
"""Conditions that are bad when True; all others are taken as good when True."""
QUIET = frozenset(
    {"Active", "DisruptionAllowed", "Fallback", "Issuing", "Paused", "Progressing", "ScalingLimited", "Suspended"}
)
"""Conditions that say nothing about health, whatever they are."""


class Reason(NamedTuple):
    """What an object says of itself when it is not well."""

    text: str
    hope: Hope = "yes"


def reason_of(body: Json) -> Reason | None:
    """Why the object is not well, or None where it looks well."""
    return _BY_KIND.get(body.get("kind", ""), _by_conditions)(body)


def _replicas(body: Json) -> Reason | None:
    want, have = _wanted(body), int(body.get("status", {}).get("readyReplicas") or 0)
    return _no_pods(body) or (None if have >= want else Reason(f"{have} of {want} replicas ready"))


def _rollout(body: Json) -> Reason | None:
    """Argo CD's own order of questions (gitops-engine pkg/health/health_deployment.go)."""
    if body.get("spec", {}).get("paused"):
        return Reason("paused: its rollout does not go on", "no")
    if _unseen(body):
        return Reason("its controller has not seen the newest spec")
    status = body.get("status", {})
    total, updated = int(status.get("replicas") or 0), int(status.get("updatedReplicas") or 0)
    if updated < _wanted(body):
        return _no_pods(body) or Reason(f"{updated} of {_wanted(body)} replicas are of the newest spec")
    if total > updated:
        return Reason(f"{total - updated} replicas of an older spec stay until the new ones are ready")
    return _replicas(body)


def _wanted(body: Json) -> int:
    return int(body.get("spec", {}).get("replicas", 1))


def _no_pods(body: Json) -> Reason | None:
    """A quota, an admission webhook or a missing ServiceAccount keeps the pods from being made at all."""
    for condition in body.get("status", {}).get("conditions") or ():
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            words = one_line(condition.get("message", ""))
            return Reason(f"cannot make its pods: {words}", "while others move")
    return None


def _unseen(body: Json) -> bool:
    observed = body.get("status", {}).get("observedGeneration") or 0
    return int(observed) < int(body["metadata"].get("generation") or 0)


def _daemonset(body: Json) -> Reason | None:
    status = body.get("status", {})
    if _unseen(body):
        return Reason("its controller has not seen the newest spec")
    want, updated = int(status.get("desiredNumberScheduled") or 0), int(status.get("updatedNumberScheduled") or 0)
    if updated < want:
        return Reason(f"{updated} of {want} nodes have its newest spec")
    have = int(status.get("numberReady") or 0)
    return None if have >= want else Reason(f"{have} of {want} nodes have it ready")


def _job(body: Json) -> Reason | None:
    for condition in body.get("status", {}).get("conditions") or ():
        if condition.get("type") == "Failed" and condition.get("status") == "True":
            return Reason(f"failed: {one_line(condition.get('message', ''))}", "while others move")
        if condition.get("type") == "Complete" and condition.get("status") == "True":
            return None
    return Reason("not complete yet")


def _claim(body: Json) -> Reason | None:
    phase = body.get("status", {}).get("phase")
    return None if phase == "Bound" else Reason(f"{phase or 'Pending'}: no volume is bound to it")


def _service(body: Json) -> Reason | None:
    balanced = body.get("spec", {}).get("type") == "LoadBalancer"
    has_address = body.get("status", {}).get("loadBalancer", {}).get("ingress")
    return Reason("its load balancer has no address yet") if balanced and not has_address else None


def _by_conditions(body: Json) -> Reason | None:
    for condition in body.get("status", {}).get("conditions") or ():
        kind, status = condition.get("type"), condition.get("status")
        if kind not in QUIET and status != ("False" if kind in NEGATIVE else "True"):
            words = condition.get("message") or condition.get("reason") or ""
            return Reason(f"{kind} is {status}: {one_line(words)}".rstrip(": "))
    return None


_BY_KIND: Mapping[str, Callable[[Json], Reason | None]] = {
    "Deployment": _rollout,
    "StatefulSet": _rollout,
    "ReplicaSet": _replicas,
    "DaemonSet": _daemonset,
    "Job": _job,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
}
