"""How well an object is, by what its status says: Argo CD's rules for the kinds that platforms hold.

Those of gitops-engine (pkg/health) and of argo-cd's resource_customizations, v3.5.7, without their messages, which
Argo CD keeps out of the Application.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from aiops.lab.api.kinds import Json
from aiops.lab.argocd.names import status_of

Health = Literal["Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"]
WORSE: tuple[Health, ...] = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")
"""Each is worse than those before it."""
Rule = Callable[[Json], Health]


class Unjudged(Exception):
    """The rule of a kind raises on an object; its words are those of the script."""


def health_of(body: Json) -> Health | None:
    """How well an object is; None of a kind that has no rule."""
    if body["metadata"].get("deletionTimestamp"):
        return "Progressing"
    rule = RULES.get((body["apiVersion"].rpartition("/")[0], body["kind"]))
    return rule(body) if rule else None


def worst(found: Iterable[Health]) -> Health:
    """The worst of them; of none: Healthy."""
    return max(found, key=WORSE.index, default="Healthy")


def _conditions(holder: Json) -> Mapping[str, str]:
    """By type, the status of each."""
    return {each["type"]: each["status"] for each in holder.get("conditions") or ()}


def _by(*verdicts: tuple[str, str, Health]) -> Rule:
    """The first that holds of a condition's type and status; none: Progressing."""

    def rule(body: Json) -> Health:
        found = _conditions(status_of(body))
        return next((word for kind, status, word in verdicts if found.get(kind) == status), "Progressing")

    return rule


def _is_seen(body: Json) -> bool:
    """Its controller has seen its newest generation."""
    return bool(body["metadata"].get("generation", 0) <= status_of(body).get("observedGeneration", 0))


def _deployment(body: Json) -> Health:
    status, wanted = status_of(body), body["spec"].get("replicas", 1)
    updated = status.get("updatedReplicas", 0)
    if body["spec"].get("paused"):
        return "Suspended"
    if not _is_seen(body):
        return "Progressing"
    if any(each.get("reason") == "ProgressDeadlineExceeded" for each in status.get("conditions") or ()):
        return "Degraded"
    over = updated >= wanted and status.get("replicas", 0) <= updated <= status.get("availableReplicas", 0)
    return "Healthy" if over else "Progressing"


def _replica_set(body: Json) -> Health:
    if _is_seen(body) and _conditions(status_of(body)).get("ReplicaFailure") == "True":
        return "Degraded"
    return _counted(body, body["spec"].get("replicas", 1), "availableReplicas")


def _stateful_set(body: Json) -> Health:
    return _counted(body, body["spec"].get("replicas", 1), "readyReplicas")


def _daemon_set(body: Json) -> Health:
    wanted = status_of(body).get("desiredNumberScheduled", 0)
    return _counted(body, wanted, "updatedNumberScheduled", "numberAvailable")


def _counted(body: Json, wanted: int, *fields: str) -> Health:
    status = status_of(body)
    over = _is_seen(body) and all(status.get(field, 0) >= wanted for field in fields)
    return "Healthy" if over else "Progressing"


def _pod(body: Json) -> Health:
    status, always = status_of(body), body["spec"].get("restartPolicy", "Always") == "Always"
    containers = status.get("containerStatuses") or ()
    reasons = [(each.get("state", {}).get("waiting") or {}).get("reason", "") for each in containers]
    if always and any(reason.startswith("Err") or reason.endswith(("Error", "BackOff")) for reason in reasons):
        return "Degraded"
    if status.get("phase") != "Running":
        phases: dict[str, Health] = {"Pending": "Progressing", "Succeeded": "Healthy", "Failed": "Degraded"}
        return phases.get(status.get("phase", ""), "Unknown")
    if always and _conditions(status).get("Ready") == "True":
        return "Healthy"
    ended = always and any("terminated" in each.get("lastState", {}) for each in containers)
    return "Degraded" if ended else "Progressing"


def _claim(body: Json) -> Health:
    phases: dict[str, Health] = {"Lost": "Degraded", "Pending": "Progressing", "Bound": "Healthy"}
    return phases.get(status_of(body).get("phase", ""), "Unknown")


def _addressed(body: Json) -> Health:
    return "Healthy" if status_of(body).get("loadBalancer", {}).get("ingress") else "Progressing"


def _service(body: Json) -> Health:
    return _addressed(body) if body["spec"].get("type") == "LoadBalancer" else "Healthy"


def _definition(body: Json) -> Health:
    if "status" not in body:
        raise Unjudged("attempt to index a non-table object(nil) with key 'conditions'")
    return _by(("NamesAccepted", "False", "Degraded"), ("Established", "True", "Healthy"))(body)


def _scaled_object(body: Json) -> Health:
    found = _conditions(status_of(body))
    if found.get("Ready") == "False" or found.get("Fallback") == "True":
        return "Degraded"
    if found.get("Ready") != "True":
        return "Progressing"
    return "Suspended" if found.get("Paused") == "True" else "Healthy"


def _routing(body: Json) -> Health:
    """Of the Gateway API: by its own conditions and those of each parent, as far as they are of its generation."""
    generation, status = body["metadata"].get("generation"), status_of(body)
    seen = [
        _conditions(holder)
        for holder in (status, *(status.get("parents") or ()))
        if holder.get("conditions")
        and all(each.get("observedGeneration", generation) == generation for each in holder["conditions"])
    ]
    if any(found.get(kind) == "False" for found in seen for kind in ("ResolvedRefs", "Accepted")):
        return "Degraded"
    return "Healthy" if seen and all(found.get("Programmed", "True") == "True" for found in seen) else "Progressing"


def _database(body: Json) -> Health:
    """A Cluster of CloudNativePG."""
    if "status" not in body:
        raise Unjudged("attempt to index a non-table object(nil) with key 'phaseReason'")
    if "conditions" not in body["status"]:
        return "Progressing"
    phases: dict[str, Health] = {
        "Cluster in healthy state": "Healthy", "Setting up primary": "Progressing", "Failing over": "Degraded",
        "Creating a new replica": "Progressing", "Waiting for the instances to become active": "Progressing",
    }  # fmt: skip
    return phases.get(body["status"].get("phase", ""), "Unknown")


def _inference(body: Json) -> Health:
    """An InferenceService of KServe."""
    found = _conditions(status_of(body))
    if found.get("Stopped") == "True":
        return "Suspended"
    well = "status" in body and all(status == "True" for kind, status in found.items() if kind != "Stopped")
    return "Healthy" if well else "Progressing"


READY = _by(("Ready", "False", "Degraded"), ("Ready", "True", "Healthy"))
RULES: Mapping[tuple[str, str], Rule] = {
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Service"): _service,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _by(
        ("Failed", "True", "Degraded"), ("Suspended", "True", "Suspended"), ("Complete", "True", "Healthy")
    ),
    ("networking.k8s.io", "Ingress"): _addressed,
    ("autoscaling", "HorizontalPodAutoscaler"): _by(("AbleToScale", "True", "Healthy")),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    **{("external-secrets.io", kind): READY for kind in ("ExternalSecret", "SecretStore", "ClusterSecretStore")},
    **{("cert-manager.io", kind): READY for kind in ("Issuer", "ClusterIssuer")},
    ("cert-manager.io", "Certificate"): _by(
        ("Issuing", "True", "Progressing"), ("Ready", "False", "Degraded"), ("Ready", "True", "Healthy")
    ),
    ("keda.sh", "ScaledObject"): _scaled_object,
    **{("gateway.networking.k8s.io", kind): _routing for kind in ("GatewayClass", "Gateway", "HTTPRoute", "GRPCRoute")},
    ("postgresql.cnpg.io", "Cluster"): _database,
    ("serving.kserve.io", "InferenceService"): _inference,
    ("argoproj.io", "ApplicationSet"): _by(
        ("ErrorOccurred", "True", "Degraded"), ("ResourcesUpToDate", "False", "Degraded"),
        ("ResourcesUpToDate", "True", "Healthy"),
    ),
}  # fmt: skip
