"""How well an object is, by what its status says: Argo CD's own rules for the kinds that platforms hold.

Those of gitops-engine (pkg/health) and of argo-cd's resource_customizations, v3.5.7.
"""

from collections.abc import Callable, Iterable
from typing import Literal

from aiops.lab.api.kinds import Json

Status = Literal["Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"]
Health = tuple[Status, str]
"""The word, and the message."""
WORSE: tuple[Status, ...] = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")
"""Each is worse than those before it."""
Rule = Callable[[Json], Health]


class Unjudged(Exception):
    """The rule of a kind fails on an object."""


def health_of(body: Json) -> Health | None:
    """How well an object is; None for a kind that has no rule."""
    if body["metadata"].get("deletionTimestamp"):
        return "Progressing", "Pending deletion"
    rule = RULES.get((body["apiVersion"].rpartition("/")[0], body["kind"]))
    return rule(body) if rule else None


def worst(healths: Iterable[Status]) -> Status:
    """The worst of them; none: Healthy."""
    return max(healths, key=WORSE.index, default="Healthy")


def _conditions(body: Json) -> dict[str, Json]:
    return {each["type"]: each for each in body.get("status", {}).get("conditions") or ()}


def _is(conditions: dict[str, Json], kind: str, status: str = "True") -> bool:
    return bool(conditions.get(kind, {}).get("status") == status)


def _observed(body: Json) -> bool:
    return bool(body["metadata"].get("generation", 0) <= body.get("status", {}).get("observedGeneration", 0))


def _deployment(body: Json) -> Health:
    status, wanted = body.get("status", {}), body["spec"].get("replicas", 1)
    updated, there = status.get("updatedReplicas", 0), status.get("replicas", 0)
    waiting = "Waiting for rollout to finish: "
    if body["spec"].get("paused"):
        return "Suspended", "Deployment is paused"
    if not _observed(body):
        return "Progressing", f"{waiting}observed deployment generation less than desired generation"
    if _conditions(body).get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded":
        return "Degraded", f'Deployment "{body["metadata"]["name"]}" exceeded its progress deadline'
    if updated < wanted:
        return "Progressing", f"{waiting}{updated} out of {wanted} new replicas have been updated..."
    if there > updated:
        return "Progressing", f"{waiting}{there - updated} old replicas are pending termination..."
    if (available := status.get("availableReplicas", 0)) < updated:
        return "Progressing", f"{waiting}{available} of {updated} updated replicas are available..."
    return "Healthy", ""


def _replica_set(body: Json) -> Health:
    failure, wanted = _conditions(body).get("ReplicaFailure", {}), body["spec"].get("replicas", 1)
    available = body.get("status", {}).get("availableReplicas", 0)
    if not _observed(body):
        return "Progressing", "Waiting for rollout to finish: observed replica set generation less than desired generation"
    if failure.get("status") == "True":
        return "Degraded", failure.get("message", "")
    if available < wanted:
        waits = f"Waiting for rollout to finish: {available} out of {wanted} new replicas are available..."
        return "Progressing", waits
    return "Healthy", ""


def _stateful_set(body: Json) -> Health:
    status, wanted = body.get("status", {}), body["spec"].get("replicas", 1)
    if not status.get("observedGeneration") or not _observed(body):
        return "Progressing", "Waiting for statefulset spec update to be observed..."
    if (missing := wanted - status.get("readyReplicas", 0)) > 0:
        return "Progressing", f"Waiting for {missing} pods to be ready..."
    return "Healthy", f"partitioned roll out complete: {status.get('updatedReplicas', 0)} new pods have been updated..."


def _daemon_set(body: Json) -> Health:
    status = body.get("status", {})
    wanted, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    waiting = f'Waiting for daemon set "{body["metadata"]["name"]}" rollout to finish: '
    if not _observed(body):
        early = "observed daemon set generation less than desired generation"
        return "Progressing", f"Waiting for rollout to finish: {early}"
    if updated < wanted:
        return "Progressing", f"{waiting}{updated} out of {wanted} new pods have been updated..."
    if (available := status.get("numberAvailable", 0)) < wanted:
        return "Progressing", f"{waiting}{available} of {wanted} updated pods are available..."
    return "Healthy", ""


def _pod(body: Json) -> Health:
    status, always = body.get("status", {}), body["spec"].get("restartPolicy", "Always") == "Always"
    containers, message = status.get("containerStatuses") or (), status.get("message", "")
    stuck = [why for why in (each.get("state", {}).get("waiting") for each in containers) if why and _bad(why)]
    if always and stuck:
        return "Degraded", ", ".join(each.get("message", "") for each in stuck)
    match status.get("phase"):
        case "Pending":
            return "Progressing", message
        case "Succeeded":
            return "Healthy", message
        case "Failed":
            return "Degraded", message
        case "Running" if always and _is(_conditions(body), "Ready"):
            return "Healthy", message
        case "Running":
            ended = always and any(each.get("lastState", {}).get("terminated") for each in containers)
            return ("Degraded" if ended else "Progressing"), message
    return "Unknown", message


def _bad(waiting: Json) -> bool:
    reason = waiting.get("reason", "")
    return bool(reason.startswith("Err") or reason.endswith(("Error", "BackOff")))


def _job(body: Json) -> Health:
    conditions = _conditions(body)
    if failed := conditions.get("Failed"):
        return "Degraded", failed.get("message", "")
    if _is(conditions, "Suspended"):
        return "Suspended", ""
    if done := conditions.get("Complete") or conditions.get("Suspended"):
        return "Healthy", done.get("message", "")
    return "Progressing", ""


def _claim(body: Json) -> Health:
    phases: dict[str, Status] = {"Lost": "Degraded", "Pending": "Progressing", "Bound": "Healthy"}
    return phases.get(body.get("status", {}).get("phase", ""), "Unknown"), ""


def _addressed(body: Json) -> Health:
    """An Ingress, and a Service of type LoadBalancer."""
    there = body.get("status", {}).get("loadBalancer", {}).get("ingress")
    return ("Healthy" if there else "Progressing"), ""


def _service(body: Json) -> Health:
    return _addressed(body) if body["spec"].get("type") == "LoadBalancer" else ("Healthy", "")


def _scaler(body: Json) -> Health:
    conditions = _conditions(body)
    for kind, why in (("AbleToScale", "Failed"), ("ScalingActive", "Failed"), ("ScalingActive", "InvalidSelector")):
        if conditions.get(kind, {}).get("reason", "").startswith(why):
            return "Degraded", conditions[kind].get("message", "")
    if able := [each for each in (conditions.get("AbleToScale"), conditions.get("ScalingLimited")) if each]:
        return "Healthy", able[0].get("message", "")
    return "Progressing", "Waiting to Autoscale"


def _definition(body: Json) -> Health:
    if "status" not in body:
        raise Unjudged("attempt to index a non-table object(nil) with key 'conditions'")
    conditions = _conditions(body)
    if _is(conditions, "NamesAccepted", "False"):
        return "Degraded", f"CRD names have not been accepted: {conditions['NamesAccepted'].get('message', '')}"
    if not _is(conditions, "Established"):
        return "Progressing", "CRD is not established"
    return "Healthy", "CRD is healthy"


def _ready(waiting: str) -> Rule:
    """What has a condition Ready, and says `waiting` before."""

    def rule(body: Json) -> Health:
        conditions = _conditions(body)
        if _is(conditions, "Issuing"):
            return "Progressing", conditions["Issuing"].get("message", "")
        if (ready := conditions.get("Ready", {})).get("status") in ("True", "False"):
            return ("Healthy" if ready["status"] == "True" else "Degraded"), ready.get("message", "")
        return "Progressing", waiting

    return rule


def _scaled_object(body: Json) -> Health:
    conditions = _conditions(body)
    for kind, status in (("Ready", "False"), ("Fallback", "True")):
        if _is(conditions, kind, status):
            return "Degraded", conditions[kind].get("message", "")
    if _is(conditions, "Ready"):
        paused = _is(conditions, "Paused")
        return ("Suspended" if paused else "Healthy"), conditions["Paused" if paused else "Ready"].get("message", "")
    return "Progressing", "Creating HorizontalPodAutoscaler Object"


def _routing(body: Json) -> Health:
    """A GatewayClass, a Gateway, or a route by what each of its parents says."""
    status, generation = body.get("status", {}), body["metadata"].get("generation")
    kind = body["kind"]
    groups = [status.get("conditions") or (), *(each.get("conditions") or () for each in status.get("parents") or ())]
    seen = [
        {each["type"]: each for each in group}
        for group in groups
        if group and all(each.get("observedGeneration", generation) == generation for each in group)
    ]
    for conditions in seen:
        for type_ in ("ResolvedRefs", "Accepted"):
            if _is(conditions, type_, "False"):
                return "Degraded", conditions[type_].get("message", "")
        if conditions.get("Programmed", {}).get("status", "True") != "True":
            return "Progressing", conditions["Programmed"].get("message", "")
    return ("Healthy", f"{kind} is healthy") if seen else ("Progressing", f"Waiting for {kind} status")


def _database(body: Json) -> Health:
    """A CloudNativePG Cluster."""
    if "status" not in body:
        raise Unjudged("attempt to index a non-table object(nil) with key 'phaseReason'")
    status = body["status"]
    if not status.get("conditions"):
        return "Progressing", status.get("phaseReason", "")
    phases: dict[str, Status] = {"Cluster in healthy state": "Healthy", "Failing over": "Degraded"}
    starting = ("Setting up primary", "Creating a new replica", "Waiting for the instances to become active")
    return phases.get(status["phase"], "Progressing" if status["phase"] in starting else "Unknown"), ""


def _inference(body: Json) -> Health:
    """An InferenceService of KServe."""
    conditions = _conditions(body)
    if _is(conditions, "Stopped"):
        return "Suspended", "InferenceService is Stopped"
    if "status" not in body:
        return "Progressing", "Waiting for InferenceService to report status..."
    bad = [each for each in conditions.values() if each["status"] != "True" and each["type"] != "Stopped"]
    if not bad:
        return "Healthy", "InferenceService is healthy."
    return "Progressing", "".join(f" | {each['type']} | {each['status']}" for each in bad)


def _applicationset(body: Json) -> Health:
    conditions = _conditions(body)
    for kind, status, word in (
        ("ErrorOccurred", "True", "Degraded"), ("ResourcesUpToDate", "False", "Degraded"),
        ("ResourcesUpToDate", "True", "Healthy"),
    ):  # fmt: skip
        if _is(conditions, kind, status):
            return word, conditions[kind]["message"]  # type: ignore[return-value]
    return "Progressing", "Waiting for the status to be reported"


RULES: dict[tuple[str, str], Rule] = {
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Service"): _service,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("networking.k8s.io", "Ingress"): _addressed,
    ("autoscaling", "HorizontalPodAutoscaler"): _scaler,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("external-secrets.io", "ExternalSecret"): _ready("Waiting for ExternalSecret"),
    ("external-secrets.io", "ClusterSecretStore"): _ready("Waiting for ClusterSecretStore"),
    ("external-secrets.io", "SecretStore"): _ready("Waiting for SecretStore"),
    ("cert-manager.io", "Certificate"): _ready("Waiting for certificate"),
    ("cert-manager.io", "ClusterIssuer"): _ready("Initializing ClusterIssuer"),
    ("cert-manager.io", "Issuer"): _ready("Initializing Issuer"),
    ("keda.sh", "ScaledObject"): _scaled_object,
    ("gateway.networking.k8s.io", "GatewayClass"): _routing,
    ("gateway.networking.k8s.io", "Gateway"): _routing,
    ("gateway.networking.k8s.io", "HTTPRoute"): _routing,
    ("gateway.networking.k8s.io", "GRPCRoute"): _routing,
    ("postgresql.cnpg.io", "Cluster"): _database,
    ("serving.kserve.io", "InferenceService"): _inference,
    ("argoproj.io", "ApplicationSet"): _applicationset,
}
