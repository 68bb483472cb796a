"""Which Services a tree brings, and which it cannot bring: what a chart or an operator makes is not among its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from aiops.gitops.containers import containers_of
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import items, part
from aiops.gitops.unseen import unseen
from aiops.judge.finding import Status
from aiops.judge.in_cluster import Address
from aiops.judge.serving_images import base_of, image_of

_SERVERS = ("prometheus", "thanos", "mimir", "cortex", "victoria-metrics", "vmselect", "vmauth")
"""Images of what answers PromQL."""


@dataclass(frozen=True)
class Promised:
    """The Services of a tree."""

    services: Mapping[tuple[str, str], Manifest]
    namespaces: frozenset[str]
    """Those that something of the tree is deployed into."""
    hidden: frozenset[str]
    """Those into which charts are deployed: they may bring any Service."""
    plain: frozenset[str]
    """Those in which a manifest of the tree is a server of metrics."""

    def has(self, address: Address) -> bool:
        """Whether the tree declares it."""
        return (address.namespace, address.name) in self.services

    def lacks(self, address: Address) -> tuple[Status, str] | None:
        """How surely it is not there, and why; None where it is, or may be."""
        if service := self.services.get((address.namespace, address.name)):
            return _without_port(service, address)
        if address.namespace in self.hidden:
            return None
        elsewhere = sorted(namespace for namespace, name in self.services if name == address.name)
        if elsewhere:
            return "fail", f"that Service is in namespace {elsewhere[0]}"
        if address.namespace not in self.namespaces:
            likely = get_close_matches(address.namespace, self.namespaces, 1, 0.8)
            meant = f"; {likely[0]} is meant, it seems" if likely else ""
            return "fail" if likely else "warn", f"nothing of the tree is deployed into {address.namespace}{meant}"
        if address.namespace in self.plain:
            return "fail", f"the tree declares no Service of that name in {address.namespace}"
        return None


def promised(declared: Declared) -> Promised:
    """The Services of a tree."""
    hidden = {app.namespace for app in declared.applications if app.name in unseen(declared, app.namespace)}
    servers = {each.manifest.namespace for each in containers_of(declared) if _is_server(image_of(each.container.body))}
    return Promised(
        {(each.namespace, each.name): each for each in declared.of("Service")},
        namespaces_of(declared),
        frozenset(hidden),
        frozenset(servers),
    )


def namespaces_of(declared: Declared) -> frozenset[str]:
    """Those that something of a tree is deployed into, or that it makes."""
    made = (each.name for each in declared.of("Namespace"))
    meant, used = (app.namespace for app in declared.applications), (each.namespace for each in declared.manifests)
    return frozenset((*made, *meant, *used)) - {""}


def _without_port(service: Manifest, address: Address) -> tuple[Status, str] | None:
    ports: Sequence[object] = [each.get("port") for each in items(service.body, "spec", "ports")]
    if not ports or address.port in ports or part(service.body, "spec").get("type") == "ExternalName":
        return None
    return "fail", f"that Service has no port {address.port}, only {', '.join(map(str, ports))}"


def _is_server(image: str) -> bool:
    return base_of(image) in _SERVERS
