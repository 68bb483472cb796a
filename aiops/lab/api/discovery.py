"""What is served, as clients find it out: /api and /apis in both forms, /openapi/v3, /version."""

from collections.abc import Iterable, Mapping, Sequence

from aiops.lab.api import openapi, recorded
from aiops.lab.api.kinds import Json, Kind, Kinds

DISCOVERY = "apidiscovery.k8s.io/v2"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
READS_WRITES = ("get", "patch", "update")
SUBRESOURCES: Mapping[str, tuple[Json | None, Sequence[str]]] = {
    "scale": ({"group": "autoscaling", "version": "v1", "kind": "Scale"}, READS_WRITES),
    "token": ({"group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest"}, ("create",)),
    "status": (None, READS_WRITES), "log": (None, ("get",)), "portforward": (None, ("create", "get")),
}  # fmt: skip
"""Those that are served: the kind of what is read and written there (None: the kind itself), and the verbs."""


def find(kinds: Kinds, path: str, accept: str) -> tuple[Json, str] | None:
    """What a path of discovery answers, and its media type; None where it is no such path."""
    parts = path.strip("/").split("/")
    if parts in (["api"], ["apis"]) and any("v=v2;as=APIGroupDiscoveryList" in each for each in accept.split(",")):
        groups = {name: each for name, each in _groups(kinds).items() if (name == "") == (parts == ["api"])}
        items = [_group(name, each) for name, each in groups.items()]
        return {"kind": "APIGroupDiscoveryList", "apiVersion": DISCOVERY, "metadata": {}, "items": items}, AGGREGATED
    found = _plain(kinds, parts)
    return None if found is None else (found, "application/json")


def _plain(kinds: Kinds, parts: Sequence[str]) -> Json | None:
    match parts:
        case ["version"]:
            found: Json = recorded.read("kubernetes")["version"]
            return found
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["apis"]:
            groups = [_legacy_group(name, each) for name, each in _groups(kinds).items() if name]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["apis", name] if served := _groups(kinds).get(name):
            return {"kind": "APIGroup", "apiVersion": "v1", **_legacy_group(name, served)}
        case ["api", version] if served := _served(kinds, "", version):
            return _resources(version, served)
        case ["apis", name, version] if served := _served(kinds, name, version):
            return _resources(f"{name}/{version}", served)
        case ["openapi", "v3"]:
            return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in _paths(kinds)}}
        case ["openapi", "v3", "api" | "apis", *rest] if served := _served(kinds, "/".join(rest[:-1]), rest[-1]):
            return openapi.document(rest[-1], served)
    return None


def _groups(kinds: Kinds) -> Mapping[str, list[Kind]]:
    found: dict[str, list[Kind]] = {}
    for kind in kinds:
        found.setdefault(kind.group, []).append(kind)
    return found


def _served(kinds: Kinds, group: str, version: str) -> list[Kind]:
    return [kind for kind in kinds if kind.group == group and version in kind.served]


def _versions(kinds: Iterable[Kind]) -> list[str]:
    return list(dict.fromkeys(version for kind in kinds for version in kind.served))


def _paths(kinds: Kinds) -> list[str]:
    groups = _groups(kinds).items()
    return [f"apis/{name}/{each}" if name else f"api/{each}" for name, found in groups for each in _versions(found)]


def _group(name: str, kinds: Sequence[Kind]) -> Json:
    versions = [
        {
            "version": version, "freshness": "Current",
            "resources": [_resource(kind, version) for kind in kinds if version in kind.served],
        }
        for version in _versions(kinds)
    ]  # fmt: skip
    return {"metadata": {"name": name, "creationTimestamp": None} if name else {}, "versions": versions}


def _resource(kind: Kind, version: str) -> Json:
    own = {"group": kind.group, "version": version, "kind": kind.kind}
    served = [(name, *SUBRESOURCES[name]) for name in kind.subresources if name in SUBRESOURCES]
    subresources = [
        {"subresource": name, "responseKind": other or own, "verbs": list(verbs)} for name, other, verbs in served
    ]
    return {
        "resource": kind.plural, "responseKind": own, "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular, "verbs": list(kind.verbs),
        **({"shortNames": list(kind.short)} if kind.short else {}),
        **({"categories": list(kind.categories)} if kind.categories else {}),
        **({"subresources": subresources} if subresources else {}),
    }  # fmt: skip


def _legacy_group(name: str, kinds: Sequence[Kind]) -> Json:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in _versions(kinds)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(group_version: str, kinds: Sequence[Kind]) -> Json:
    found: list[Json] = []
    for kind in kinds:
        scoped = {"namespaced": kind.namespaced, "kind": kind.kind}
        names = {"shortNames": list(kind.short), "categories": list(kind.categories)}
        more = {key: value for key, value in names.items() if value}
        found.append({"name": kind.plural, "singularName": kind.singular, **scoped, "verbs": list(kind.verbs), **more})
        for name, (other, verbs) in SUBRESOURCES.items():
            if name in kind.subresources:
                named = {"name": f"{kind.plural}/{name}", "singularName": "", **scoped}
                found.append({**named, **(other or {}), "verbs": list(verbs)})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": found}
