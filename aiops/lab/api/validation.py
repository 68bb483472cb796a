"""What the API server does not take, in its own words: by an object's names, its schema and the rules of its kind."""

import re
from collections.abc import Iterator

from aiops.lab.api import causes, refusals
from aiops.lab.api.causes import Cause
from aiops.lab.api.kinds import Json, Kind, Value
from aiops.lab.api.names import misnamed
from aiops.lab.api.rules import broken
from aiops.lab.api.schemas import INT_OR_STRING, Schema, below, fits, schema_of

NOTHING = object()
UNTYPED = frozenset({"apps.v1.DeploymentStrategy"})
"""Types whose rules say more than their schema."""


def validate(kind: Kind, new: Json, old: Json | None) -> None:
    """Refusal (422) where an object is not what its kind allows, or changes what cannot be changed."""
    before = NOTHING if old is None else old
    why = [*misnamed(kind, new, old), *_misfits(schema_of(kind), new, "", before), *broken(kind, new, old)]
    if why:
        raise refusals.invalid(kind, new["metadata"]["name"], list(dict.fromkeys(why)))


def _misfits(schema: Schema, value: Value, path: str, old: Value) -> Iterator[Cause]:
    """Where a value is not as its schema wants it; what it was before is taken for good (apiextensions, ratcheting)."""
    if (value == old and path) or schema.get("x-type") in UNTYPED:
        return
    if not fits(schema, value):
        wanted, found = "integer,string" if schema.get(INT_OR_STRING) else schema["type"], _type_of(value)
        _, field, message = causes.invalid(path, found, f'{path} in body must be of type {wanted}: "{found}"')
        yield "FieldValueTypeInvalid", field, message
    elif isinstance(value, dict):
        if "x-type" not in schema:
            yield from (causes.required(_join(path, name)) for name in schema.get("required", ()) if name not in value)
        before = old if isinstance(old, dict) else {}
        for name, each in value.items():
            yield from _misfits(below(schema, name), each, _join(path, name), before.get(name, NOTHING))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            was = each if isinstance(old, list) and each in old else NOTHING
            yield from _misfits(schema.get("items", {}), each, f"{path}[{index}]", was)
        yield from _misfit_list(schema, value, path)
    else:
        yield from _misfit_scalar(schema, value, path)


def _misfit_list(schema: Schema, value: list[Value], path: str) -> Iterator[Cause]:
    if len(value) > (most := schema.get("maxItems", len(value))):
        yield "FieldValueTooMany", path, f"Too many: {len(value)}: must have at most {most} items"
    if len(value) < (least := schema.get("minItems", 0)):
        yield causes.invalid(path, len(value), f"{path} in body should have at least {least} items")
    keys = schema.get("x-kubernetes-list-map-keys")
    if "x-type" in schema.get("items", {}) or not (keys or schema.get("x-kubernetes-list-type") == "set"):
        return
    names = [{key: each.get(key) for key in keys} if keys else each for each in value]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield "FieldValueDuplicate", f"{path}[{index}]", f"Duplicate value: {causes.shown(name)}"


def _misfit_scalar(schema: Schema, value: Value, path: str) -> Iterator[Cause]:
    if "enum" in schema and value not in schema["enum"]:
        yield causes.unsupported(path, causes.shown(value), schema["enum"])
    should = f"{path} in body should"
    if isinstance(value, str):
        if len(value) > (most := schema.get("maxLength", len(value))):
            yield "FieldValueTooLong", path, f"Too long: may not be more than {most} bytes"
        elif len(value) < (least := schema.get("minLength", 0)):
            yield causes.invalid(path, value, f"{should} be at least {least} chars long")
        elif "pattern" in schema and not re.search(schema["pattern"], value):
            yield causes.invalid(path, value, f"{should} match '{schema['pattern']}'")
    elif isinstance(value, int | float):
        if value > (most := schema.get("maximum", value)):
            yield causes.invalid(path, value, f"{should} be less than or equal to {most}")
        if value < (least := schema.get("minimum", value)):
            yield causes.invalid(path, value, f"{should} be greater than or equal to {least}")


def _type_of(value: Value) -> str:
    names = {dict: "object", list: "array", bool: "boolean", str: "string", int: "integer", float: "float64"}
    return names.get(type(value), "null")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
