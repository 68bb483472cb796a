"""Lists that cannot be as empty as they came: a proxy's `[]`, a filter of somebody's, a broken answer."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from aiops.judge.stoppable import TRACKING_ID
from aiops.snapshot import Json, moment

EVENTS_LAST = timedelta(hours=1)
"""kube-apiserver's --event-ttl."""
TRACKED = {
    "claims": "PersistentVolumeClaim",
    "cluster-queues": "ClusterQueue",
    "daemon-sets": "DaemonSet",
    "databases": "Cluster",
    "deployments": "Deployment",
    "external-secrets": "ExternalSecret",
    "gateway-policies": "AgentgatewayPolicy",
    "gateways": "Gateway",
    "http-routes": "HTTPRoute",
    "inference-pools": "InferencePool",
    "inference-services": "InferenceService",
    "mutating-webhooks": "MutatingWebhookConfiguration",
    "network-policies": "NetworkPolicy",
    "pod-monitors": "PodMonitor",
    "scaled-objects": "ScaledObject",
    "service-monitors": "ServiceMonitor",
    "services": "Service",
    "validating-webhooks": "ValidatingWebhookConfiguration",
}
"""Lists of what Argo CD deploys and keeps an account of."""


def doubted(reads: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name of the list, why it is not believed)."""
    if reads.get("applications") == [] and (count := sum(map(_tracked, reads.get("deployments") or ()))):
        yield "applications", f"the list of Applications came empty, and Argo CD tracks {count} Deployments"
    applications = reads.get("applications") or ()
    for name, kind in TRACKED.items():
        if reads.get(name) == [] and (count := sum(_there(app, kind) for app in applications)):
            yield name, f"the list of {kind}s came empty, and Argo CD has deployed {count}"
    if reads.get("namespaces") == []:
        yield "namespaces", "the list of Namespaces came empty, and every cluster has some"
    if reads.get("endpoint-slices") == [] and (count := sum(map(_ready, reads.get("deployments") or ()))):
        yield (
            "endpoint-slices",
            f"the list of EndpointSlices came empty, and Deployments count {count} pods that are ready",
        )
    if reads.get("events") == [] and _is_young(reads):
        yield "events", "the list of Events came empty, and a pod came about minutes ago, which never goes without any"
    if reads.get("pods") == [] and (count := sum(map(_ready, reads.get("deployments") or ()))):
        yield "pods", f"the list of Pods came empty, and Deployments count {count} that are ready"


def _is_young(reads: Mapping[str, Any]) -> bool:
    """A pod is younger than half of what Kubernetes keeps events for, by the time at which Argo CD last looked."""
    looked = (moment(app.get("status", {}).get("reconciledAt")) for app in reads.get("applications") or ())
    made = (moment(pod["metadata"].get("creationTimestamp")) for pod in reads.get("pods") or ())
    now = max((time for time in looked if time is not None), default=None)
    return now is not None and any(now - time < EVENTS_LAST / 2 for time in made if time is not None)


def _tracked(deployment: Json) -> bool:
    return TRACKING_ID in (deployment["metadata"].get("annotations") or {})


def _there(app: Json, kind: str) -> int:
    """How many of them an application has synced."""
    resources = (app.get("status") or {}).get("resources") or ()
    return sum(each.get("kind") == kind and each.get("status") == "Synced" for each in resources)


def _ready(deployment: Json) -> int:
    return int((deployment.get("status") or {}).get("readyReplicas") or 0)
