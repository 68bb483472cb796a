"""What the API server does not take, in its own words: by an object's names, its schema and the rules of its kind."""

import json
import re
from collections.abc import Iterator

from aiops.lab.api.kinds import Json, Kind, Value
from aiops.lab.api.names import misnamed
from aiops.lab.api.refusals import Cause, invalid
from aiops.lab.api.rules import broken
from aiops.lab.api.schemas import INT_OR_STRING, Schema, below, fits, schema_of

NOTHING = object()
UNTYPED = frozenset({"apps.v1.DeploymentStrategy"})
"""Types whose rules say more than their schema."""


def validate(kind: Kind, new: Json, old: Json | None) -> None:
    """Refusal (422) where an object is not what its kind allows, or changes what cannot be changed."""
    before = NOTHING if old is None else old
    causes = [*misnamed(kind, new, old), *_misfits(schema_of(kind), new, "", before), *broken(kind, new, old)]
    if causes:
        raise invalid(kind, new["metadata"]["name"], list(dict.fromkeys(causes)))


def _misfits(schema: Schema, value: Value, path: str, old: Value) -> Iterator[Cause]:
    """Where a value is not as its schema wants it; what it was before is taken for good (apiextensions, ratcheting)."""
    if (value == old and path) or schema.get("x-type") in UNTYPED:
        return
    if not fits(schema, value):
        wanted, found = "integer,string" if schema.get(INT_OR_STRING) else schema["type"], _type_of(value)
        yield (
            "FieldValueTypeInvalid",
            path,
            f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"',
        )
    elif isinstance(value, dict):
        if "x-type" not in schema:
            missing = (name for name in schema.get("required", ()) if name not in value)
            yield from (("FieldValueRequired", _join(path, name), "Required value") for name in missing)
        for name, each in value.items():
            was = old.get(name, NOTHING) if isinstance(old, dict) else NOTHING
            yield from _misfits(below(schema, name), each, _join(path, name), was)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            was = each if isinstance(old, list) and each in old else NOTHING
            yield from _misfits(schema.get("items", {}), each, f"{path}[{index}]", was)
        yield from _misfit_list(schema, value, path)
    else:
        yield from _misfit_scalar(schema, value, path)


def _misfit_list(schema: Schema, value: list[Value], path: str) -> Iterator[Cause]:
    if len(value) > schema.get("maxItems", len(value)):
        most = schema["maxItems"]
        yield "FieldValueTooMany", path, f"Too many: {len(value)}: must have at most {most} items"
    if len(value) < schema.get("minItems", 0):
        least = schema["minItems"]
        yield (
            "FieldValueInvalid",
            path,
            f"Invalid value: {len(value)}: {path} in body should have at least {least} items",
        )
    keys = schema.get("x-kubernetes-list-map-keys")
    if "x-type" in schema.get("items", {}) or not (keys or schema.get("x-kubernetes-list-type") == "set"):
        return
    names = [{key: each.get(key) for key in keys} if keys else each for each in value]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield "FieldValueDuplicate", f"{path}[{index}]", f"Duplicate value: {_text(name)}"


def _misfit_scalar(schema: Schema, value: Value, path: str) -> Iterator[Cause]:
    if "enum" in schema and value not in schema["enum"]:
        known = ", ".join(map(_text, schema["enum"]))
        yield "FieldValueNotSupported", path, f"Unsupported value: {_text(value)}: supported values: {known}"
    said = f"Invalid value: {_text(value)}: {path} in body should"
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            yield "FieldValueTooLong", path, f"Too long: may not be more than {schema['maxLength']} bytes"
        elif len(value) < schema.get("minLength", 0):
            yield "FieldValueInvalid", path, f"{said} be at least {schema['minLength']} chars long"
        elif "pattern" in schema and not re.search(schema["pattern"], value):
            yield "FieldValueInvalid", path, f"{said} match '{schema['pattern']}'"
    elif isinstance(value, int | float):
        if value > schema.get("maximum", value):
            yield "FieldValueInvalid", path, f"{said} be less than or equal to {schema['maximum']}"
        if value < schema.get("minimum", value):
            yield "FieldValueInvalid", path, f"{said} be greater than or equal to {schema['minimum']}"


def _type_of(value: Value) -> str:
    names = {dict: "object", list: "array", bool: "boolean", str: "string", int: "integer", float: "float64"}
    return names.get(type(value), "null")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _text(value: Value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
