"""Everything that a look asks the Kubernetes API, by name: each list once, reduced before it is kept."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from aiops.clients.kube import (
    APISERVICES,
    APPLICATION,
    APPLICATIONSET,
    APPPROJECT,
    AUTOSCALERS,
    CLAIMS,
    CONFIGMAPS,
    DAEMONSETS,
    DEPLOYMENTS,
    DISCOVERY,
    ENDPOINTSLICES,
    EVENTS,
    JOBS,
    METADATA,
    MUTATING,
    NAMESPACES,
    NETWORKPOLICIES,
    NODES,
    PODS,
    SECRETS,
    SERVICES,
    STORAGECLASSES,
    VALIDATING,
    Kind,
    Kinds,
    Kube,
)
from aiops.collect import gather
from aiops.collect.once import Once
from aiops.errors import NotFound
from aiops.snapshot import Json
from aiops.snapshot.redact import redacted

Read = Callable[[], Any]
SINGLE = ("version", "user", "kinds", "secrets", "argocd-settings", "autoscaler")
LISTS: Mapping[str, Kind] = {
    "api-services": APISERVICES,
    "autoscalers": AUTOSCALERS,
    "claims": CLAIMS,
    "daemon-sets": DAEMONSETS,
    "deployments": DEPLOYMENTS,
    "endpoint-slices": ENDPOINTSLICES,
    "events": EVENTS,
    "jobs": JOBS,
    "mutating-webhooks": MUTATING,
    "namespaces": NAMESPACES,
    "network-policies": NETWORKPOLICIES,
    "nodes": NODES,
    "pods": PODS,
    "services": SERVICES,
    "storage-classes": STORAGECLASSES,
    "validating-webhooks": VALIDATING,
}
"""Of the whole cluster."""
OF_ARGOCD: Mapping[str, Kind] = {
    "applications": APPLICATION,
    "application-sets": APPLICATIONSET,
    "app-projects": APPPROJECT,
}
"""In Argo CD's namespace."""
DISCOVERED: Mapping[str, tuple[str, str]] = {
    "external-secrets": ("external-secrets.io", "ExternalSecret"),
    "secret-stores": ("external-secrets.io", "SecretStore"),
    "cluster-secret-stores": ("external-secrets.io", "ClusterSecretStore"),
    "cluster-queues": ("kueue.x-k8s.io", "ClusterQueue"),
    "databases": ("postgresql.cnpg.io", "Cluster"),
    "gateway-classes": ("gateway.networking.k8s.io", "GatewayClass"),
    "gateway-policies": ("agentgateway.dev", "AgentgatewayPolicy"),
    "gateways": ("gateway.networking.k8s.io", "Gateway"),
    "http-routes": ("gateway.networking.k8s.io", "HTTPRoute"),
    "inference-pools": ("inference.networking.k8s.io", "InferencePool"),
    "inference-services": ("serving.kserve.io", "InferenceService"),
    "pod-monitors": ("monitoring.coreos.com", "PodMonitor"),
    "scaled-objects": ("keda.sh", "ScaledObject"),
    "service-monitors": ("monitoring.coreos.com", "ServiceMonitor"),
}
"""(API group, kind), read in the version that the cluster prefers."""


class ClusterReads:
    """The reads of one look at a cluster; `salt` is for what is kept as a hash."""

    def __init__(self, kube: Kube, namespace: str, salt: str) -> None:
        self.kube, self.namespace, self._salt = kube, namespace, salt
        self.kinds: Once[Kinds] = Once(self._kinds)

    @staticmethod
    def names() -> tuple[str, ...]:
        """Of all its reads."""
        return (*SINGLE, *LISTS, *OF_ARGOCD, *DISCOVERED)

    def named(self) -> Mapping[str, Read]:
        """Each read by its name, made once however many ask for it."""
        reads: dict[str, Read] = {
            "version": partial(self.kube.raw, "/version"),
            "user": self.kube.user,
            "kinds": lambda: sorted(map(list, self.kinds().known())),
            "secrets": partial(self._list, SECRETS, None, METADATA),
            "argocd-settings": partial(self._config_map, self.namespace, "argocd-cm"),
            "autoscaler": partial(self._config_map, "kube-system", "cluster-autoscaler-status"),
            **{name: partial(self._list, kind) for name, kind in LISTS.items()},
            **{name: partial(self._served, kind, self.namespace) for name, kind in OF_ARGOCD.items()},
            **{name: partial(self._discovered, *kind) for name, kind in DISCOVERED.items()},
        }
        return {name: Once(read) for name, read in reads.items()}

    def keep(self, body: Json) -> Json:
        """The object, reduced to what a look may keep of it."""
        return redacted(body, self._salt)

    def _kinds(self) -> Kinds:
        """The parts of discovery side by side: what is discovered waits for both."""
        answers, failures = gather({path: partial(self.kube.discovery, path) for path in DISCOVERY})
        for error in failures.values():
            raise error
        return Kinds(kind for path in DISCOVERY for kind in answers[path])

    def _list(self, kind: Kind, namespace: str | None = None, accept: str = "application/json") -> list[Json]:
        return list(self.kube.list(kind, namespace, keep=self.keep, accept=accept).items)

    def _served(self, kind: Kind, namespace: str | None = None) -> list[Json]:
        """A kind that is not served has no objects: that it is not served, the read `kinds` tells."""
        try:
            return self._list(kind, namespace)
        except NotFound:
            return []

    def _discovered(self, group: str, kind: str) -> list[Json]:
        found = self.kinds().find(group, kind)
        return self._served(found) if found is not None else []

    def _config_map(self, namespace: str, name: str) -> Json | None:
        """None where there is none."""
        try:
            return self.keep(self.kube.get(CONFIGMAPS, name, namespace))
        except NotFound:
            return None
