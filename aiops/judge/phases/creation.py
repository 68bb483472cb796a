"""Phase 1: the Deployment's newest pod is made, or something refuses to let it be made."""

import re
from collections.abc import Iterator
from datetime import timedelta

from aiops.judge.event import NEVER, events_of, happened, shown, words
from aiops.judge.finding import Evidence
from aiops.judge.lineage import has_ended, is_going, newest_replicaset, others_of
from aiops.judge.model import asks_for_gpu
from aiops.judge.phases.stand import Stand, hopeless, waits
from aiops.judge.raised import when_scaled
from aiops.judge.text import one_line
from aiops.snapshot import Json, ModelLook, ref_of

_FRESH = timedelta(seconds=30)
"""For how long an event is taken for what is so now."""
_PASSING = re.compile(
    r"failed calling webhook|failed to call webhook|connection refused|connection reset|context deadline exceeded"
    r"|no endpoints available|etcdserver:|i/o timeout|too many requests|status unknown for quota",
    re.IGNORECASE,
)
"""Refusals that go by themselves: an admission webhook that is not up yet, an API server under load, a
quota that nobody has counted yet."""
_LASTING = (
    ("quota", "pod-quota", "kubectl -n {namespace} describe resourcequota"),
    ("service ?account", "service-account", "Sync the application that brings this ServiceAccount to {namespace}."),
    (
        "denied (the )?request|violates PodSecurity",
        "pod-denied",
        "Change what the admission policy names: in the Deployment's pod template, or the policy itself.",
    ),
    ("forbidden| is invalid", "pod-refused", "Change what the message names in the Deployment's pod template."),
)
"""What the API server says of a pod that it does not take, the id of the cause, and what to do."""


def unseen(look: ModelLook) -> bool:
    """The Deployment's controller has not acted on its newest spec yet."""
    observed = look.deployment.get("status", {}).get("observedGeneration") or 0
    return int(observed) < int(look.deployment["metadata"].get("generation") or 0)


def uncreated(look: ModelLook) -> Stand:
    """Why there is no pod. That the rollout takes too long (ProgressDeadlineExceeded) says nothing: a GPU node alone
    takes longer (kestra#17781)."""
    if look.deployment["spec"].get("replicas") == 0:
        return waits("accepted", "it is scaled to 0")
    replicaset = newest_replicaset(look)
    if unseen(look) or replicaset is None:
        return waits("accepted", "its controller has not seen the newest spec yet")
    for message, said in _refusals(look, replicaset):
        return _refused(look, message, said)
    return waits("accepted", _between(look))


def _refusals(look: ModelLook, replicaset: Json) -> Iterator[tuple[str, Evidence]]:
    """A condition is of now: it goes once pods are made again. An event may be of long ago, or of the scale-up before:
    a ReplicaSet keeps its uid from one to the next."""
    scaled = when_scaled(look.deployment) or NEVER
    for body in (replicaset, look.deployment):
        for condition in body.get("status", {}).get("conditions") or ():
            if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
                message, since = condition.get("message") or "", condition.get("lastTransitionTime") or ""
                yield message, Evidence(f"{ref_of(body)}, ReplicaFailure", one_line(message), since)
    for event in reversed(events_of(replicaset, look.events)):
        if event.get("reason") == "FailedCreate" and happened(event) >= max(scaled, look.taken - _FRESH):
            yield words(event), shown(event)


def _refused(look: ModelLook, message: str, said: Evidence) -> Stand:
    detail = f"its pod cannot be made: {one_line(message.removeprefix('Error creating: '))}"
    if _PASSING.search(message):
        return waits("accepted", detail, said)
    for sign, cause, fix in _LASTING:
        if re.search(sign, message):
            if cause == "pod-quota" and any(is_going(pod) and asks_for_gpu(pod) for pod in look.pods):
                return waits("accepted", f"{detail}; a GPU pod that is ending still counts", said)
            namespace = look.deployment["metadata"].get("namespace", "")
            return hopeless("accepted", cause, detail, fix.format(namespace=namespace), said)
    return waits("accepted", detail, said)


def _between(look: ModelLook) -> str:
    """What holds up a pod that nothing refuses: with strategy Recreate, the ones of before have to end first."""
    for pod in others_of(look):
        if not has_ended(pod):
            return "a pod of before is still ending"
        status = pod["status"]
        return f"its last pod ended ({status.get('reason') or status['phase']}) and a new one is to be made"
    return "its pod is not made yet"
