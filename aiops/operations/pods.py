"""The pods of a workload that can be asked something, or why none can."""

from collections.abc import Iterable

from aiops.clients.kube import EVENTS, NODES, PODS, Kube
from aiops.errors import Forbidden, NotFound
from aiops.judge.event import events_of
from aiops.judge.finding import worst
from aiops.judge.lineage import is_ready
from aiops.judge.pod import judge_pod
from aiops.judge.stoppable import pods_of
from aiops.snapshot import Json


def ready_pods(kube: Kube, deployment: Json) -> tuple[tuple[Json, ...], str]:
    """(its ready pods, why the others are not)."""
    namespace = deployment["metadata"]["namespace"]
    pods = pods_of(deployment, kube.list(PODS, namespace).items)
    ready = tuple(pod for pod in pods if can_be_asked(pod))
    return ready, "" if ready or not pods else _why_not(kube, namespace, pods)


def can_be_asked(pod: Json) -> bool:
    """It is ready, and not on its way out."""
    return is_ready(pod) and not pod["metadata"].get("deletionTimestamp")


def node_of(kube: Kube, pod: Json) -> Json | None:
    """The node it is on; None where there is none (any more), or where it may not be read."""
    name = pod["spec"].get("nodeName")
    try:
        return kube.get(NODES, name) if name else None
    except (NotFound, Forbidden):
        return None


def _why_not(kube: Kube, namespace: str, pods: Iterable[Json]) -> str:
    events = kube.list(EVENTS, namespace).items
    found = worst(finding for pod in pods if (finding := judge_pod(pod, events_of(pod, events))) is not None)
    return f"{found.about}: {found.symptom}" if found else ""
