"""The models of the sample tree on the loopback API, and what a cluster makes of a scaling: pods, and a GPU node."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from aiops.judge.raised import RAISED, Raised
from tests.operations.api import APPLICATIONS, Api, Json
from tests.scenarios.cluster import ROOT

MODEL, SERVED, SERVING = "vllm-qwen", "qwen2.5-0.5b-instruct", "serving"
KEY = "sk-canary-9d41c"
"""The model's key, which must never be seen."""
DEPLOYMENTS = "/apis/apps/v1/namespaces/serving/deployments"
REPLICASETS = "/apis/apps/v1/namespaces/serving/replicasets"
PODS, SECRETS = "/api/v1/namespaces/serving/pods", "/api/v1/namespaces/serving/secrets"
NODES, ALL_PODS = "/api/v1/nodes", "/api/v1/pods"
KEDA = "/apis/keda.sh/v1alpha1"
SCALEDOBJECTS = f"{KEDA}/namespaces/serving/scaledobjects"
LIVE, POD = f"{DEPLOYMENTS}/{MODEL}", f"{PODS}/{MODEL}-a"
GPU = "nvidia.com/gpu"


def ago(seconds: float) -> str:
    """As the API writes it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def raised(command: str = "vllm-up", run: str = "20260101T000000-0000", at: str = "2026-01-01T00:00:00Z") -> str:
    """The annotation of another run."""
    return Raised(run=run, command=command, user="eve@laptop", at=at).annotation()


def secret(collection: str, name: str, data: Mapping[str, str]) -> tuple[str, Json]:
    """For `Api.put`."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return collection, {"kind": "Secret", "metadata": {"name": name}, "data": encoded}


def manifest(path: str) -> Any:
    """The one object in a file of the sample tree."""
    return next(yaml.safe_load_all((ROOT / "platform" / path).read_text()))


def ref(kind: str, name: str, namespace: str = SERVING, group: str = "apps") -> Json:
    """An entry of an Application's status.resources."""
    return {"group": group, "kind": kind, "namespace": namespace, "name": name}


class Cluster:
    """What it does of itself may be changed at any time."""

    def __init__(self, api: Api) -> None:
        self.api = api
        api.after = self.react
        self.ready = True
        """A pod that starts becomes ready."""
        self.pods_stay = self.nodes_stay = False
        """Once their Deployment is at 0, once their pods are gone."""

    def deploy(self, name: str = MODEL, replicas: int = 0, **notes: str) -> None:
        """A model of the sample tree, its application and its Secret; `notes` are annotations, `aiops` the one of who
        raised it."""
        (catalog,) = (ROOT / "platform").glob(f"clusters/lab/catalog/*/{name}.yaml")
        self.application(manifest(str(catalog.relative_to(ROOT / "platform"))), ref("Deployment", name))
        body = manifest(f"serving/{name}/deployment.yaml")
        annotations = {RAISED if key == "aiops" else key: value for key, value in notes.items()}
        body["metadata"] |= {"namespace": SERVING, "uid": name, "annotations": annotations}
        tracking = f"{name}:apps/Deployment:{SERVING}/{name}"
        annotations.setdefault("argocd.argoproj.io/tracking-id", tracking)
        body["spec"]["replicas"] = replicas
        self.api.put(DEPLOYMENTS, body)
        owner = {"kind": "Deployment", "uid": name, "controller": True}
        about = {"name": f"{name}-1", "uid": f"{name}-1", "ownerReferences": [owner]}
        self.api.put(REPLICASETS, {"kind": "ReplicaSet", "metadata": about})
        self.api.put(*secret(SECRETS, "vllm-api-key", {"api-key": KEY}))
        if replicas:
            self.start(name)

    def application(self, body: Json, *resources: Json) -> None:
        self.api.put(APPLICATIONS, {**body, "status": {"resources": list(resources)}})

    def react(self, path: str) -> None:
        body = self.api.objects[path]
        if body["kind"] == "Deployment":
            self.start(body["metadata"]["name"]) if body["spec"]["replicas"] else self.end(body["metadata"]["name"])

    def start(self, name: str = MODEL) -> None:
        """Its pod, on a node of its own."""
        template = self.api.objects[f"{DEPLOYMENTS}/{name}"]["spec"]["template"]
        self.node(f"gpu-{name}")
        self.pod(f"{name}-a", f"{name}-1", template["metadata"]["labels"], template["spec"], node=f"gpu-{name}")

    def pod(self, name: str, owner: str, labels: Json, spec: Json, *, node: str = "", collection: str = PODS) -> None:
        reference = {"kind": "ReplicaSet", "name": owner, "uid": owner, "controller": True}
        meta = {"name": name, "uid": name, "labels": labels, "ownerReferences": [reference]}
        conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": str(self.ready)}]
        status = {"phase": "Running", "conditions": conditions}
        self.api.put(
            collection, {"kind": "Pod", "metadata": meta, "spec": {**spec, "nodeName": node}, "status": status}
        )

    def node(self, name: str, age_s: float = 0.0, gpu: str = "nvidia-l4") -> None:
        labels = {"cloud.google.com/gke-accelerator": gpu} if gpu else {}
        meta = {"name": name, "labels": labels, "creationTimestamp": ago(age_s)}
        status = {"allocatable": {GPU: "1"} if gpu else {}, "conditions": [{"type": "Ready", "status": "True"}]}
        self.api.put(NODES, {"kind": "Node", "metadata": meta, "spec": {}, "status": status})

    def end(self, name: str = MODEL) -> None:
        if not self.pods_stay:
            self.api.remove(f"{PODS}/{name}-a")
            if not self.nodes_stay:
                self.api.remove(f"{NODES}/gpu-{name}")

    def replicas(self, name: str = MODEL) -> int:
        return int(self.api.objects[f"{DEPLOYMENTS}/{name}"]["spec"]["replicas"])

    def note(self, name: str = MODEL) -> str | None:
        """The annotation of who raised it."""
        found: str | None = self.api.objects[f"{DEPLOYMENTS}/{name}"]["metadata"]["annotations"].get(RAISED)
        return found

    def scaledobject(self, least: int, name: str = MODEL, **annotations: str) -> None:
        spec = {"scaleTargetRef": {"name": name}, "minReplicaCount": least, "maxReplicaCount": 2}
        meta = {"name": name, "annotations": annotations}
        self.api.put(SCALEDOBJECTS, {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": meta,
                                     "spec": spec})  # fmt: skip

    def somebody(self, replicas: int, name: str = MODEL, manager: str = "kubectl", note: str | None = None) -> None:
        """Scales it, without a word to aiops; with `note`: another run does."""
        body = self.api.objects[f"{DEPLOYMENTS}/{name}"]
        annotations = {**body["metadata"]["annotations"], **({RAISED: note} if note else {})}
        fields = [{"manager": manager, "time": ago(0), "fieldsV1": {"f:spec": {"f:replicas": {}}}}]
        meta = {**body["metadata"], "annotations": annotations, "managedFields": fields}
        self.api.put(DEPLOYMENTS, {**body, "metadata": meta, "spec": {**body["spec"], "replicas": replicas}})
