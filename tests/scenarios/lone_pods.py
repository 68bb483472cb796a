"""Pods and a GPU node of which the test is the kubelet: what it would write of them, written by hand.

Logs are those of a node whose kubelet KWOK plays. The scheduler and the controllers are the cluster's own.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiops.snapshot import Json
from tests.scenarios.breaking import LONG_AGO_S, Broken, Environ, made
from tests.scenarios.by_hand import GPU, IMAGE, OF, OFF, SERVER, container, end, stamp, waiting
from tests.scenarios.cluster import Cluster, eventually, get, patch_status
from tests.scenarios.conftest import Operator

NODE, GPU_NODE = "cpu-0", "gpu-of-tests"
"""Of the cluster; and the one that `gpu_node` makes."""
SPACE, NAME = "default", "lone"
OF_NODE = {OF: GPU_NODE}
"""Label of that node and of what is meant for it."""
ANYWHERE = [{"operator": "Exists"}]
ONE_GPU = {"resources": {"limits": {GPU: "1"}}}


@dataclass(frozen=True)
class Event:
    """What somebody says of an object, now for the last time."""

    reason: str
    message: str
    count: int = 1
    source: str = "kubelet"


def pod(name: str = NAME, *, labels: Json | None = None, **spec: Any) -> Json:
    """One that ends at once when it is deleted: there is nobody to end it."""
    meta = {"name": name, "namespace": SPACE, "annotations": OFF, "labels": labels or {}}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": meta,
        "spec": {"terminationGracePeriodSeconds": 0, **spec},
    }  # fmt: skip


def model(name: str = NAME, asks: Json | None = None, **spec: Any) -> Json:
    """A model's pod on a node; `asks`: of its container."""
    return pod(name, nodeName=NODE, containers=[{"name": SERVER, "image": IMAGE, **(asks or {})}], **spec)


def gpu_pod(name: str, *, selector: Json = OF_NODE) -> Json:
    """A pod for which the scheduler has to find a GPU."""
    container = {"name": SERVER, "image": IMAGE, **ONE_GPU}
    return pod(name, nodeSelector=selector, tolerations=ANYWHERE, containers=[container])


def since_long_ago(ready: str, *containers: Json, phase: str = "Running") -> Json:
    """The status of a pod that has its node, and is ready or is not, since an hour ago."""
    said = {"PodScheduled": "True", "Ready": ready}
    conditions = [{"type": kind, "status": said[kind], "lastTransitionTime": stamp(LONG_AGO_S)} for kind in said]
    return {"phase": phase, "conditions": conditions, "containerStatuses": containers}


def never_ready(*containers: Json, phase: str = "Running") -> Json:
    return since_long_ago("False", *containers, phase=phase)


def up(ago_s: float = LONG_AGO_S, **changes: Any) -> Json:
    """A container that runs for so long."""
    return container(state={"running": {"startedAt": stamp(ago_s)}}, **changes)


@contextmanager
def told(cluster: Cluster, kind: str, name: str, event: Event, of: str = "") -> Iterator[None]:
    """An event on an object; `of` one of a pod's containers."""
    body = get(cluster, kind, name, SPACE)
    meta = body["metadata"]
    about = {"kind": body["kind"], "name": meta["name"], "namespace": SPACE, "uid": meta["uid"]}
    path = {"fieldPath": f"spec.containers{{{of}}}"} if of else {}
    with made(
        cluster,
        {
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{name}.by-hand", "namespace": SPACE},
            "involvedObject": {"apiVersion": body["apiVersion"], **about, **path},
            "reason": event.reason, "message": event.message, "type": "Warning", "count": event.count,
            "source": {"component": event.source}, "firstTimestamp": stamp(LONG_AGO_S), "lastTimestamp": stamp(),
        },
    ):  # fmt: skip
        yield


@contextmanager
def logged(cluster: Cluster, name: str, line: str) -> Iterator[None]:
    """The end of the log of a container's run before."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log"
        file.write_text(f"{stamp()[:-1]}.000000000Z stderr F {line}\n")
        spec = {"logs": [{"previousLogsFile": str(file), "containers": [SERVER]}]}
        meta = {"name": name, "namespace": SPACE}
        with made(cluster, {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Logs", "metadata": meta, "spec": spec}):
            yield


@contextmanager
def played(
    cluster: Cluster, body: Json, status: Json, event: Event | None = None, log: str = "", of: str = SERVER
) -> Iterator[None]:
    """A pod, with what its kubelet says of it."""
    name = body["metadata"]["name"]
    with ExitStack() as there:
        there.enter_context(made(cluster, body))
        patch_status(cluster, "pod", name, status)
        if event is not None:
            there.enter_context(told(cluster, "pod", name, event, of))
        if log:
            there.enter_context(logged(cluster, name, log))
        yield


def fails(
    asks: Json | None = None, *, reason: str = "Error", code: int = 1, event: Event | None = None, log: str = "",
    **spec: Any,
) -> Broken:  # fmt: skip
    """A model that has ended three times, just now for the last, and was never ready."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        ended = waiting("CrashLoopBackOff", restartCount=3, lastState=end(code, reason))
        with played(operator.cluster, model(asks=asks, **spec), never_ready(ended), event, log):
            yield {}

    return broken


def runs(asks: Json | None = None, *, event: Event | None = None) -> Broken:
    """A model that runs since an hour ago, and was never ready."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        with played(operator.cluster, model(asks=asks), never_ready(up()), event):
            yield {}

    return broken


# What the scheduler decides.


@contextmanager
def gpu_node(cluster: Cluster, *conditions: Json) -> Iterator[None]:
    """A node with one GPU, for what is meant for it; no kubelet says anything of it but that it is ready."""
    kubelet = get(cluster, "node", NODE, SPACE)["status"]
    ready = {"type": "Ready", "status": "True", "lastHeartbeatTime": stamp(), "lastTransitionTime": stamp(60)}
    size = {"cpu": "8", "memory": "32Gi", "pods": "110", GPU: "1"}
    labels = {**OF_NODE, "cloud.google.com/gke-accelerator": "nvidia-l4", "type": "kwok"}
    status = {
        "allocatable": size, "capacity": size, "conditions": [ready, *conditions],
        "addresses": kubelet["addresses"], "daemonEndpoints": kubelet["daemonEndpoints"],
    }  # fmt: skip
    body = {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": GPU_NODE, "labels": labels, "annotations": OFF},
        "spec": {"taints": [{"key": GPU, "value": "present", "effect": "NoSchedule"}]}, "status": status,
    }  # fmt: skip
    with made(cluster, body):
        yield


@contextmanager
def placed(cluster: Cluster, name: str, status: Json) -> Iterator[None]:
    """A GPU pod that the scheduler has given the node, with what its kubelet says of it."""
    with made(cluster, gpu_pod(name)):
        cluster.kubectl("-n", SPACE, "wait", "pod", name, "--for=condition=PodScheduled", "--timeout=60s")
        patch_status(cluster, "pod", name, status)
        yield


@contextmanager
def unplaced(cluster: Cluster, name: str, *, selector: Json = OF_NODE) -> Iterator[None]:
    """A GPU pod that the scheduler has refused."""
    with made(cluster, gpu_pod(name, selector=selector)):
        cluster.kubectl("-n", SPACE, "wait", "pod", name, "--for=condition=PodScheduled=False", "--timeout=60s")
        yield


@contextmanager
def deployed(cluster: Cluster, name: str, *, namespace: str = SPACE, **meta: Any) -> Iterator[None]:
    """A Deployment that rolls, with one pod, which has the node's GPU; all of it is gone afterwards."""
    labels = {"app.kubernetes.io/name": name}
    spec = gpu_pod(name)["spec"]
    body = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace, **meta},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels, "annotations": OFF}, "spec": spec},
        },
    }  # fmt: skip
    chosen = ("-n", namespace, "get", "pods", "-l", f"app.kubernetes.io/name={name}", "-o", "json")

    def pods() -> list[Json]:
        found: list[Json] = json.loads(cluster.kubectl(*chosen))["items"]
        return found

    with made(cluster, body):
        eventually(cluster, f"{name} has a node", lambda: any(each["spec"].get("nodeName") for each in pods()))
        status = since_long_ago("True", up(ready=True))
        patch_status(cluster, "pod", pods()[0]["metadata"]["name"], status, namespace)
        yield
    eventually(cluster, f"the pods of {name} are gone", lambda: not pods())
