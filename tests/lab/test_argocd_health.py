"""How well objects are, by kind."""

import pytest

from aiops.lab.api.kinds import Json
from aiops.lab.argocd.health import Unjudged, health_of, worst

ROLLED = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
ONE = {"replicas": 1}


def says(*pairs: tuple[str, str], **more: object) -> Json:
    """A status with these conditions."""
    return {"conditions": [{"type": kind, "status": status, **more} for kind, status in pairs]}


def body(kind: str, status: Json | None, spec: Json | None = None) -> Json:
    group, _, name = kind.rpartition("/")
    version = f"{group}/v1" if group else "v1"
    found = {"apiVersion": version, "kind": name, "metadata": {"name": "x", "generation": 2}, "spec": spec or {}}
    return found if status is None else {**found, "status": status}


CASES: list[tuple[str, Json | None, Json, str | None]] = [
    ("ConfigMap", {}, {}, None),
    ("apps/Deployment", None, ONE, "Progressing"),
    ("apps/Deployment", ROLLED, ONE, "Healthy"),
    ("apps/Deployment", {**ROLLED, "observedGeneration": 1}, ONE, "Progressing"),
    ("apps/Deployment", {**ROLLED, "updatedReplicas": 0}, ONE, "Progressing"),
    ("apps/Deployment", {**ROLLED, "replicas": 2}, ONE, "Progressing"),
    ("apps/Deployment", {**ROLLED, "availableReplicas": 0}, ONE, "Progressing"),
    ("apps/Deployment", {"observedGeneration": 2}, {"replicas": 0}, "Healthy"),
    ("apps/Deployment", ROLLED, {"paused": True}, "Suspended"),
    (
        "apps/Deployment",
        {**ROLLED, **says(("Progressing", "False"), reason="ProgressDeadlineExceeded")},
        ONE,
        "Degraded",
    ),
    ("apps/ReplicaSet", {**ROLLED, **says(("ReplicaFailure", "True"))}, ONE, "Degraded"),
    ("apps/StatefulSet", {**ROLLED, "readyReplicas": 0}, ONE, "Progressing"),
    ("apps/StatefulSet", ROLLED, ONE, "Healthy"),
    ("apps/DaemonSet", {"observedGeneration": 2, "desiredNumberScheduled": 1}, {}, "Progressing"),
    ("batch/Job", says(), {}, "Progressing"),
    ("batch/Job", says(("Complete", "True")), {}, "Healthy"),
    ("batch/Job", says(("Failed", "True")), {}, "Degraded"),
    ("batch/Job", says(("Suspended", "True")), {}, "Suspended"),
    ("Pod", {"phase": "Pending"}, {}, "Progressing"),
    ("Pod", {"phase": "Running", **says(("Ready", "True"))}, {}, "Healthy"),
    ("Pod", {"phase": "Running"}, {"restartPolicy": "Never"}, "Progressing"),
    ("Pod", {"phase": "Running", "containerStatuses": [{"lastState": {"terminated": {}}}]}, {}, "Degraded"),
    (
        "Pod",
        {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]},
        {},
        "Degraded",
    ),
    ("Pod", {"phase": "Failed"}, {}, "Degraded"),
    ("PersistentVolumeClaim", {"phase": "Pending"}, {}, "Progressing"),
    ("PersistentVolumeClaim", {"phase": "Bound"}, {}, "Healthy"),
    ("Service", {}, {"type": "ClusterIP"}, "Healthy"),
    ("Service", {"loadBalancer": {}}, {"type": "LoadBalancer"}, "Progressing"),
    ("Service", {"loadBalancer": {"ingress": [{}]}}, {"type": "LoadBalancer"}, "Healthy"),
    ("networking.k8s.io/Ingress", {}, {}, "Progressing"),
    ("apiextensions.k8s.io/CustomResourceDefinition", says(("NamesAccepted", "True")), {}, "Progressing"),
    ("apiextensions.k8s.io/CustomResourceDefinition", says(("Established", "True")), {}, "Healthy"),
    ("apiextensions.k8s.io/CustomResourceDefinition", says(("NamesAccepted", "False")), {}, "Degraded"),
    ("external-secrets.io/ExternalSecret", None, {}, "Progressing"),
    ("external-secrets.io/ExternalSecret", says(("Ready", "False")), {}, "Degraded"),
    ("external-secrets.io/ClusterSecretStore", says(("Ready", "True")), {}, "Healthy"),
    ("cert-manager.io/Certificate", says(("Issuing", "True"), ("Ready", "False")), {}, "Progressing"),
    ("keda.sh/ScaledObject", says(("Ready", "True"), ("Paused", "True")), {}, "Suspended"),
    ("keda.sh/ScaledObject", says(("Ready", "True"), ("Paused", "False")), {}, "Healthy"),
    ("keda.sh/ScaledObject", says(("Ready", "True"), ("Fallback", "True")), {}, "Degraded"),
    ("gateway.networking.k8s.io/Gateway", says(("Accepted", "True"), ("Programmed", "False")), {}, "Progressing"),
    ("gateway.networking.k8s.io/Gateway", says(("Accepted", "True"), observedGeneration=1), {}, "Progressing"),
    ("gateway.networking.k8s.io/HTTPRoute", {"parents": [says(("Accepted", "True"))]}, {}, "Healthy"),
    ("gateway.networking.k8s.io/HTTPRoute", {"parents": [says(("ResolvedRefs", "False"))]}, {}, "Degraded"),
    ("postgresql.cnpg.io/Cluster", {"phase": "Setting up primary", **says()}, {}, "Progressing"),
    ("postgresql.cnpg.io/Cluster", {"phase": "Cluster in healthy state", **says()}, {}, "Healthy"),
    ("serving.kserve.io/InferenceService", says(("Ready", "False")), {}, "Progressing"),
    ("serving.kserve.io/InferenceService", says(("Ready", "True"), ("Stopped", "False")), {}, "Healthy"),
    ("serving.kserve.io/InferenceService", says(("Stopped", "True"), ("Ready", "False")), {}, "Suspended"),
    ("argoproj.io/ApplicationSet", says(("ErrorOccurred", "True"), ("ResourcesUpToDate", "True")), {}, "Degraded"),
]


@pytest.mark.parametrize(("kind", "status", "spec", "word"), CASES)
def test_health(kind: str, status: Json | None, spec: Json, word: str | None) -> None:
    assert health_of(body(kind, status, spec)) == word


@pytest.mark.parametrize("kind", ["apiextensions.k8s.io/CustomResourceDefinition", "postgresql.cnpg.io/Cluster"])
def test_a_script_that_raises(kind: str) -> None:
    with pytest.raises(Unjudged, match="attempt to index a non-table object"):
        health_of(body(kind, None))


def test_what_is_being_deleted_is_in_progress() -> None:
    deleted = body("Pod", {"phase": "Succeeded"})
    deleted["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert health_of(deleted) == "Progressing"


def test_the_worst_counts() -> None:
    assert worst(["Healthy", "Degraded", "Suspended"]) == "Degraded"
    assert worst([]) == "Healthy"
