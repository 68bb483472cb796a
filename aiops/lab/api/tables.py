"""Objects as a Table, which is what kubectl prints: each kind's columns as the API server computes them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from aiops.lab.api.columns import COLUMNS
from aiops.lab.api.durations import Age, human
from aiops.lab.api.kinds import Json, Kind
from aiops.lab.clock import parse

STEP = re.compile(r"\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]|\[\?\(@\.([\w.-]+)\s*==\s*[\"']([^\"']*)[\"']\)\]")
CREATED: Json = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
"""The column of a custom kind that defines none."""


def table(kind: Kind, bodies: Iterable[Json], meta: Json, now: datetime, include: str) -> Json:
    """A Table of objects; each row has the object's metadata with it, or what `include` says."""
    cells = _cells(kind, now)
    rows = [{"cells": list(cells(body)), **_object(body, include)} for body in bodies]
    columns = [_definition(*column) for column in _columns(kind)]
    return {
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": columns, "rows": rows,
    }  # fmt: skip


def partial(body: Json) -> Json:
    """An object's metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


def _object(body: Json, include: str) -> Json:
    match include:
        case "None":
            return {}
        case "Object":
            return {"object": body}
        case _:
            return {"object": partial(body)}


def _definition(name: str, kind: str, priority: int) -> Json:
    shape = "name" if name == "Name" else ""
    return {"name": name, "type": kind, "format": shape, "description": name, "priority": priority}


def _columns(kind: Kind) -> Iterator[tuple[str, str, int]]:
    if kind.custom:
        yield "Name", "string", 0
        for column in kind.columns or (CREATED,):
            yield column["name"], column["type"], column.get("priority", 0)
        return
    names, _ = COLUMNS.get(kind.resource, COLUMNS[""])
    for name in names.split("|"):
        yield name.removesuffix("*"), "string", int(name.endswith("*"))


def _cells(kind: Kind, now: datetime) -> Callable[[Json], Sequence[object]]:
    def age(stamp: str | None) -> str:
        return human(now - parse(stamp)) if stamp else "<unknown>"

    if not kind.custom:
        _, cells = COLUMNS.get(kind.resource, COLUMNS[""])
        return lambda body: cells(body, age)
    return lambda body: [
        body["metadata"]["name"],
        *(_custom(body, column, age) for column in kind.columns or (CREATED,)),
    ]


def _custom(body: Json, column: Json, age: Age) -> object:
    found = at(body, column["jsonPath"])
    return age(found) if column["type"] == "date" and found else found


def at(body: Json, path: str) -> Any:  # noqa: ANN401 - whatever is there
    """What stands at a simple JSONPath, as `.status.conditions[?(@.type=="Ready")].status`; None where nothing."""
    found: Any = body
    for name, quoted, index, key, value in STEP.findall(path):
        if key:
            among = found if isinstance(found, list) else ()
            found = next((each for each in among if str(at(each, f".{key}")) == value), None)
        elif index:
            found = found[int(index)] if isinstance(found, list) and len(found) > int(index) else None
        else:
            found = found.get(name or quoted.replace("\\.", ".")) if isinstance(found, dict) else None
    return found
