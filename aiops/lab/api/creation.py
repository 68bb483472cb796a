"""What the API server says of a new object itself (kubernetes/pkg/registry/*/*/strategy.go)."""

import secrets
import uuid
from collections.abc import Callable, Mapping

from aiops.lab.api import causes, refusals
from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.refusals import Refusal

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Of generated names (apimachinery, util/rand)."""
COUNTED = frozenset({
    "cronjobs.batch", "customresourcedefinitions.apiextensions.k8s.io", "daemonsets.apps", "deployments.apps",
    "ingresses.networking.k8s.io", "jobs.batch", "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "networkpolicies.networking.k8s.io", "poddisruptionbudgets.policy", "pods", "priorityclasses.scheduling.k8s.io",
    "replicasets.apps", "statefulsets.apps", "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
})  # fmt: skip
"""Built-in kinds that have a metadata.generation, as custom resources have."""


def born(kind: Kind, body: Json, now: str) -> Json:
    """A copy with a name and an identity, and without what only the API server can say."""
    meta = dict(body.get("metadata") or {})
    if meta.get("resourceVersion"):
        raise Refusal(500, "", "resourceVersion should not be set on objects to be created")
    if not meta.get("name") and meta.get("generateName"):
        meta["name"] = meta["generateName"] + "".join(secrets.choice(LETTERS) for _ in range(5))
    if not meta.get("name"):
        raise refusals.invalid(kind, "", [causes.required("metadata.name", "name or generateName is required")])
    for key in ("selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
        meta.pop(key, None)
    meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": now}
    if kind.custom or kind.resource in COUNTED:
        meta["generation"] = 1
    if kind.keeps_status_apart:
        body = {key: value for key, value in body.items() if key != "status"}
    return {**body, "metadata": meta}


def begun(kind: Kind, body: Json) -> Json:
    """The new object with the beginnings of its kind."""
    begin = BEGINNINGS.get(kind.resource)
    return begin(body) if begin else body


def _job(job: Json) -> Json:
    """Its pods are told by its uid."""
    meta, spec = job["metadata"], job["spec"]
    if spec.get("manualSelector"):
        return job
    own = {"controller-uid": meta["uid"], "job-name": meta["name"]}
    own |= {f"batch.kubernetes.io/{key}": value for key, value in own.items()}
    template = spec["template"]
    labels = {**template["metadata"].get("labels", {}), **own}
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": meta["uid"]}}
    template = {**template, "metadata": {**template["metadata"], "labels": labels}}
    meta = {**meta, "labels": meta.get("labels") or labels}
    return {**job, "metadata": meta, "spec": {**spec, "selector": selector, "template": template}}


def _namespace(namespace: Json) -> Json:
    """It stays until it is empty."""
    return {**namespace, "spec": {**namespace.get("spec", {}), "finalizers": ["kubernetes"]}}


def _pod(pod: Json) -> Json:
    return {**pod, "status": {"phase": "Pending", "qosClass": _quality(pod["spec"])}}


def _quality(spec: Json) -> str:
    """The class of service: how much its containers say of what they need (core/v1/helper/qos)."""
    resources = [each["resources"] for each in (*spec.get("containers", ()), *spec.get("initContainers", ()))]
    pairs = [
        (each.get("requests", {}).get(name), each.get("limits", {}).get(name))
        for each in resources
        for name in ("cpu", "memory")
    ]
    if not any(request or limit for request, limit in pairs):
        return "BestEffort"
    return "Guaranteed" if all(limit and request == limit for request, limit in pairs) else "Burstable"


def _service(service: Json) -> Json:
    """It gets an address of the cluster."""
    spec, uid = service["spec"], uuid.UUID(service["metadata"]["uid"])
    if spec["type"] == "ExternalName":
        return service
    address = spec.get("clusterIP") or f"10.96.{uid.bytes[0]}.{uid.bytes[1]}"
    families = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
    return {**service, "spec": {**families, **spec, "clusterIP": address, "clusterIPs": [address]}}


BEGINNINGS: Mapping[str, Callable[[Json], Json]] = {
    "jobs.batch": _job,
    "namespaces": _namespace,
    "pods": _pod,
    "services": _service,
}
