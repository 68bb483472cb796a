"""What a request asks for, read from its path as the API server reads it (apiserver/pkg/endpoints/request)."""

from collections.abc import Mapping
from dataclasses import dataclass

VERBS = {
    "GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete",
}  # fmt: skip
OF_NAMESPACES = ("status", "finalize")
"""Subresources of a Namespace; whatever else follows its name is a resource in it."""


@dataclass(frozen=True, kw_only=True)
class RequestInfo:
    """Who may ask is decided by this, before anybody looks whether there is such a thing."""

    verb: str
    """As RBAC names it; of what is no resource, the method."""
    path: str
    group: str = ""
    version: str = ""
    plural: str = ""
    """Empty: it is no resource, as /version."""
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def resource(self) -> str:
        """As the lab names kinds: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


def parse(method: str, path: str, query: Mapping[str, str]) -> RequestInfo:
    """What a method asks of a path."""
    parts = path.strip("/").split("/")
    before = {"api": 2, "apis": 3}.get(parts[0], len(parts))
    if len(parts) <= before:
        return RequestInfo(verb=method.lower(), path=path)
    group, version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2])
    rest, namespace = parts[before:], ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in OF_NAMESPACES:
            rest = rest[2:]
    plural, name, subresource = (*rest, "", "")[:3]
    verb = VERBS.get(method, method.lower())
    if not name and verb in ("get", "delete"):
        verb = {"get": "watch" if is_true(query, "watch") else "list", "delete": "deletecollection"}[verb]
        # who may read one object may list or watch that one
        name = named(query.get("fieldSelector", ""))
    return RequestInfo(
        verb=verb, path=path, group=group, version=version, plural=plural,
        subresource=subresource, namespace=namespace, name=name,
    )  # fmt: skip


def named(selector: str) -> str:
    """The one name that a field selector allows; empty where it allows others."""
    fields = dict(part.replace("==", "=").split("=", 1) for part in selector.split(",") if "=" in part)
    return fields.get("metadata.name", "")


def is_true(query: Mapping[str, str], key: str) -> bool:
    """Whether a parameter is set."""
    return query.get(key, "").lower() in ("1", "true")
