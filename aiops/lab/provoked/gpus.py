"""Faults of models that want a GPU: none comes, another has it, it is too small, or it is kept for nobody."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from aiops.lab.api.kinds import Json
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.hands import LONG_AGO_S, OFF, SOMEBODY, made
from aiops.lab.provoked.infrastructure import forgotten_model, node
from aiops.lab.provoked.model_pods import keeps_ending, model_pod
from aiops.lab.world.events import record
from aiops.lab.world.ownership import reference
from aiops.lab.world.pods import GPU, asks_for_gpu

NAMESPACE, NODE = "default", "gpu-full"
ONE_GPU = {"resources": {"limits": {GPU: "1"}, "requests": {GPU: "1"}}}
NO_ROOM = "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) didn't match Pod's node affinity/selector."
DENIED = "Node scale up in zones us-central1-a associated with this pod failed: GCE {}"
NO_CACHE = (
    "ValueError: To serve at least one request with the model's max seq len (16384), 3.00 GiB KV cache is needed, "
    "which is larger than the available KV cache memory (0.92 GiB)."
)


def _pod(name: str, on: str = "", owner: Json | None = None) -> Json:
    """A GPU pod that nobody schedules or runs."""
    meta: Json = {"name": name, "namespace": NAMESPACE, "annotations": OFF}
    if owner is not None:
        labels = owner["spec"]["template"]["metadata"]["labels"]
        meta |= {"labels": labels, "ownerReferences": [reference(owner)]}
    spec: Json = {"schedulerName": "nobody", "containers": [{"name": "server", "image": "vllm", **ONE_GPU}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {**spec, **({"nodeName": on} if on else {})}}


def _waits(cluster: Cluster) -> Json:
    """The status of a pod that the scheduler has refused for an hour."""
    said = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": NO_ROOM}
    return {"phase": "Pending", "conditions": [{**said, "lastTransitionTime": cluster.clock.stamp(LONG_AGO_S)}]}


@contextmanager
def _denied(cluster: Cluster, why: str) -> Iterator[None]:
    """A pod for which the cloud gives no node."""
    with made(cluster, "pods", _pod("waiting"), _waits(cluster), ago_s=LONG_AGO_S):
        pod = cluster.objects.get("pods", "waiting", NAMESPACE)
        record(cluster.objects, pod, "FailedScaleUp", DENIED.format(why), source="cluster-autoscaler", kind="Warning")
        yield


def quota_used_up(cluster: Cluster) -> AbstractContextManager[None]:
    """The cloud's quota of GPUs is used up."""
    return _denied(cluster, "quota exceeded")


def out_of_stock(cluster: Cluster) -> AbstractContextManager[None]:
    """The cloud has no such machine left."""
    return _denied(cluster, "out of resources")


@contextmanager
def one_too_many(cluster: Cluster) -> Iterator[None]:
    """Two pods, and one GPU."""
    with ExitStack() as there:
        there.enter_context(made(cluster, "nodes", node(cluster, NODE, gpus=1), ago_s=LONG_AGO_S))
        there.enter_context(made(cluster, "pods", _pod("holding", NODE), {"phase": "Running"}, ago_s=LONG_AGO_S))
        there.enter_context(made(cluster, "pods", _pod("waiting"), _waits(cluster), ago_s=LONG_AGO_S))
        yield


@contextmanager
def rolls(cluster: Cluster) -> Iterator[None]:
    """A Deployment whose new pod waits for the GPU that its old one has."""
    labels = {"app.kubernetes.io/name": "rolling"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "server", "image": "vllm", **ONE_GPU}]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    meta = {"name": "rolling", "namespace": NAMESPACE}
    body = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
        "spec": {**spec, "strategy": {"type": "RollingUpdate"}, "paused": True},  # nobody goes on with it
    }  # fmt: skip
    with ExitStack() as there:
        there.enter_context(made(cluster, "nodes", node(cluster, NODE, gpus=1), ago_s=LONG_AGO_S))
        there.enter_context(made(cluster, "deployments.apps", body))
        deployment = cluster.objects.get("deployments.apps", "rolling", NAMESPACE)
        for name, on, status in (("old", NODE, {"phase": "Running"}), ("new", "", _waits(cluster))):
            coded = {**labels, "pod-template-hash": name}
            kept = {**spec, "selector": {"matchLabels": coded}, "template": {**template, "metadata": {"labels": coded}}}
            owned = {"name": f"rolling-{name}", "namespace": NAMESPACE, "ownerReferences": [reference(deployment)]}
            replicaset = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": owned, "spec": kept}
            owner = cluster.objects.create("replicasets.apps", replicaset, SOMEBODY)
            pod = _pod(f"rolling-{name}", on, owner)
            there.enter_context(made(cluster, "pods", pod, status, ago_s=LONG_AGO_S / (1 if on else 2)))
        yield


def too_small(cluster: Cluster) -> AbstractContextManager[None]:
    """A model whose KV cache has no room on the GPU on which it landed."""
    return model_pod(cluster, keeps_ending(cluster), ONE_GPU, log=NO_CACHE)


def killed_for_its_memory(cluster: Cluster) -> AbstractContextManager[None]:
    """A model that the kernel kills while it loads."""
    spec = {"resources": {"limits": {GPU: "1", "memory": "12Gi"}}}
    return model_pod(cluster, keeps_ending(cluster, "OOMKilled", 137), spec)


@contextmanager
def kept_for_nobody(cluster: Cluster) -> Iterator[None]:
    """A service that asks for no replicas, whose autoscaler keeps the one that nobody uses."""
    with forgotten_model(cluster), ExitStack() as there:
        found = (each for each in cluster.objects.list("deployments.apps") if asks_for_gpu(each["spec"]["template"]))
        target = next((each for each in found if each["spec"]["replicas"]), None)
        if target is None:  # none is there yet
            yield
            return
        namespace, name = target["metadata"]["namespace"], target["metadata"]["name"]
        meta = {"name": "never-none", "namespace": namespace}
        body = {
            "apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService",
            "metadata": {**meta, "annotations": OFF}, "spec": {"predictor": {"minReplicas": 0}},
        }  # fmt: skip
        there.enter_context(made(cluster, "inferenceservices.serving.kserve.io", body))
        service = cluster.objects.get("inferenceservices.serving.kserve.io", "never-none", namespace)
        scaler = {
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {**meta, "ownerReferences": [reference(service)]},
            "spec": {
                "minReplicas": 1, "maxReplicas": 1,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            },
        }  # fmt: skip
        there.enter_context(made(cluster, "horizontalpodautoscalers.autoscaling", scaler))
        yield


def without_storage(cluster: Cluster) -> AbstractContextManager[None]:
    """A predictor's pod that KServe's webhook has not looked at."""
    meta = {"name": "bare-predictor", "namespace": NAMESPACE, "annotations": OFF}
    container = {
        "name": "kserve-container", "image": "vllm",
        "env": [{"name": "STORAGE_URI", "value": "oci://registry.example.com/qwen"}],
    }  # fmt: skip
    body = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {**meta, "labels": {"serving.kserve.io/inferenceservice": "bare"}},
        "spec": {"schedulerName": "nobody", "containers": [container]},
    }  # fmt: skip
    return made(cluster, "pods", body, {"phase": "Pending"})
