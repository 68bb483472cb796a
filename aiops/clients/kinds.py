"""The kinds of the API: how each is addressed, and which of them a cluster knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind in one served version."""

    group: str
    """API group; empty for the core one."""
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The API path of the collection (in a namespace, or everywhere), or of one object."""
        base = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        where = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{base}{where}/{self.plural}" + (f"/{name}" if name else "")

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


APPLICATION = Kind("argoproj.io", "v1alpha1", "Application", "applications")
APPLICATIONSET = Kind("argoproj.io", "v1alpha1", "ApplicationSet", "applicationsets")
APPPROJECT = Kind("argoproj.io", "v1alpha1", "AppProject", "appprojects")
PODS = Kind("", "v1", "Pod", "pods")
EVENTS = Kind("", "v1", "Event", "events")
SERVICES = Kind("", "v1", "Service", "services")
SECRETS = Kind("", "v1", "Secret", "secrets")
CONFIGMAPS = Kind("", "v1", "ConfigMap", "configmaps")
NODES = Kind("", "v1", "Node", "nodes", namespaced=False)
DEPLOYMENTS = Kind("apps", "v1", "Deployment", "deployments")
REPLICASETS = Kind("apps", "v1", "ReplicaSet", "replicasets")
DAEMONSETS = Kind("apps", "v1", "DaemonSet", "daemonsets")
JOBS = Kind("batch", "v1", "Job", "jobs")
NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
CLAIMS = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
AUTOSCALERS = Kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
NETWORKPOLICIES = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
ENDPOINTSLICES = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
MUTATING = Kind(
    "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
    namespaced=False,
)  # fmt: skip
VALIDATING = Kind(
    "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
    namespaced=False,
)  # fmt: skip
STORAGECLASSES = Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
APISERVICES = Kind("apiregistration.k8s.io", "v1", "APIService", "apiservices", namespaced=False)


class Kinds:
    """What discovery knows."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds: dict[tuple[str, str], Kind] = {}
        for kind in kinds:
            self._kinds.setdefault((kind.group, kind.kind), kind)  # the preferred version comes first

    def find(self, group: str, kind: str) -> Kind | None:
        """The kind in its preferred version; None where the cluster does not know it."""
        return self._kinds.get((group, kind))

    def known(self) -> frozenset[tuple[str, str]]:
        """(group, kind) of all of them."""
        return frozenset(self._kinds)


def parse_discovery(answer: dict[str, Any]) -> list[Kind]:
    """The kinds in an APIGroupDiscoveryList (apidiscovery.k8s.io/v2, KEP-3352)."""
    return [
        Kind(
            group=(group.get("metadata") or {}).get("name", ""),
            version=version["version"],
            kind=resource["responseKind"]["kind"],
            plural=resource["resource"],
            namespaced=resource.get("scope") == "Namespaced",
        )
        for group in answer.get("items") or ()
        for version in group.get("versions") or ()
        for resource in version.get("resources") or ()
        if (resource.get("responseKind") or {}).get("kind")
    ]
