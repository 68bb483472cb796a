"""Who owns which fields: metadata.managedFields, kept as the API server's structured-merge-diff keeps it."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from aiops.lab.api.fieldsets import Path, difference, field_set, union
from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.schemas import Schema, parts, schema_of

if TYPE_CHECKING:
    from aiops.lab.api.objects import Writer

NOBODYS = frozenset(
    {"name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"}
)
"""Fields of metadata that have no owner (apimachinery, managedfields/internal/stripmeta.go)."""
MISSING = object()


def managed(kind: Kind, old: Json | None, new: Json, by: "Writer", subresource: str, now: str) -> list[Json]:
    """The entries after a write: what it changed is its writer's, and no longer anybody else's.

    A server-side apply has worked them out itself. Through `scale` the API server keeps no time, and of a custom
    resource not even the owner (seen on Kubernetes 1.36).
    """
    entries = _entries(old, new, subresource)
    if by.operation == "Apply":
        return entries
    apart = frozenset({"status"} if "status" in kind.subresources and subresource != "status" else ())
    changed, removed = compare(schema_of(kind), ownable(old, apart) if old else empty(kind), ownable(new, apart))
    mine = entry(kind, by, subresource)
    if changed or removed:
        entries = [
            {**each, "fieldsV1": left}
            for each in entries
            if (left := without(each["fieldsV1"], removed if is_of(each, mine) else changed | removed))
        ]
    elif old and _same_but_times(entries, old["metadata"].get("managedFields", [])):
        return list(old["metadata"].get("managedFields", ()))
    if not changed or (subresource == "scale" and kind.custom):
        return entries
    when = {} if subresource == "scale" else {"time": now}
    return in_order(credited(entries, {**mine, **when}, changed))


def entry(kind: Kind, by: "Writer", subresource: str) -> Json:
    """A writer's entry, without its fields and its time."""
    found = {"manager": by.manager, "operation": by.operation, "apiVersion": kind.api_version, "fieldsType": "FieldsV1"}
    return {**found, "subresource": subresource} if subresource else found


def is_of(each: Json, mine: Json) -> bool:
    """Whether an entry is the one of this writer; one for all versions in which it applies."""
    keys = ("manager", "operation", "subresource", *(("apiVersion",) if mine["operation"] == "Update" else ()))
    return all(each.get(key) == mine.get(key) for key in keys)


def without(fields: Json, paths: set[Path]) -> Json | None:
    """Fields without these; None where none are left."""
    left = difference(fields, field_set(paths)) if paths else fields
    return fields if left == fields else left


def credited(entries: Iterable[Json], mine: Json, paths: set[Path]) -> list[Json]:
    """The entries, with fields added to the writer's own."""
    more = field_set(paths)
    before = next((each["fieldsV1"] for each in entries if is_of(each, mine)), None)
    others = [each for each in entries if not is_of(each, mine)]
    all_mine = union(before, more) if before else more
    return [*others, {**mine, "fieldsV1": before if all_mine == before else all_mine}]


def in_order(entries: Iterable[Json]) -> list[Json]:
    """As the API server lists them (apimachinery, managedfields/internal/managedfields.go)."""
    keys = ("operation", "time", "manager", "apiVersion", "subresource")
    return sorted(entries, key=lambda each: [each.get(key, "") for key in keys])


def ownable(body: Json, apart: frozenset[str] = frozenset()) -> Json:
    """An object without what has no owner, and without this."""
    found = {key: value for key, value in body.items() if key not in ("apiVersion", "kind") and key not in apart}
    return {**found, "metadata": {key: value for key, value in body["metadata"].items() if key not in NOBODYS}}


def compare(schema: Schema, old: Json, new: Json) -> tuple[set[Path], set[Path]]:
    """What is added or changed, and what is removed (structured-merge-diff, typed/compare.go)."""
    found = set(_changes(schema, old, new, ()))
    return {path for path, there in found if there}, {path for path, there in found if not there}


def _changes(schema: Schema, old: object, new: object, path: Path) -> Iterator[tuple[Path, bool]]:
    """Each field that is not as it was, and whether it is there."""
    if old == new:
        return
    before, after = parts(schema, old) or {}, parts(schema, new) or {}
    null = {f"f:{name}" for name in schema.get("required", ())} if "x-type" in schema and old is not MISSING else ()
    for name in before.keys() | after.keys():
        below, was = before.get(name, ({}, None if name in null else MISSING))
        below, becomes = after.get(name, (below, MISSING))
        yield from _changes(below, was, becomes, (*path, name))
    if old is MISSING or new is MISSING or not (before or after):
        yield path, new is not MISSING


@cache
def empty(kind: Kind) -> Json:
    """What an object is compared with when it is created: Go's zero value, in which all structs are there."""
    return {**({} if kind.custom else _zero(schema_of(kind))), "metadata": {}}


def _zero(schema: Schema) -> Json:
    fields = schema.get("properties", {})
    return {name: _zero(below) for name, below in fields.items() if below.get("default") == {}}


def _entries(old: Json | None, new: Json, subresource: str) -> list[Json]:
    """Those before a write. A client may write them itself, but not through a subresource."""
    given = new["metadata"].get("managedFields")
    if given is None or subresource:
        return list(old["metadata"].get("managedFields", ())) if old else []
    return [each for each in given if each]


def _same_but_times(some: list[Json], others: list[Json]) -> bool:
    def timeless(entries: list[Json]) -> list[Json]:
        return [{key: value for key, value in each.items() if key != "time"} for each in entries]

    return timeless(some) == timeless(others)
