"""Phase 2: no node for the pod is there or on its way. Will there be one?"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aiops.judge.event import happened, shown, words
from aiops.judge.finding import Evidence
from aiops.judge.lineage import is_going
from aiops.judge.model import Model
from aiops.judge.phases.autoscaler import FAILED, REPORT, Words, at_maximum, backoffs, is_adding, reason
from aiops.judge.phases.denied import denied_by_event, denied_by_report
from aiops.judge.phases.node import is_leaving, is_meant, lasting_taint, why_not_ready
from aiops.judge.phases.stand import Stand, hopeless, waits
from aiops.judge.phases.usage import free, holders
from aiops.judge.text import one_line
from aiops.snapshot import Json, ModelLook, moment

GRACE = timedelta(seconds=30)
"""Two or three loops of the autoscaler, which looks at a pod every 10 s."""
_UNBOUND = "unbound immediate PersistentVolumeClaims"
_PREEMPTION = re.compile(r"[. ]+(no new claims to deallocate, )?preemption: .*", re.DOTALL)
"""What the scheduler adds of its second try, by making room (Kubernetes 1.34 and newer with the claims)."""
_LASTING = (
    (
        "max node group size reached",
        "max-size",
        "Free a GPU (`aiops vllm-down` the model that holds it), or raise the node group's maximum size.",
    ),
    ("max cluster .*limit|max total nodes", "cluster-limit", "Raise the autoscaler's limit for the whole cluster."),
    (r"taint \{nvidia\.com/gpu", "taint", "Add a toleration for the taint to the Deployment's pod template."),
    (
        "Insufficient ",
        "too-big",
        "Lower what the Deployment's pod template requests, or add a node group whose nodes have that much.",
    ),
    ("taint", "taint", "Add a toleration for the taint to the Deployment's pod template."),
    ("affinity/selector", "selector", "Change the pod template's nodeSelector or affinity to labels of a node group."),
    ("", "no-scale-up", "Change what the message names, in the Deployment's pod template or in the node groups."),
)
"""What a NotTriggerScaleUp says, the most telling first (of a list over all node groups): id of the cause, and cure."""
_MORE_QUOTA = "Raise the cloud's quota of GPUs (per region and in all), or stop what uses it."


def unscheduled(pod: Json) -> tuple[str, str]:
    """Why the scheduler has not placed the pod, and since when."""
    for condition in pod.get("status", {}).get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            message = condition.get("message") or condition.get("reason") or ""
            return one_line(_PREEMPTION.sub("", message)), condition.get("lastTransitionTime") or ""
    return "the scheduler has not looked at it yet", ""


def capacity(model: Model, look: ModelLook, pod: Json, heard: Words, nodes: Sequence[Json]) -> Stand:
    """Of a pod without a node. `nodes`: the GPU nodes that it could run on, but for what they lack."""
    scheduler = Evidence("scheduler", *unscheduled(pod))
    if _UNBOUND in scheduler.text:
        return waits("capacity", f"its volume is not bound: {scheduler.text}", scheduler)
    stand = next(_causes(model, look, pod, heard, nodes), None) or waits("capacity", scheduler.text)
    taken = "".join(f"; {each}" for each in _taken(look, pod, nodes))
    leaving = _leaving(look, pod, nodes)
    what = "no GPU node" if model.gpus else "no node takes it"
    stand = replace(stand, detail=f"{what}: {stand.detail}{taken}{leaving}", evidence=(*stand.evidence, scheduler))
    if leaving or look.taken - _created(look, pod) < GRACE:
        return waits("capacity", stand.detail, *stand.evidence)
    return stand


def _causes(model: Model, look: ModelLook, pod: Json, heard: Words, nodes: Sequence[Json]) -> Iterator[Stand]:
    """The most telling first."""
    last, refusal = heard.last, heard.refusal
    if last is None or refusal:
        yield from _tainted(model, look, pod, nodes)
    denied = denied_by_event(heard)
    if heard.failure and denied and denied.why == "quota":
        yield _quota(look, heard.failure, last)
    if refusal:
        yield _refused(refusal)
    if last is None or last["reason"] != FAILED:
        yield from _in_backoff(look, pod)
    if last is not None:
        yield waits("capacity", one_line(reason(heard.failure or last)), *map(shown, heard.since[-2:]))
    elif is_adding(look.autoscaler):
        yield waits("capacity", "the autoscaler is adding nodes", Evidence(REPORT, "scaleUp: InProgress"))
    elif at_maximum(look.autoscaler):
        yield waits("capacity", "every node group is at its maximum size", Evidence(REPORT, "all groups at maxSize"))


def _tainted(model: Model, look: ModelLook, pod: Json, nodes: Sequence[Json]) -> Iterator[Stand]:
    """A GPU is there and free, and its node is not for this pod."""
    for node in nodes:
        taint = lasting_taint(node, pod)
        if taint and why_not_ready(node, pod) is None and free(node, look) >= model.gpus:
            name = node["metadata"]["name"]
            detail = f"node {name} has taint {taint}, and the pod has no toleration for it"
            fix = f"Add a toleration for {taint} to the Deployment's pod template."
            yield hopeless("capacity", "taint", detail, fix, Evidence(f"Node {name}", f"taint {taint}"), node=name)


def _quota(look: ModelLook, failure: Json, last: Json | None) -> Stand:
    """Hopeless once the autoscaler had time to try another node group and did not."""
    detail = one_line(reason(failure))
    if last is failure and look.taken - happened(failure) < GRACE:
        return waits("capacity", detail, shown(failure))
    return hopeless("capacity", "quota", detail, _MORE_QUOTA, shown(failure))


def _refused(refusal: Json) -> Stand:
    message = words(refusal)
    cause, fix = next((cause, fix) for sign, cause, fix in _LASTING if re.search(sign, message))
    return hopeless("capacity", cause, one_line(reason(refusal)), fix, shown(refusal))


def _in_backoff(look: ModelLook, pod: Json) -> Iterator[Stand]:
    """What the autoscaler's report says of its pause, which its events do not tell."""
    said = [each.said for each in backoffs(look.autoscaler)]
    denied = denied_by_report(look.autoscaler, _created(look, pod))
    if denied and denied.why == "quota":
        yield hopeless("capacity", "quota", said[0].text, _MORE_QUOTA, *said)
    elif said:
        yield waits("capacity", said[0].text, *said)


def _created(look: ModelLook, pod: Json) -> datetime:
    return moment(pod["metadata"].get("creationTimestamp")) or look.taken


def _taken(look: ModelLook, pod: Json, nodes: Sequence[Json]) -> Iterator[str]:
    for node in nodes:
        if lasting_taint(node, pod) is None and (pods := holders(node, look)):
            names = ", ".join(f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in pods)
            yield f"the GPU of node {node['metadata']['name']} is held by Pod {names}"


def _leaving(look: ModelLook, pod: Json, nodes: Sequence[Json]) -> str:
    """What goes, and makes room by that: a node group at its maximum is below it again once a node has left."""
    for node in look.nodes:
        if is_meant(node, pod) and is_leaving(node):
            return f"; node {node['metadata']['name']} is being removed"
    ending = (each for node in nodes for each in holders(node, look) if is_going(each))
    return next((f"; Pod {each['metadata']['name']} is ending" for each in ending), "")
