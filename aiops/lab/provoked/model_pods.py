"""Faults of models: pods that do not get ready, an old key, replicas that are set back; as somebody would see them."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.refusals import Refusal
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.hands import LONG_AGO_S, OFF, SOMEBODY, made
from aiops.lab.world.pods import GPU

NAME, NAMESPACE, SERVER = "by-hand", "default", "server"
ARGOCD = Writer(user="system:serviceaccount:argocd:argocd-application-controller", manager="argocd-controller")
LOGS = "logs.kwok.x-k8s.io"
RATE_LIMITED = (
    "huggingface_hub.errors.HfHubHTTPError: 429 Client Error: Too Many Requests for url: https://huggingface.co"
)
OUT_OF_MEMORY = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.02 GiB."
IN_MEMORY = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}}


@contextmanager
def model_pod(
    cluster: Cluster, state: Json, spec: Json | None = None, event: tuple[str, str] | None = None, log: str = ""
) -> Iterator[None]:
    """A pod that came long ago and was never ready, with what its events and the log of its last run say."""
    then = cluster.clock.stamp(LONG_AGO_S)
    container = {"name": SERVER, "image": "vllm/vllm-openai:v0.23.0", **(spec or {})}
    body = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME, "namespace": NAMESPACE, "annotations": OFF},
        "spec": {
            "nodeName": cluster.objects.list("nodes")[0]["metadata"]["name"],
            "containers": [container],
            "volumes": [IN_MEMORY] if "volumeMounts" in container else [],
        },
    }  # fmt: skip
    said = {"PodScheduled": "True", "Ready": "False"}
    status = {
        "phase": "Running",
        "conditions": [{"type": each, "status": said[each], "lastTransitionTime": then} for each in said],
        "containerStatuses": [{"name": SERVER, "image": container["image"], "ready": False, "lastState": {}, **state}],
    }
    with ExitStack() as there:
        there.enter_context(made(cluster, "pods", body, status, ago_s=LONG_AGO_S))
        if event is not None:
            there.enter_context(_event(cluster, *event))
        if log:
            there.enter_context(_log(cluster, log))
        yield


def _event(cluster: Cluster, reason: str, message: str) -> AbstractContextManager[None]:
    """Of the pod, and it goes on for an hour."""
    pod = cluster.objects.get("pods", NAME, NAMESPACE)
    body = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": NAME, "namespace": NAMESPACE},
        "involvedObject": {
            "kind": "Pod", "name": NAME, "namespace": NAMESPACE, "uid": pod["metadata"]["uid"],
            "fieldPath": f"spec.containers{{{SERVER}}}",
        },
        "reason": reason, "message": message, "type": "Warning", "count": 90,
        "firstTimestamp": cluster.clock.stamp(LONG_AGO_S), "lastTimestamp": cluster.clock.stamp(-LONG_AGO_S),
    }  # fmt: skip
    return made(cluster, "events", body)


@contextmanager
def _log(cluster: Cluster, line: str) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log"
        file.write_text(f"{cluster.clock.stamp()} stderr F {line}\n")
        body = {
            "apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Logs", "metadata": {"name": NAME, "namespace": NAMESPACE},
            "spec": {"logs": [{"containers": [SERVER], "previousLogsFile": str(file)}]},
        }  # fmt: skip
        with made(cluster, LOGS, body):
            yield


def _runs(cluster: Cluster) -> Json:
    return {"restartCount": 0, "state": {"running": {"startedAt": cluster.clock.stamp(LONG_AGO_S)}}}


def keeps_ending(cluster: Cluster, reason: str = "Error", code: int = 1) -> Json:
    """The state of a container that ended three times, just now for the last."""
    ended = {"exitCode": code, "reason": reason, "finishedAt": cluster.clock.stamp()}
    waiting = {"reason": "CrashLoopBackOff"}
    return {"restartCount": 3, "state": {"waiting": waiting}, "lastState": {"terminated": ended}}


def turned_away(cluster: Cluster) -> AbstractContextManager[None]:
    """A model that Hugging Face gives nothing any more."""
    return model_pod(cluster, keeps_ending(cluster), log=RATE_LIMITED)


def out_of_gpu_memory(cluster: Cluster) -> AbstractContextManager[None]:
    """A model whose start wants more than the GPU has."""
    return model_pod(cluster, keeps_ending(cluster), log=OUT_OF_MEMORY)


def killed_while_it_loads(cluster: Cluster) -> AbstractContextManager[None]:
    """A model whose liveness probe does not wait for it."""
    event = ("Killing", f"Container {SERVER} failed liveness probe, will be restarted")
    return model_pod(cluster, keeps_ending(cluster, code=137), event=event)


def probe_refused(cluster: Cluster) -> AbstractContextManager[None]:
    """A model whose readiness probe asks for a path that wants its key."""
    event = ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 401")
    return model_pod(cluster, _runs(cluster), event=event)


def waits_for_shared_memory(cluster: Cluster) -> AbstractContextManager[None]:
    """A model on two GPUs whose processes wait for each other."""
    return model_pod(cluster, _runs(cluster), {"resources": {"limits": {GPU: "2"}, "requests": {GPU: "2"}}})


def fills_shared_memory(cluster: Cluster) -> AbstractContextManager[None]:
    """A model that was killed for what it keeps in /dev/shm."""
    mount = [{"name": IN_MEMORY["name"], "mountPath": "/dev/shm"}]  # noqa: S108
    spec = {"resources": {"limits": {"memory": "4Gi"}}, "volumeMounts": mount}
    return model_pod(cluster, keeps_ending(cluster, "OOMKilled", 137), spec)


@contextmanager
def key_rotated(cluster: Cluster) -> Iterator[None]:
    """A model's key that somebody changes while its server runs."""
    reference = {"secretKeyRef": {"name": NAME, "key": "api-key"}}
    secret = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": NAME, "namespace": NAMESPACE},
        "data": {"api-key": "bmV3"},
    }  # fmt: skip
    spec = {"env": [{"name": "VLLM_API_KEY", "valueFrom": reference}]}
    with made(cluster, "secrets", secret), model_pod(cluster, {**_runs(cluster), "ready": True}, spec):
        yield


@contextmanager
def replicas_set_back(cluster: Cluster) -> Iterator[None]:
    """A GPU Deployment whose application heals itself and does not leave the replicas alone."""
    policy = {"automated": {"selfHeal": True}}
    application = {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": NAME, "namespace": "argocd"},
        "spec": {
            "project": "default", "syncPolicy": policy,
            "source": {"repoURL": "https://git.example.com/another/platform.git", "path": "models"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
        },
    }  # fmt: skip
    labels = {"app.kubernetes.io/name": NAME}
    container = {"name": SERVER, "image": "vllm/vllm-openai:v0.23.0", "resources": {"limits": {GPU: "1"}}}
    tracking = {"argocd.argoproj.io/tracking-id": f"{NAME}:apps/Deployment:{NAMESPACE}/{NAME}"}
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "annotations": tracking},
        "spec": {
            "replicas": 0, "selector": {"matchLabels": labels}, "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }  # fmt: skip
    cluster.objects.create("deployments.apps", deployment, ARGOCD)
    with made(cluster, "applications.argoproj.io", application):
        yield
    with suppress(Refusal):
        cluster.objects.delete("deployments.apps", NAME, NAMESPACE, SOMEBODY)
