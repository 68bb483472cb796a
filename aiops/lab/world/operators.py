"""Operators whose work is a status: each says that what it found is as it should be."""

from collections.abc import Callable

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import Reconcile, condition, itself
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.pods import condition_of

Status = Callable[[Json, str], Json]
"""The status of an object, with the time of now for its conditions."""


def start(cluster: Cluster) -> None:
    """Let all of them run; each waits for its CustomResourceDefinition."""
    for resource, status in STATUS.items():
        operator = resource.partition(".")[2]
        by = Writer(user=f"system:serviceaccount:{resource}", manager=operator)
        cluster.control(resource, operator, keeping(cluster, resource, status, by), {resource: itself})


def keep_status(cluster: Cluster, resource: str, body: Json, status: Json, by: Writer) -> None:
    """Write a status where it says anything else than the object's; a condition that stays as it was keeps its time."""
    there = body.get("status") or {}
    if any(_timeless(there.get(key)) != _timeless(value) for key, value in status.items()):
        for each in status.get("conditions", ()):
            was = condition_of(body, each["type"])
            if was.get("status") == each["status"]:
                each["lastTransitionTime"] = was.get("lastTransitionTime", each["lastTransitionTime"])
        cluster.objects.set_status(resource, body, {**there, **status}, by)


def _timeless(value: object) -> object:
    if isinstance(value, dict):
        return {key: _timeless(each) for key, each in value.items() if key != "lastTransitionTime"}
    return [*map(_timeless, value)] if isinstance(value, list) else value


def keeping(cluster: Cluster, resource: str, status: Status, by: Writer) -> Reconcile:
    """Keeps the status of each object of a kind as it should be, unless somebody writes it by hand."""

    async def reconcile(key: Name) -> None:
        body = cluster.objects.find(resource, key[1], key[0])
        if body is not None and not is_by_hand(body):
            keep_status(cluster, resource, body, status(body, cluster.clock.stamp()), by)

    return reconcile


def _well(*kinds: str) -> Status:
    """These conditions are true."""
    return lambda body, now: {"conditions": [condition(kind, reason="Simulated", now=now) for kind in kinds]}


def _observed(body: Json, now: str, *kinds: str) -> list[Json]:
    seen = {"observedGeneration": body["metadata"]["generation"]}
    return [condition(kind, reason=kind, now=now) | seen for kind in kinds]


def _database(body: Json, now: str) -> Json:
    instances = body["spec"].get("instances", 1)
    counts = {"instances": instances, "readyInstances": instances}
    return {"phase": "Cluster in healthy state", **counts, "conditions": [condition("Ready", now=now)]}


def _scaled(body: Json, now: str) -> Json:
    """KEDA's word on what is paused is right, and it scales nothing."""
    paused = (body["metadata"].get("annotations") or {}).get("autoscaling.keda.sh/paused") == "true"
    words = {"Ready": True, "Active": False, "Fallback": False, "Paused": paused}
    return {"conditions": [condition(kind, status, now=now) for kind, status in words.items()]}


def _gateway(body: Json, now: str) -> Json:
    address = {"type": "IPAddress", "value": "203.0.113.10"}
    return {"addresses": [address], "conditions": _observed(body, now, "Accepted", "Programmed")}


def _route(body: Json, now: str) -> Json:
    def parent(reference: Json) -> Json:
        conditions = _observed(body, now, "Accepted", "ResolvedRefs")
        controller = "agentgateway.dev/agentgateway"
        return {"parentRef": reference, "controllerName": controller, "conditions": conditions}

    return {"parents": [parent(each) for each in body["spec"].get("parentRefs", ())]}


def _policy(body: Json, now: str) -> Json:
    conditions = _well("Accepted", "Attached")(body, now)["conditions"]
    return {"ancestors": [{"conditions": conditions}]}


STATUS: dict[str, Status] = {
    "clustersecretstores.external-secrets.io": _well("Ready"),
    "clusterissuers.cert-manager.io": _well("Ready"),
    "certificates.cert-manager.io": _well("Ready"),
    "clusters.postgresql.cnpg.io": _database,
    "scaledobjects.keda.sh": _scaled,
    "gateways.gateway.networking.k8s.io": _gateway,
    "gatewayclasses.gateway.networking.k8s.io": _well("Accepted"),
    "httproutes.gateway.networking.k8s.io": _route,
    "clusterqueues.kueue.x-k8s.io": _well("Active"),
    "clusterpolicies.kyverno.io": _well("Ready"),
    "agentgatewaypolicies.agentgateway.dev": _policy,
}
"""By resource."""
