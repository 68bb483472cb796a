"""Bodies as the API server takes them in: without fields that nobody knows, and with values of the right type."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiops.lab.api.kinds import Json, Kind, Value
from aiops.lab.api.quantities import parse
from aiops.lab.api.refusals import bad_request, invalid_patch
from aiops.lab.api.schemas import QUANTITY, Schema, below, fits, schema_of, takes

GO_TYPES = {"string": "string", "boolean": "bool", "number": "float64", "integer": "int64"}
NUMBER = r"'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """A place in a body that does not fit its schema."""

    path: str
    """As `spec.containers[0].image`."""
    why: str = ""
    """Of a value of another type, what Go says; empty of a field that nobody knows."""
    schema: Schema = field(default_factory=dict)
    value: Value = None


def decoded(kind: Kind, body: Json, validation: str) -> tuple[Json, tuple[str, ...]]:
    """A body without what nobody knows, and the warnings of that; Refusal (400) of values of another type, and of what
    nobody knows where `validation` (fieldValidation) is `Strict`."""
    try:
        return fitted(kind, body, validation)
    except ValueError as error:
        what = f'{kind.kind} in version "{kind.version}"'
        raise bad_request(f"{what} cannot be handled as a {kind.kind}: {error}") from None


def decoded_patch(kind: Kind, new: Json, validation: str) -> tuple[Json, tuple[str, ...]]:
    """The same of what a patch makes of an object: the Refusal is a 422."""
    try:
        return fitted(kind, new, validation)
    except ValueError as error:
        raise invalid_patch(new, str(error)) from None


def fitted(kind: Kind, body: Json, validation: str) -> tuple[Json, tuple[str, ...]]:
    """The same, but for a ValueError that says why not."""
    found = list(misfits(schema_of(kind), body))
    for each in found:
        if each.why:
            raise ValueError(each.why)
    paths = [each.path for each in found]
    unknown = tuple(f'unknown field "{path}"' for path in (sorted(paths) if kind.custom else paths))
    if unknown and validation == "Strict":
        raise ValueError(f"strict decoding error: {', '.join(unknown)}")
    return pruned(schema_of(kind), body) if unknown else body, () if validation == "Ignore" else unknown


def misfits(schema: Schema, value: Value, path: str = "", struct: str = "", into: str = "") -> Iterator[Misfit]:
    """All of them. Types matter here in Kubernetes' own types alone: in custom resources they are validated.

    `struct` and `into` are the place as Go names it, as `Container` and `spec.containers.image`.
    """
    if struct and value is not None and (why := _mistyped(schema, value, f"{struct}.{into}")):
        yield Misfit(path=path, why=why, schema=schema, value=value)
        return
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from misfits(schema.get("items", {}), each, f"{path}[{index}]", struct, into)
    elif isinstance(value, dict):
        own = schema.get("properties", {})
        struct = schema.get("x-type", "").rpartition(".")[2] if own else struct
        for name, each in value.items():
            there = f"{path}.{name}" if path else name
            if not takes(schema, name):
                yield Misfit(path=there)
            elif name in own:
                yield from misfits(own[name], each, there, struct, f"{into}.{name}".lstrip(".") if struct else "")
            else:
                yield from misfits(below(schema, name), each, there, struct, into)


def pruned(schema: Schema, value: Value) -> Value:
    """A copy without what nobody knows."""
    if isinstance(value, list):
        return [pruned(schema.get("items", {}), each) for each in value]
    if isinstance(value, dict):
        return {name: pruned(below(schema, name), each) for name, each in value.items() if takes(schema, name)}
    return value


def _mistyped(schema: Schema, value: Value, place: str) -> str:
    if schema.get("x-type") == QUANTITY:
        return "" if _is_quantity(value) else f"quantities must match the regular expression {NUMBER}"
    if not fits(schema, value):
        found = {dict: "object", list: "array", bool: "bool", str: "string"}.get(type(value), "number")
        return f"json: cannot unmarshal {found} into Go struct field {place} of type {_go_type(schema)}"
    if schema.get("format") == "byte":
        try:
            b64decode(value, validate=True)
        except ValueError:
            return "illegal base64 data at input byte 0"
    return ""


def _is_quantity(value: Value) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True


def _go_type(schema: Schema) -> str:
    if "x-type" in schema:
        return ".".join(schema["x-type"].split(".")[-2:])
    if "items" in schema:
        return f"[]{_go_type(schema['items'])}"
    if "additionalProperties" in schema:
        return f"map[string]{_go_type(schema['additionalProperties'])}"
    return str(schema.get("format") if schema.get("type") == "integer" else GO_TYPES[schema["type"]])
