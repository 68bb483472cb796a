"""Which pods are a Deployment's, by their owners: those of its newest template, and those of before."""

from aiops.judge.fields import is_true
from aiops.judge.pod import statuses
from aiops.snapshot import Json, ModelLook

REVISION = "deployment.kubernetes.io/revision"
ENDED = ("Failed", "Succeeded")
"""Phases of a pod whose place another one takes: evicted, preempted, refused by its node."""


def newest_replicaset(look: ModelLook) -> Json | None:
    """The ReplicaSet of the Deployment's newest template."""
    owned = (body for body in look.replicasets if _is_of(body, look.deployment))
    return max(owned, key=_revision, default=None)


def pod_of(look: ModelLook) -> Json | None:
    """Of the newest template's pods the one that is furthest along; none that is ending or has ended."""
    replicaset = newest_replicaset(look)
    pods = [pod for pod in look.pods if replicaset is not None and _is_of(pod, replicaset)]
    alive = [pod for pod in pods if not has_ended(pod) and not is_going(pod)]
    return min(alive, key=_behind, default=None)


def others_of(look: ModelLook) -> tuple[Json, ...]:
    """The Deployment's pods that are ending or have ended, of whichever template; the newest first."""
    replicasets = [body for body in look.replicasets if _is_of(body, look.deployment)]
    pods = [pod for pod in look.pods if any(_is_of(pod, body) for body in replicasets)]
    gone = [pod for pod in pods if has_ended(pod) or is_going(pod)]
    return tuple(sorted(gone, key=_created, reverse=True))


def is_going(pod: Json) -> bool:
    """Somebody deleted it, and it has not ended yet."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def has_ended(pod: Json) -> bool:
    """It runs no more, and holds nothing of its node any more."""
    return pod.get("status", {}).get("phase") in ENDED


def is_ready(pod: Json) -> bool:
    """By its Ready condition: its containers and its readiness gates."""
    return is_true(pod, "Ready")


def _is_of(body: Json, owner: Json) -> bool:
    references = body["metadata"].get("ownerReferences") or ()
    return any(each.get("uid") == owner["metadata"].get("uid") for each in references)


def _revision(replicaset: Json) -> int:
    return int((replicaset["metadata"].get("annotations") or {}).get(REVISION) or 0)


def _created(pod: Json) -> str:
    return str(pod["metadata"].get("creationTimestamp") or "")


def _behind(pod: Json) -> tuple[bool, int, bool, str]:
    """Sorts the pod that is furthest along first; of two alike the older."""
    started = sum("waiting" not in (each.get("state") or {"waiting": {}}) for each in statuses(pod))
    return not is_ready(pod), -started, not pod["spec"].get("nodeName"), _created(pod)
