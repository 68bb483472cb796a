"""Faults of nodes, storage, network and GPUs."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from aiops.lab.api.kinds import Json
from aiops.lab.api.refusals import Refusal
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.hands import LONG_AGO_S, OFF, SOMEBODY, aged, annotate, made, put_back, whenever
from aiops.lab.world.pods import GPU, asks_for_gpu

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
ACCELERATOR = {"cloud.google.com/gke-accelerator": "nvidia-l4"}
REPORT = """\
autoscalerStatus: Running
nodeGroups:
  - name: gpu-l4
    health: {status: Healthy, cloudProviderTarget: 1, minSize: 0, maxSize: 1}
    scaleUp: {status: NotNeeded}
"""
"""ConfigMap cluster-autoscaler-status, as autoscaler 1.30 and newer write it."""


def node(cluster: Cluster, name: str, *, ready: bool = True, gpus: int | None = None) -> Json:
    """A node that came long ago; `gpus` None: it has none, 0: its driver is missing."""
    size = {"cpu": "8", "memory": "32Gi", "pods": "110", **({GPU: str(gpus)} if gpus else {})}
    then = cluster.clock.stamp(LONG_AGO_S)
    said = {} if ready else {"reason": "KubeletNotReady", "message": "container runtime network not ready: cni"}
    condition = {"type": "Ready", "status": str(ready), "lastHeartbeatTime": then, "lastTransitionTime": then, **said}
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {} if gpus is None else ACCELERATOR, "annotations": OFF},
        "spec": {"taints": [{"key": GPU if gpus is not None else "example.com/apart", "effect": "NoSchedule"}]},
        "status": {"conditions": [condition], "allocatable": size, "capacity": size},
    }  # fmt: skip


def node_not_ready(cluster: Cluster) -> AbstractContextManager[None]:
    """A node whose network does not come up."""
    return made(cluster, "nodes", node(cluster, "silent", ready=False), ago_s=LONG_AGO_S)


def node_without_driver(cluster: Cluster) -> AbstractContextManager[None]:
    """A GPU node that offers no GPU."""
    return made(cluster, "nodes", node(cluster, "gpu-bare", gpus=0), ago_s=LONG_AGO_S)


@contextmanager
def node_nobody_uses(cluster: Cluster) -> Iterator[None]:
    """A GPU node that the autoscaler does not take away, long after somebody scaled a model down."""

    def scaled_long_ago(body: Json) -> None:
        recent = cluster.clock.stamp(LONG_AGO_S / 2)
        written = [each["time"] for each in body["metadata"].get("managedFields") or ()]
        if asks_for_gpu(body["spec"]["template"]) and any(time > recent for time in written):
            aged(cluster, "deployments.apps", body)

    idle = made(cluster, "nodes", node(cluster, "gpu-idle", gpus=1), ago_s=LONG_AGO_S)
    with whenever(cluster, "deployments.apps", scaled_long_ago), idle:
        yield


@contextmanager
def nodes_of_another_cloud(cluster: Cluster) -> Iterator[None]:
    """Nodes that are not of the provider that the config's gpu_stack means."""

    def move(body: Json, old: str = "gce://", new: str = "aws://") -> None:
        if (provider := body["spec"].get("providerID", "")).startswith(old):
            spec = {**body["spec"], "providerID": provider.replace(old, new)}
            put_back(cluster, "nodes", {**body, "spec": spec})

    with whenever(cluster, "nodes", move):
        yield
    for body in cluster.objects.list("nodes"):
        move(body, "aws://", "gce://")


@contextmanager
def no_default_class(cluster: Cluster) -> Iterator[None]:
    """Somebody took the mark away."""
    resource = "storageclasses.storage.k8s.io"
    marked = [body for body in cluster.objects.list(resource) if DEFAULT_CLASS in body["metadata"]["annotations"]]
    for body in marked:
        annotate(cluster, resource, body, {DEFAULT_CLASS: "false"})
    yield
    for body in marked:
        annotate(cluster, resource, body, {DEFAULT_CLASS: "true"})


def no_address(cluster: Cluster) -> AbstractContextManager[None]:
    """A Service whose load balancer the cloud does not make."""
    meta = {"name": "edge", "namespace": "default", "annotations": OFF}
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
    return made(cluster, "services", body, ago_s=LONG_AGO_S)


def api_without_server(cluster: Cluster) -> AbstractContextManager[None]:
    """A part of the API whose own server is gone."""
    name, group = "v1.gone.example.com", "gone.example.com"
    service = {"name": "nowhere", "namespace": "default", "port": 443}
    spec = {"group": group, "version": "v1", "service": service, "groupPriorityMinimum": 100, "versionPriority": 100}
    then = cluster.clock.stamp(LONG_AGO_S)
    why = 'service/nowhere in "default" is not present'
    available = {"type": "Available", "status": "False", "reason": "ServiceNotFound", "message": why}
    body = {
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": name, "annotations": OFF}, "spec": spec,
    }  # fmt: skip
    status = {"conditions": [{**available, "lastTransitionTime": then}]}
    return made(cluster, "apiservices.apiregistration.k8s.io", body, status)


def no_more_nodes(cluster: Cluster) -> AbstractContextManager[None]:
    """The GPU node group is as large as it may be, as the autoscaler reports; its one node is not there."""
    meta = {"name": "cluster-autoscaler-status", "namespace": "kube-system"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"status": REPORT}}
    return made(cluster, "configmaps", body)


@contextmanager
def forgotten_model(cluster: Cluster) -> Iterator[None]:
    """A GPU model that somebody scaled up an hour ago, and that nobody has asked anything since."""
    chosen: list[Json] = []

    def raise_one(body: Json) -> None:
        if not chosen and asks_for_gpu(body["spec"]["template"]):
            chosen.append(scale(cluster, body, 1))
            aged(cluster, "deployments.apps", chosen[0])

    def has_run(body: Json) -> None:
        started = cluster.clock.stamp(LONG_AGO_S)
        states = [each.get("state", {}).get("running") for each in body["status"].get("containerStatuses") or ()]
        if asks_for_gpu(body) and states and all(states) and any(each["startedAt"] > started for each in states):
            containers = [
                {**each, "state": {"running": {"startedAt": started}}} for each in body["status"]["containerStatuses"]
            ]
            cluster.objects.set_status("pods", body, {**body["status"], "containerStatuses": containers}, SOMEBODY)

    with whenever(cluster, "pods", has_run), whenever(cluster, "deployments.apps", raise_one):
        yield
    for body in chosen:
        with suppress(Refusal):  # it is gone
            scale(cluster, body, 0)


def scale(cluster: Cluster, body: Json, replicas: int) -> Json:
    """A Deployment with so many replicas from now on."""
    meta = body["metadata"]
    return cluster.objects.edit(
        "deployments.apps", meta["name"], meta["namespace"],
        lambda now: {**now, "spec": {**now["spec"], "replicas": replicas}}, SOMEBODY,
    )  # fmt: skip
