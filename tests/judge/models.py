"""A model on its way up, as small objects: a Deployment, its ReplicaSet, its pod, events and GPU nodes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aiops.judge.model import Model, model_of
from aiops.judge.phases.phase import Stand, stand_of
from aiops.snapshot import Json, ModelLook

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
NODE_S = 900.0
GPU = "nvidia.com/gpu"
OWNER = "chat (Deployment): "


def ago(seconds: float) -> str:
    """A moment before the look, as the API writes it."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def container(name: str = "vllm", **changes: Any) -> Json:
    """What the pod template says of a container."""
    return {
        "name": name,
        "image": "r.io/vllm:1",
        "args": ["--model=acme/Chat-7B-Instruct", "--served-model-name=chat-7b"],
        "ports": [{"name": "http", "containerPort": 8000}],
        "env": [{"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "key", "key": "api-key"}}}],
        "resources": {"limits": {"memory": "12Gi", GPU: 1}},
        **changes,
    }


STAGE: Json = {"name": "stage", "image": "r.io/vllm:1", "resources": {"limits": {"memory": "4Gi"}}}
TOLERATION: Json = {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}


def spec(**changes: Any) -> Json:
    """The pod template's spec."""
    return {"containers": [container()], "initContainers": [STAGE], "tolerations": [TOLERATION], **changes}


def deployment(pod_spec: Json | None = None, **changes: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "chat", "namespace": "models", "uid": "d", "generation": 2},
        "spec": {"replicas": 1, "template": {"spec": pod_spec or spec()}},
        "status": {"observedGeneration": 2},
        **changes,
    }


def replicaset(number: int = 1, **changes: Any) -> Json:
    """The Deployment's ReplicaSet of its nth template, uid rs-n."""
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"chat-{number}",
            "namespace": "models",
            "uid": f"rs-{number}",
            "annotations": {"deployment.kubernetes.io/revision": str(number)},
            "ownerReferences": [{"kind": "Deployment", "uid": "d", "controller": True}],
        },
        **changes,
    }


def pod(name: str = "chat-1-a", of: str = "rs-1", made_s: float = 300, **changes: Any) -> Json:
    """A pod that the scheduler has not looked at; its uid is its name."""
    meta: Json = {
        "name": name,
        "namespace": "models",
        "uid": name,
        "creationTimestamp": ago(made_s),
        "ownerReferences": [{"kind": "ReplicaSet", "uid": of, "controller": True}],
    }
    if "going" in changes:
        meta["deletionTimestamp"] = changes.pop("going")
    return {"kind": "Pod", "metadata": meta, "spec": spec(), "status": {"phase": "Pending"}, **changes}


def condition(kind: str, status: str, message: str = "", reason: str = "") -> Json:
    return {"type": kind, "status": status, "message": message, "reason": reason, "lastTransitionTime": ago(60)}


FULL = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."


def pending(message: str = FULL, **changes: Any) -> Json:
    """A pod that the scheduler could not place."""
    conditions = [condition("PodScheduled", "False", message, "Unschedulable")]
    return pod(status={"phase": "Pending", "conditions": conditions}, **changes)


def placed(*statuses: Json, ready: bool = False, init: tuple[Json, ...] = (), **changes: Any) -> Json:
    """A pod on node gpu-1, with what the kubelet says of its containers."""
    status = {
        "phase": "Running",
        "conditions": [condition("PodScheduled", "True"), condition("Ready", str(ready))],
        "initContainerStatuses": list(init),
        "containerStatuses": list(statuses),
    }
    return pod(**{"status": status, "spec": {**spec(), "nodeName": "gpu-1"}, **changes})


def state(name: str = "vllm", **changes: Any) -> Json:
    """What the kubelet says of a container that is being made."""
    waiting = {"waiting": {"reason": "PodInitializing" if name == "vllm" else "ContainerCreating"}}
    return {"name": name, "image": "r.io/vllm:1", "ready": False, "restartCount": 0, "state": waiting, **changes}


def running(name: str = "vllm", **changes: Any) -> Json:
    return state(name, state={"running": {"startedAt": ago(60)}}, **changes)


def waiting(reason: str, message: str = "", name: str = "vllm", **changes: Any) -> Json:
    return state(name, state={"waiting": {"reason": reason, "message": message}}, **changes)


def ended(code: int = 1, reason: str = "Error", restarts: int = 0, message: str = "", name: str = "vllm") -> Json:
    """A container that has ended, `restarts` times before."""
    how = {"exitCode": code, "reason": reason, "message": message, "finishedAt": ago(5)}
    return state(name, state={"terminated": how}, restartCount=restarts)


def again(code: int = 1, reason: str = "Error", restarts: int = 1, name: str = "vllm") -> Json:
    """A container that runs again after it ended."""
    before = {"terminated": {"exitCode": code, "reason": reason, "finishedAt": ago(30)}}
    return running(name, restartCount=restarts, lastState=before)


DONE = state("stage", ready=True, state={"terminated": {"exitCode": 0, "reason": "Completed"}})
"""The init container, which is over."""


def event(reason: str, message: str = "", ago_s: float = 10, of: str = "chat-1-a", **changes: Any) -> Json:
    """An event of the pod; with `in_` of one of its containers."""
    involved = {"uid": of}
    if "in_" in changes:
        involved["fieldPath"] = f"spec.containers{{{changes.pop('in_')}}}"
    return {
        "type": "Normal",
        "reason": reason,
        "message": message,
        "firstTimestamp": ago(ago_s),
        "lastTimestamp": ago(ago_s),
        "involvedObject": involved,
        **changes,
    }


TRIGGERED, REFUSED, FAILED = "TriggeredScaleUp", "NotTriggerScaleUp", "FailedScaleUp"
AT_MAX = "pod didn't trigger scale-up: 2 Insufficient nvidia.com/gpu, 1 max node group size reached"
BACKOFF = "pod didn't trigger scale-up: 1 in backoff after failed scale-up, 2 Insufficient nvidia.com/gpu"
_GKE = "Node scale up in zones z-a associated with this pod failed: {}. Pod is at risk of not being scheduled."
QUOTA, STOCKOUT = _GKE.format("GCE quota exceeded"), _GKE.format("GCE out of resources")


def node(name: str = "gpu-1", gpus: int | None = 1, ready: bool = True, since_s: float = 60, **changes: Any) -> Json:
    """A GPU node; `gpus` None: its driver is not there yet."""
    meta: Json = {
        "name": name,
        "labels": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
        "creationTimestamp": ago(200),
    }
    if "going" in changes:
        meta["deletionTimestamp"] = changes.pop("going")
    meta["labels"] |= changes.pop("labels", {})
    taints = [{"key": GPU, "value": "present", "effect": "NoSchedule"}, *changes.pop("taints", [])]
    kubelet = {**condition("Ready", str(ready), "kubelet is posting"), "lastTransitionTime": ago(since_s)}
    offers = {"cpu": "4", **({} if gpus is None else {GPU: str(gpus)})}
    return {
        "kind": "Node",
        "metadata": meta,
        "spec": {"taints": taints, **changes},
        "status": {"conditions": [kubelet], "allocatable": offers},
    }


def taint(key: str, effect: str = "NoSchedule", value: str = "") -> Json:
    return {"key": key, "effect": effect, **({"value": value} if value else {})}


def group(status: str, code: str = "", message: str = "", since_s: float = 60, target: int = 0) -> Json:
    """A node group of the autoscaler's report (cluster-autoscaler 1.30, clusterstate/api/types.go)."""
    info = {"errorCode": code, "errorMessage": message} if code or message else {}
    return {
        "name": "grp",
        "health": {"status": "Healthy", "cloudProviderTarget": target, "minSize": 0, "maxSize": 1},
        "scaleUp": {"status": status, "backoffInfo": info, "lastTransitionTime": ago(since_s)},
    }


def report(*groups: Json, cluster: str = "NoActivity") -> Json:
    return {"autoscalerStatus": "Running", "clusterWide": {"scaleUp": {"status": cluster}}, "nodeGroups": list(groups)}


def look(*pods: Json, **changes: Any) -> ModelLook:
    """One look, at a Deployment with one ReplicaSet where nothing else is said."""
    return ModelLook(
        **{"taken": NOW, "deployment": deployment(), "replicasets": (replicaset(),), "pods": pods, **changes}
    )


MODEL: Model = model_of(deployment())


def judged(*pods: Json, model: Model = MODEL, node_s: float = NODE_S, **changes: Any) -> Stand:
    """Where the model stands, by such a look; every verdict keeps the rules that hold for all."""
    stand = stand_of(model, look(*pods, **changes), node_s=node_s)
    assert stand.detail.startswith(OWNER), "owner first"
    assert "\n" not in stand.detail
    assert stand.hope in ("yes", "no")
    assert bool(stand.id and stand.fix) == bool(stand.id or stand.fix) == (stand.hope == "no"), (
        "an id and a cure, or none"
    )
    assert all(each.text and each.source for each in stand.evidence)
    return stand


def short(stand: Stand) -> tuple[str, str, str]:
    """Its phase, the id of its cause, and its detail without the owner."""
    return stand.phase, stand.id, stand.detail.removeprefix(OWNER)
