"""Gotchas of models, their GPUs, volumes and metrics: each as it happens, named by `doctor`, and mended."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from aiops.snapshot import Json
from tests.scenarios.breaking import (
    LONG_AGO_S,
    PROFILE,
    Broken,
    Environ,
    Seen,
    as_if_long_ago,
    assert_sound,
    by_kubectl,
    doctor,
    later,
    made,
    rewritten,
    settle,
    with_object,
)
from tests.scenarios.by_hand import GPU, IMAGE, OFF, SERVER, stamp, waiting
from tests.scenarios.cluster import Cluster, eventually, get, patch_status
from tests.scenarios.conftest import Operator
from tests.scenarios.lone_pods import (
    NAME,
    NODE,
    ONE_GPU,
    SPACE,
    Event,
    deployed,
    fails,
    gpu_node,
    model,
    never_ready,
    placed,
    played,
    pod,
    runs,
    since_long_ago,
    told,
    unplaced,
    up,
)
from tests.scenarios.models import MODEL, NAMESPACE, gpu_nodes, model_server, scale

pytestmark = pytest.mark.long

RATE_LIMITED = (
    "huggingface_hub.errors.HfHubHTTPError: 429 Client Error: Too Many Requests for url: https://huggingface.co"
)
NOT_STAGED = "huggingface_hub.errors.LocalEntryNotFoundError: Cannot find the requested files in the disk cache"
OUT_OF_MEMORY = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.02 GiB."
NO_CACHE = (
    "ValueError: To serve at least one request with the model's max seq len (16384), 3.00 GiB KV cache is needed, "
    "which is larger than the available KV cache memory (0.92 GiB)."
)
DENIED_IMAGE = (
    'Back-off pulling image "ghcr.io/example/private:1": ErrImagePull: rpc error: code = Unknown desc = failed to pull '
    "and unpack image: failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"
)
HELD = 'Multi-Attach error for volume "pvc-0" Volume is already used by pod(s) writer-old'
NO_NODE = "Node scale up in zones us-central1-a associated with this pod failed: GCE {}"
TWO_SERVERS = (
    'Error creating: admission webhook "inferenceservice.kserve-webhook-server.pod-mutator" denied the request: '
    "cannot find container: kserve-container"
)
NO_METRICS = (
    "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for "
    "resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource "
    "(get pods.metrics.k8s.io)"
)
MEMORY = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}}
OFFLINE = {"env": [{"name": "HF_HUB_OFFLINE", "value": "1"}]}
SHARES = {
    "resources": {"limits": {"memory": "4Gi"}}, "volumeMounts": [{"name": MEMORY["name"], "mountPath": "/dev/shm"}],
}  # fmt: skip
EXPORTER = "nvcr.io/nvidia/k8s/dcgm-exporter:4.2.3-4.1.3-ubuntu22.04"
PAUSED = "autoscaling.keda.sh/paused"
MONITORS = "monitoring.coreos.com"


# A model's pods.


OF_KEY = {"name": NAME, "namespace": SPACE}


@contextmanager
def with_key(operator: Operator, up_s: float) -> Iterator[None]:
    """A server that reads its key from a Secret, and is up for so long."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": OF_KEY, "stringData": {"api-key": "before"}}
    reads = {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": NAME, "key": "api-key"}}}
    status = since_long_ago("True", up(up_s, ready=True))
    with made(operator.cluster, secret), played(operator.cluster, model(asks={"env": [reads]}), status):
        yield


@contextmanager
def key_rotated(operator: Operator) -> Iterator[Environ]:
    """Somebody changes it: until then nothing is wrong."""
    with with_key(operator, LONG_AGO_S / 2):
        as_if_long_ago(operator.cluster, "secret", NAME, SPACE, "f:data")
        assert_sound(operator, "model-key-current")
        after = json.dumps({"stringData": {"api-key": "after"}})
        operator.cluster.kubectl("-n", SPACE, "patch", "secret", NAME, "-p", after)
        yield {}


@contextmanager
def key_not_fetched(operator: Operator) -> Iterator[Environ]:
    """What makes the Secret has failed for an hour."""
    said = {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "could not get secret data",
            "lastTransitionTime": stamp(LONG_AGO_S)}  # fmt: skip
    body = {
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {**OF_KEY, "annotations": OFF},
        "spec": {"target": {"name": NAME}, "data": [{"secretKey": "api-key", "remoteRef": {"key": "lone"}}]},
    }  # fmt: skip
    with with_key(operator, 0), made(operator.cluster, body):
        patch_status(operator.cluster, "externalsecret", NAME, {"conditions": [said]})
        yield {}


@contextmanager
def image_denied(operator: Operator) -> Iterator[Environ]:
    said = waiting("ImagePullBackOff", DENIED_IMAGE, image="ghcr.io/example/private:1")
    with played(operator.cluster, model(), never_ready(said, phase="Pending")):
        yield {}


@contextmanager
def volume_held(operator: Operator) -> Iterator[Environ]:
    said = waiting("ContainerCreating")
    event = Event("FailedAttachVolume", HELD, source="attachdetach-controller")
    with played(operator.cluster, model(), never_ready(said, phase="Pending"), event, of=""):
        yield {}


def claim(of_class: str) -> Json:
    spec = {
        "accessModes": ["ReadWriteOnce"], "storageClassName": of_class, "resources": {"requests": {"storage": "1Gi"}},
    }  # fmt: skip
    meta = {"name": "models", "namespace": SPACE, "annotations": OFF}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}


def without_driver(mode: str) -> Json:
    """A class whose driver was never installed."""
    return {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "orphaned"},
        "provisioner": "csi.example.test", "volumeBindingMode": mode,
    }  # fmt: skip


@contextmanager
def nobody_makes_volumes(operator: Operator) -> Iterator[Environ]:
    with made(operator.cluster, without_driver("Immediate"), claim("orphaned")):
        until_told(operator.cluster, "ExternalProvisioning")
        yield {}


@contextmanager
def nobody_makes_its_volume(operator: Operator) -> Iterator[Environ]:
    """Of a class that waits for the first pod: until there is one, nothing is wrong."""
    cluster = operator.cluster
    with made(cluster, without_driver("WaitForFirstConsumer"), claim("orphaned")):
        until_told(cluster, "WaitForFirstConsumer")
        assert_sound(operator, "claims-bound")
        volume = {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
        with made(cluster, pod(containers=[{"name": SERVER, "image": IMAGE}], volumes=[volume])):
            until_told(cluster, "ExternalProvisioning")
            yield {}


def until_told(cluster: Cluster, reason: str) -> None:
    """The controller of volumes says so of the claim."""
    uid = get(cluster, "persistentvolumeclaim", "models", SPACE)["metadata"]["uid"]
    words = ("get", "events", "-o", "name", f"--field-selector=involvedObject.uid={uid},reason={reason}")
    eventually(cluster, reason, lambda: bool(cluster.kubectl("-n", SPACE, *words)))


# GPUs.


def cloud_denies(why: str) -> Broken:
    """A pod for which the cloud gives no node."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        event = Event("FailedScaleUp", NO_NODE.format(why), source="cluster-autoscaler")
        with (
            unplaced(operator.cluster, NAME, selector={"tests/of": "nowhere"}),
            told(operator.cluster, "pod", NAME, event),
        ):
            yield {}

    return broken


REPORT = """
autoscalerStatus: Running
nodeGroups:
  - name: gpu-l4
    health: {status: Healthy, cloudProviderTarget: 0, minSize: 0, maxSize: 1}
    scaleUp:
      status: Backoff
      backoffInfo: {errorCode: RESOURCE_POOL_EXHAUSTED, errorMessage: the zone does not have enough resources}
"""


@contextmanager
def cloud_is_empty(operator: Operator) -> Iterator[Environ]:
    """As the autoscaler's own report tells it."""
    meta = {"name": "cluster-autoscaler-status", "namespace": "kube-system"}
    report = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"status": REPORT}}
    with unplaced(operator.cluster, NAME, selector={"tests/of": "nowhere"}), made(operator.cluster, report):
        yield {}


@contextmanager
def one_too_many(operator: Operator) -> Iterator[Environ]:
    cluster = operator.cluster
    with gpu_node(cluster), placed(cluster, "holding", {"phase": "Running"}), unplaced(cluster, NAME):
        yield {}


@contextmanager
def rolls(operator: Operator) -> Iterator[Environ]:
    """Somebody changes a model that has the only GPU."""
    cluster = operator.cluster
    with gpu_node(cluster), deployed(cluster, "rolling"):
        cluster.kubectl("-n", SPACE, "set", "env", "deployment/rolling", "CHANGED=1")
        refused = '{.items[*].status.conditions[?(@.reason=="Unschedulable")].message}'
        words = ("-n", SPACE, "get", "pods", "-l", "app.kubernetes.io/name=rolling", "-o", f"jsonpath={refused}")
        eventually(cluster, "its new pod finds no GPU", lambda: f"Insufficient {GPU}" in cluster.kubectl(*words))
        yield {}


@contextmanager
def node_short_of_memory(operator: Operator) -> Iterator[Environ]:
    pressure = {"type": "MemoryPressure", "status": "True", "reason": "KubeletHasInsufficientMemory",
                "message": "kubelet has insufficient memory available", "lastTransitionTime": stamp()}  # fmt: skip
    with gpu_node(operator.cluster, pressure), placed(operator.cluster, NAME, never_ready(up())):
        yield {}


# KServe.


def service(name: str, namespace: str, spec: Json) -> Json:
    meta = {"name": name, "namespace": namespace, "annotations": OFF}
    return {
        "apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": meta,
        "spec": {"predictor": spec},
    }  # fmt: skip


def owner(cluster: Cluster, kind: str, name: str, namespace: str) -> Json:
    body = get(cluster, kind, name, namespace)
    who = {"apiVersion": body["apiVersion"], "kind": body["kind"], "name": name, "uid": body["metadata"]["uid"]}
    return {**who, "controller": True}


@contextmanager
def kept_for_nobody(operator: Operator) -> Iterator[Environ]:
    """What KServe makes of minReplicas 0 where Knative is not: a HorizontalPodAutoscaler that keeps one."""
    cluster, name = operator.cluster, "never-none"
    with ExitStack() as there:
        there.enter_context(gpu_node(cluster))
        there.enter_context(made(cluster, service(name, NAMESPACE, {"minReplicas": 0})))
        owners = [owner(cluster, "inferenceservice", name, NAMESPACE)]
        there.enter_context(deployed(cluster, f"{name}-predictor", namespace=NAMESPACE, ownerReferences=owners))
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{name}-predictor"}
        meta = {"name": f"{name}-predictor", "namespace": NAMESPACE, "ownerReferences": owners}
        scaler = {
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta,
            "spec": {"minReplicas": 1, "maxReplicas": 1, "scaleTargetRef": target},
        }  # fmt: skip
        there.enter_context(made(cluster, scaler))
        there.enter_context(model_server(operator))
        yield {}


@contextmanager
def without_storage(operator: Operator) -> Iterator[Environ]:
    """A predictor's pod that KServe's webhook has not looked at."""
    names = {"env": [{"name": "STORAGE_URI", "value": "oci://registry.example.com/qwen@sha256:0"}]}
    container = {"name": "kserve-container", "image": IMAGE, **names}
    labels = {"serving.kserve.io/inferenceservice": "bare"}
    with made(operator.cluster, pod("bare-predictor", labels=labels, nodeName=NODE, containers=[container])):
        yield {}


@contextmanager
def refused_by_webhook(operator: Operator) -> Iterator[Environ]:
    """As the ReplicaSet of its predictor says it."""
    cluster, labels, containers = operator.cluster, {"app": "refused"}, [{"name": "main", "image": IMAGE}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    replicaset = {
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "refused-predictor-1", "namespace": SPACE},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
    }  # fmt: skip
    event = Event("FailedCreate", TWO_SERVERS, 12, "replicaset-controller")
    with (
        made(cluster, service("refused", SPACE, {"containers": containers}), replicaset),
        told(cluster, "replicaset", "refused-predictor-1", event),
    ):
        yield {}


# Metrics, and who reads them.


def asks(**changes: str) -> Broken:
    """Somebody writes something else into the trigger of the model's autoscaler."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        before = get(operator.cluster, "scaledobject", MODEL, NAMESPACE)["spec"]["triggers"]

        def write(triggers: list[Json]) -> None:
            patch = json.dumps({"spec": {"triggers": triggers}})
            operator.cluster.kubectl("-n", NAMESPACE, "patch", "scaledobject", MODEL, "--type=merge", "-p", patch)

        write([{**each, "metadata": {**each["metadata"], **changes}} for each in before])
        try:
            yield {}
        finally:
            write(before)

    return broken


@contextmanager
def asks_for_what_went(operator: Operator) -> Iterator[Environ]:
    """Of a model that is up."""
    cluster = operator.cluster
    with asks(query="avg(vllm:gpu_cache_usage_perc)")(operator), model_server(operator):
        scale(operator, 1)
        try:
            one = ("--for=jsonpath={.status.readyReplicas}=1", "--timeout=60s")
            cluster.kubectl("-n", NAMESPACE, "wait", "deployment", MODEL, *one)
            yield {}
        finally:
            scale(operator, 0)
            eventually(cluster, "the GPU nodes leave", lambda: not gpu_nodes(operator))


@contextmanager
def keda_reads_nothing(operator: Operator) -> Iterator[Environ]:
    """As KEDA says it of an autoscaler that is not paused."""
    body = {
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": {"name": NAME, "namespace": SPACE, "annotations": OFF},
        "spec": {"scaleTargetRef": {"name": NAME}, "triggers": [{"type": "cpu", "metadata": {"value": "60"}}]},
    }  # fmt: skip
    said = {"type": "Ready", "status": "False", "reason": "ScaledObjectCheckFailed",
            "message": "ScaledObject doesn't have correct scaleTargetRef specification",
            "lastTransitionTime": stamp(LONG_AGO_S)}  # fmt: skip
    with made(operator.cluster, body):
        patch_status(operator.cluster, "scaledobject", NAME, {"conditions": [said]})
        yield {}


@contextmanager
def nobody_measures(operator: Operator) -> Iterator[Environ]:
    """An autoscaler of Kubernetes' own; its controller would say the same a moment later, where there is one."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
    body = {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": NAME, "namespace": SPACE},
        "spec": {"minReplicas": 1, "maxReplicas": 2, "scaleTargetRef": target},
    }  # fmt: skip
    said = {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric",
            "message": NO_METRICS, "lastTransitionTime": stamp(LONG_AGO_S)}  # fmt: skip
    with with_objects(workload("Deployment", IMAGE), body)(operator):
        patch_status(operator.cluster, "hpa", NAME, {"currentReplicas": 1, "desiredReplicas": 0, "conditions": [said]})
        yield {}


def workload(kind: str, image: str, **container: object) -> Json:
    """With a pod that nobody plays."""
    labels = {"app": NAME}
    containers = [{"name": SERVER, "image": image, **container}]
    template = {
        "metadata": {"labels": labels, "annotations": OFF},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": containers},
    }
    return {
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": NAME, "namespace": SPACE},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }  # fmt: skip


SERVICE = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME, "namespace": SPACE, "labels": {"app": NAME}},
    "spec": {"selector": {"app": NAME}, "ports": [{"name": "http", "port": 8000}]},
}  # fmt: skip
MONITOR = {
    "apiVersion": f"{MONITORS}/v1", "kind": "ServiceMonitor", "metadata": {"name": NAME, "namespace": SPACE},
    "spec": {"selector": {"matchLabels": {"app": NAME}}, "endpoints": [{"port": "metrics"}]},
}  # fmt: skip


def with_objects(*bodies: Json) -> Broken:
    """Objects that are there meanwhile, and their pods."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        pods = ("-n", SPACE, "get", "pods", "-l", f"app={NAME}", "-o", "name")
        with made(operator.cluster, *bodies):
            eventually(operator.cluster, "they have pods", lambda: bool(operator.cluster.kubectl(*pods)))
            yield {}
        eventually(operator.cluster, "their pods are gone", lambda: not operator.cluster.kubectl(*pods))

    return broken


def own_login() -> Json:
    """A second LiteLLM, at 0."""
    variable = {"name": "GENERIC_CLIENT_ID", "value": "litellm"}
    body = workload("Deployment", "ghcr.io/berriai/litellm:v1.89.2", env=[variable])
    return {**body, "spec": {**body["spec"], "replicas": 0}}


# What doctor says.


@dataclass(frozen=True)
class Case:
    """One check, broken."""

    slug: str
    how: Broken
    says: str
    """A pattern in its findings."""
    status: str = "fail"
    older: bool = False
    """It has a while for it: an hour later."""


SCALED = f"{NAMESPACE}/{MODEL}"
ANNOTATE = f"-n {NAMESPACE} annotate scaledobject {MODEL} --overwrite {PAUSED}"
BROKEN: Mapping[str, Case] = {
    "turned-away": Case(
        "weights-offline", fails(log=RATE_LIMITED), "vllm of Pod default/lone ended: Hugging Face lets no more through",
    ),
    "not-staged": Case(
        "weights-offline", fails(OFFLINE, log=NOT_STAGED), "its weights are not on its volume.*same model id, HF_HOME",
    ),
    "probe-refused": Case(
        "probe-open",
        runs(event=Event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 401", 90)),
        "a probe of container vllm of Pod default/lone is answered with 401",
    ),
    "killed-while-it-loads": Case(
        "startup-budget",
        fails(code=137, event=Event("Killing", "Container vllm failed liveness probe, will be restarted", 3)),
        "vllm of Pod default/lone was killed by its livenessProbe before it was ever ready, 3 times",
    ),
    "no-gpu-memory": Case(
        "gpu-memory-headroom", fails(log=OUT_OF_MEMORY), "vllm of Pod default/lone ran out of GPU memory before it",
    ),
    "waits-for-shared-memory": Case(
        "shared-memory-large", runs({"resources": {"limits": {GPU: "2"}}}),
        "vllm of Pod default/lone has several GPUs, a small /dev/shm, and is not ready.*runs for 60 min", "warn",
    ),
    "fills-shared-memory": Case(
        "shared-memory-within-limit", fails(SHARES, reason="OOMKilled", code=137, volumes=[MEMORY]),
        r"vllm of Pod default/lone was OOMKilled, and /dev/shm \(8Gi\) counts.*which is 4Gi",
    ),
    "key-rotated": Case(
        "model-key-current", key_rotated, "vllm of Pod default/lone is older than what Secret default/lone holds",
        "warn",
    ),
    "key-not-fetched": Case(
        "model-key-current", key_not_fetched,
        "the key of container vllm of Pod default/lone may be an old one: .*could not get secret data",
    ),
    "quota": Case(
        "gpu-quota", cloud_denies("quota exceeded"),
        "Pod default/lone waits for a GPU node for 60 min: the cloud's quota is used up", older=True,
    ),
    "stock": Case(
        "gpu-stock", cloud_denies("out of resources"),
        "Pod default/lone waits for a GPU node for 60 min: the cloud has no such machine", older=True,
    ),
    "stock-by-report": Case(
        "gpu-stock", cloud_is_empty,
        "Pod default/lone waits for a GPU node for 60 min: .*no such machine.*RESOURCE_POOL_EXHAUSTED", older=True,
    ),
    "one-too-many": Case(
        "gpu-demand", one_too_many, "2 GPUs are wanted and 1 there: Pod default/lone waits for one that others have",
        older=True,
    ),
    "rolls": Case(
        "gpu-rollout", rolls,
        r"Deployment default/rolling rolls: its new Pod default/(\S+) waits for the GPU that its older "
        r"Pod default/(?!\1)\S+ has",
        older=True,
    ),
    "gpu-too-small": Case(
        "model-fits-gpu", fails(ONE_GPU, log=NO_CACHE),
        f"Pod default/lone does not fit the GPU of its node {NODE}: .*no room for the KV cache",
    ),
    "killed-for-its-memory": Case(
        "host-memory", fails({"resources": {"limits": {GPU: "1", "memory": "12Gi"}}}, reason="OOMKilled", code=137),
        "Pod default/lone does not come up: container vllm was OOMKilled: its memory limit is 12Gi",
    ),
    "node-short-of-memory": Case(
        "host-memory", node_short_of_memory,
        "Pod default/lone is not ready, and its node gpu-of-tests is short of memory",
    ),
    "kept-for-nobody": Case(
        "scale-to-zero", kept_for_nobody,
        f"InferenceService {NAMESPACE}/never-none asks for minReplicas 0, and its autoscaler keeps a GPU that nobody",
        "warn", older=True,
    ),
    "no-storage": Case(
        "modelcar-storage", without_storage,
        "Pod default/bare-predictor of InferenceService bare started without its storage: /mnt/models is empty",
    ),
    "refused-by-webhook": Case(
        "modelcar-storage", refused_by_webhook,
        "KServe's webhook refuses the pods of InferenceService default/refused.*cannot find container",
    ),
    "image-denied": Case(
        "images-pulled", image_denied,
        "the registry lets nobody pull image ghcr.io/example/private:1 for Pod default/lone.*401", older=True,
    ),
    "no-class": Case(
        "claims-bound", with_object(claim("premium-elsewhere")),
        "PersistentVolumeClaim default/models has had no volume for 60 min: there is no StorageClass premium-elsewhere",
        older=True,
    ),
    "no-driver": Case(
        "claims-bound", nobody_makes_volumes,
        "PersistentVolumeClaim default/models has had no volume for 60 min: csi.example.test does not answer",
        older=True,
    ),
    "no-driver-for-its-first-pod": Case(
        "claims-bound", nobody_makes_its_volume,
        "PersistentVolumeClaim default/models has had no volume for 60 min: csi.example.test does not answer",
        older=True,
    ),
    "volume-held": Case(
        "volume-single-writer", volume_held, "Pod default/lone waits for a volume that another node has.*Multi-Attach",
        older=True,
    ),
    "metric-that-went": Case(
        "vllm-metric-names", asks_for_what_went,
        f"ScaledObject {SCALED} asks for vllm:gpu_cache_usage_perc, which Deployment {SCALED} does not have", "warn",
    ),
    "model-without-monitor": Case(
        "model-metrics-scraped", with_objects(workload("Deployment", IMAGE), SERVICE),
        "Service default/lone leads to a vLLM server, and no ServiceMonitor or PodMonitor selects it", "warn",
        older=True,
    ),
    "monitor-of-another-port": Case(
        "model-metrics-scraped", with_objects(workload("Deployment", IMAGE), SERVICE, MONITOR),
        "ServiceMonitor default/lone selects Service default/lone, and none of its endpoints is a port of it", "warn",
        older=True,
    ),
    "second-exporter": Case(
        "dcgm-exporter-single", with_objects(workload("DaemonSet", EXPORTER)),
        "DaemonSet default/lone is a second exporter of GPU metrics on GKE", older=True,
    ),
    "exporter-without-monitor": Case(
        "dcgm-scraped", with_objects(workload("DaemonSet", EXPORTER)),
        "DaemonSet default/lone exports GPU metrics, and no ServiceMonitor or PodMonitor selects it", older=True,
    ),
    "nobody-to-ask": Case(
        "autoscaler-reads-metrics", asks(serverAddress="http://gone.monitoring.svc:9090"),
        f"{SCALED} reads its metrics from Service monitoring/gone, which is not there", "warn",
    ),
    "keda-reads-nothing": Case(
        "autoscaler-reads-metrics", keda_reads_nothing,
        "ScaledObject default/lone does not scale by its metrics: Ready is False .*scaleTargetRef",
    ),
    "nobody-measures": Case(
        "autoscaler-reads-metrics", nobody_measures,
        "HorizontalPodAutoscaler default/lone does not scale by its metrics: ScalingActive is False .*metrics API",
        older=True,
    ),
    "autoscaler-resumed": Case(
        "autoscaler-paused", by_kubectl(f"{ANNOTATE}=false", f"{ANNOTATE}=true"),
        f"{SCALED} is not paused, and keeps 1 of the GPU replicas of Deployment {MODEL} up.*written by kubectl",
    ),
    "login-of-five": Case(
        "litellm-sso-seats", with_object(own_login()),
        "Deployment default/lone has its own login on, and the edge asks nobody for one", "warn",
    ),
}  # fmt: skip


def definition(kind: str) -> Json:
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{MONITORS}"},
        "spec": {
            "group": MONITORS, "scope": "Namespaced", "names": names,
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def platform(standing: Operator) -> Iterator[Operator]:
    """It stands, the GPU model is deployed at 0, and the cluster knows the kinds of Prometheus' operator."""
    outcome = standing("sync", MODEL)
    assert outcome.code == 0, outcome
    with made(standing.cluster, definition("ServiceMonitor"), definition("PodMonitor")):
        yield standing


@pytest.mark.parametrize("name", BROKEN)
def test_it_is_named_and_then_all_is_well(platform: Operator, name: str, tmp_path: Path) -> None:
    case = BROKEN[name]
    with case.how(platform):
        seen = looked(platform, case, tmp_path)
    assert seen.bad == {case.slug: case.status}, seen.outcome
    assert re.search(case.says, seen.says(case.slug)), seen.outcome
    assert seen.outcome.code == (3 if case.status == "fail" else 0), seen.outcome
    seen = looked(platform, case, tmp_path)
    assert (seen.bad, seen.outcome.code) == ({}, 0), seen.outcome


def looked(operator: Operator, case: Case, folder: Path) -> Seen:
    only = ("--only", case.slug)
    if case.older:
        return rewritten(operator, folder / "look", later(1, "taken", "here"), *only)
    return doctor(operator, *PROFILE, *only)


def test_nothing_is_left_of_it(platform: Operator) -> None:
    settle(platform)
    assert_sound(platform)
