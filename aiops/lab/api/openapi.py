"""The OpenAPI document of a group's version: what kubectl reads before it writes, and explains."""

from collections.abc import Iterator, Sequence
from typing import Any

from aiops.lab.api import recorded
from aiops.lab.api.kinds import Json, Kind

MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
PARAMETERS = [{"name": name, "in": "query"} for name in ("dryRun", "fieldManager", "fieldValidation", "force")]
"""Of a write; kubectl leaves it to a server that knows `fieldValidation` to look for unknown fields."""


def document(version: str, kinds: Sequence[Kind]) -> Json:
    """OpenAPI v3: how objects are patched, and their schemas."""
    schemas: dict[str, Json] = {}
    paths = {}
    for kind in kinds:
        about = {"group": kind.group, "version": version, "kind": kind.kind}
        content: Json = {media: {} for media in ((MERGE,) if kind.custom else (MERGE, STRATEGIC))}
        paths[_path(kind, version)] = {
            "patch": {
                "x-kubernetes-group-version-kind": about, "parameters": PARAMETERS,
                "requestBody": {"content": content}, "responses": {},
            }
        }  # fmt: skip
        name, schema = _schema(kind, version)
        schemas |= {each: _known()[each] for each in _closure(schema) if each not in schemas}
        schemas[name] = {**schema, "x-kubernetes-group-version-kind": [about]}
    about = {"title": "Kubernetes", "version": "v1"}
    return {"openapi": "3.0.0", "info": about, "paths": paths, "components": {"schemas": schemas}}


def _path(kind: Kind, version: str) -> str:
    base = f"/apis/{kind.group}/{version}" if kind.group else f"/api/{version}"
    where = "/namespaces/{namespace}" if kind.namespaced else ""
    return f"{base}{where}/{kind.plural}/{{name}}"


def _schema(kind: Kind, version: str) -> tuple[str, Json]:
    """A kind's schema, and the name under which others would refer to it."""
    if kind.custom:
        return ".".join((*reversed(kind.group.split(".")), version, kind.kind)), dict(kind.schemas[version])
    found = recorded.read("kubernetes")["kinds"]
    name = next(each["schema"] for each in found if (each["group"], each["kind"]) == (kind.group, kind.kind))
    return name, _known()[name]


def _known() -> Json:
    schemas: Json = recorded.read("kubernetes")["schemas"]
    return schemas


def _closure(schema: Json) -> set[str]:
    """The names of all schemas to which one refers, and those to which these do."""
    found: set[str] = set()
    ahead = list(_references(schema))
    while ahead:
        if (name := ahead.pop()) not in found:
            found.add(name)
            ahead += _references(_known()[name])
    return found


def _references(schema: Any) -> Iterator[str]:  # noqa: ANN401 - any part of one
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        if isinstance(each, dict) and isinstance(each.get("$ref"), str):
            yield each["$ref"].rpartition("/")[2]
        else:
            yield from _references(each)
