"""Phases 2 to 4, of a pod without a node: is one there, has it joined, and has it its GPU?"""

from collections.abc import Sequence
from datetime import timedelta

from aiops.judge.event import happened, shown
from aiops.judge.finding import Evidence, Finding
from aiops.judge.model import Model
from aiops.judge.phases.autoscaler import TRIGGERED, Words, heard
from aiops.judge.phases.capacity import capacity, unscheduled
from aiops.judge.phases.node import allocatable, gpu_nodes, is_ready, lasting_taint, ready_since, why_not_ready
from aiops.judge.phases.secrets import masked
from aiops.judge.phases.stand import Stand, hopeless, waits
from aiops.judge.phases.usage import free
from aiops.judge.pod import GIVEN_UP, judge_pod, restarts, statuses
from aiops.judge.text import one_line
from aiops.snapshot import Json, ModelLook, moment

_SETTLED = timedelta(minutes=10)
"""A node that has been Ready for so long has had its GPU for a while: what is refused now is refused with it."""


def placement(model: Model, look: ModelLook, pod: Json, node_s: float) -> Stand:
    """How far the node of a pod without one is. `node_s`: seconds that the autoscaler gives a node to join."""
    words, limit = heard(pod, look.events), timedelta(seconds=node_s)
    nodes = list(gpu_nodes(look.nodes, pod)) if model.gpus else []
    meant = [node for node in nodes if lasting_taint(node, pod) is None]
    ready = [node for node in meant if why_not_ready(node, pod) is None]
    usable = [node for node in ready if free(node, look) >= model.gpus and not _is_refused(node, look, words)]
    bare = [node for node in ready if not allocatable(node)]
    starting = [node for node in meant if node not in ready]
    if usable:
        name = usable[0]["metadata"]["name"]
        why = Evidence("scheduler", *unscheduled(pod))
        return waits("gpu", f"node {name} has a free GPU, and the pod is not on it yet: {why.text}", why, node=name)
    if bare:
        return _installing(look, bare)
    if starting:
        return _joining(look, pod, starting, words, limit)
    if words.gave_up(look.taken, limit):
        return _gave_up(words, limit)
    if words.last is not None and words.last["reason"] == TRIGGERED:
        return waits("node", "a node was ordered and has not joined yet", shown(words.last))
    return capacity(model, look, pod, words, nodes)


def _is_refused(node: Json, look: ModelLook, words: Words) -> bool:
    """Its GPU is taken by a pod that this look does not know, or it lacks something else that the pod asks for."""
    since = ready_since(node)
    return words.refusal is not None and since is not None and look.taken - since > _SETTLED


def _joining(look: ModelLook, pod: Json, nodes: Sequence[Json], words: Words, limit: timedelta) -> Stand:
    """A node has registered and does not take pods yet."""
    node = max(nodes, key=is_ready)
    name, why = node["metadata"]["name"], one_line(why_not_ready(node, pod) or "")
    detail, said = f"node {name} has joined and is not ready: {why}", Evidence(f"Node {name}", why)
    since = happened(words.trigger) if words.trigger else ready_since(node)
    since = since or moment(node["metadata"].get("creationTimestamp"))
    if is_ready(node) or since is None or look.taken - since <= limit:
        return waits("node", detail, said, node=name)
    fix = f"kubectl describe node {name}"
    return hopeless("node", "node-timeout", f"{detail}, after {_minutes(limit)}", fix, said, node=name)


def _gave_up(words: Words, limit: timedelta) -> Stand:
    """As cluster-autoscaler does at --max-node-provision-time (FAQ)."""
    detail = f"no node has joined in {_minutes(limit)} after one was ordered: the autoscaler has given up"
    fix = "kubectl -n kube-system describe configmap cluster-autoscaler-status"
    said = [shown(event) for event in (words.trigger, words.last) if event]
    return hopeless("node", "node-timeout", detail, fix, *dict.fromkeys(said))


def _installing(look: ModelLook, nodes: Sequence[Json]) -> Stand:
    """A node takes pods, and has no GPU for them: its driver is being installed, or cannot be."""
    name = nodes[0]["metadata"]["name"]
    detail = f"node {name} is there without its GPU: the driver is being installed"
    names = {node["metadata"]["name"] for node in nodes}
    troubled = [
        (pod, finding)
        for pod in look.operator_pods
        if pod["spec"].get("nodeName") in names and (finding := judge_pod(pod)) is not None
    ]
    for pod, finding in troubled:
        if finding.hope == "no" or _keeps_ending(pod):
            cause, fix = f"{finding.about}: {masked(finding.symptom)}", _describe(pod)
            return hopeless("gpu", "driver", f"node {name} gets no GPU: {cause}", fix, *_said(finding), node=name)
    said = [each for _, finding in troubled for each in _said(finding)]
    return waits("gpu", detail, *said, node=name)


def _keeps_ending(pod: Json) -> bool:
    """An operator's pods end once or twice while they wait for each other: three times is no more of that."""
    return any(restarts(each) >= GIVEN_UP and not each.get("ready") for each in statuses(pod))


def _said(finding: Finding) -> list[Evidence]:
    own = Evidence(finding.about, masked(finding.symptom))
    return [own, *(Evidence(each.source, masked(each.text), each.at) for each in finding.evidence)]


def _describe(pod: Json) -> str:
    meta = pod["metadata"]
    return f"kubectl -n {meta.get('namespace', '')} describe pod {meta['name']}"


def _minutes(limit: timedelta) -> str:
    return f"{limit.total_seconds() / 60:.0f} min"
