"""GPU nodes: whether a pod may run on one, now or soon."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.gitops.models import GPU
from aiops.judge.bill import is_gpu_node
from aiops.snapshot import Json, moment

_LEAVING = frozenset(
    {"ToBeDeletedByClusterAutoscaler", "cloud.google.com/impending-node-termination", "karpenter.sh/disrupted"}
)
_PASSING = (
    "node.kubernetes.io/",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.cilium.io/",
    "startup-taint.cluster-autoscaler.kubernetes.io/",
    "ignore-taint.cluster-autoscaler.kubernetes.io/",
    "karpenter.sh/",
)
"""Taints that a node has while it starts, or is short of something; whoever set them takes them away."""
_LATE_LABELS = "nvidia.com/"
"""Labels that the GPU's own operator adds, once its driver is there."""


def gpu_nodes(nodes: tuple[Json, ...], pod: Json) -> Iterator[Json]:
    """The GPU nodes that the pod's node selector means, without those that are leaving or cordoned."""
    for node in nodes:
        cordoned = (node.get("spec") or {}).get("unschedulable")
        if is_meant(node, pod) and not cordoned and not is_leaving(node):
            yield node


def is_meant(node: Json, pod: Json) -> bool:
    """It is a GPU node, and has the labels of the pod's node selector or may still get them."""
    labels = node["metadata"].get("labels") or {}
    if not is_gpu_node(node):
        return False
    wanted = pod["spec"].get("nodeSelector") or {}
    return all(
        labels.get(label) == each or (label not in labels and label.startswith(_LATE_LABELS))
        for label, each in wanted.items()
    )


def is_leaving(node: Json) -> bool:
    """Somebody removes it."""
    return bool(node["metadata"].get("deletionTimestamp")) or any(taint["key"] in _LEAVING for taint in _taints(node))


def allocatable(node: Json) -> int:
    """GPUs that it offers to pods, taken or not."""
    return int((node.get("status", {}).get("allocatable") or {}).get(GPU) or 0)


def is_ready(node: Json) -> bool:
    """By its Ready condition: its kubelet runs, and its network is there."""
    return _condition(node).get("status") == "True"


def why_not_ready(node: Json, pod: Json) -> str | None:
    """What a node that starts still waits for; None: it takes pods."""
    ready = _condition(node)
    if not is_ready(node):
        return str(ready.get("message") or ready.get("reason") or "its kubelet has not reported yet")
    return next((f"taint {taint['key']}" for taint in _refusing(node, pod) if _passes(taint)), None)


def ready_since(node: Json) -> datetime | None:
    """When its Ready condition last changed; None where it has none."""
    return moment(str(_condition(node).get("lastTransitionTime") or ""))


def lasting_taint(node: Json, pod: Json) -> str | None:
    """A taint that the pod does not tolerate and that stays, as `key=value:effect`."""
    for taint in _refusing(node, pod):
        if not _passes(taint):
            value = f"={taint['value']}" if taint.get("value") else ""
            return f"{taint['key']}{value}:{taint['effect']}"
    return None


def _condition(node: Json) -> Mapping[str, object]:
    conditions = node.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == "Ready"), {})


def _taints(node: Json) -> list[Json]:
    return (node.get("spec") or {}).get("taints") or []


def _passes(taint: Json) -> bool:
    key = str(taint["key"])
    return key.startswith(_PASSING) or key.endswith("agent-not-ready")


def _refusing(node: Json, pod: Json) -> Iterator[Json]:
    tolerations = pod["spec"].get("tolerations") or ()
    for taint in _taints(node):
        hard = taint.get("effect") in ("NoSchedule", "NoExecute")
        if hard and not any(_tolerates(each, taint) for each in tolerations):
            yield taint


def _tolerates(toleration: Json, taint: Json) -> bool:
    """As the scheduler compares them (core/v1 Toleration.ToleratesTaint)."""
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("key") not in (None, "", taint["key"]):
        return False
    same_value = str(toleration.get("value") or "") == str(taint.get("value") or "")
    return same_value or toleration.get("operator") == "Exists"
