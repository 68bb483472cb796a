"""What a schema (OpenAPI v3, as the API server publishes it) says of a place in an object."""

import json

from aiops.lab.api.kinds import Json, Kind, Value

Schema = Json
"""References are resolved; empty where nothing is known of a place; of Kubernetes' own types, `x-type` is the name."""
PRESERVE, INT_OR_STRING = "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
TYPES: Json = {
    "array": list, "boolean": bool, "integer": int, "number": int | float, "object": dict, "string": str,
}  # fmt: skip


def schema_of(kind: Kind) -> Schema:
    """That of the version in which objects are stored."""
    return kind.schemas.get(kind.version) or {}


def below(schema: Schema, name: str) -> Schema:
    """The schema of a field, or of a map's values."""
    found = schema.get("properties", {}).get(name)
    if found is None:
        found = schema.get("additionalProperties")
    return found if isinstance(found, dict) else {}


def takes(schema: Schema, name: str) -> bool:
    """Whether an object may have a field of this name."""
    if name in schema.get("properties", ()) or "additionalProperties" in schema or schema.get(PRESERVE):
        return True
    return "properties" not in schema and (schema.get("type") != "object" or "x-type" in schema)


def is_nullable(schema: Schema) -> bool:
    """Whether null is a value of its own; elsewhere it is none."""
    return bool(schema.get("nullable")) or "type" not in schema


def fits(schema: Schema, value: Value) -> bool:
    """Whether a value is of the schema's type."""
    if value is None and schema.get("nullable"):
        return True
    if schema.get(INT_OR_STRING) or schema.get("format") == "int-or-string":
        return isinstance(value, int | str)
    wanted = TYPES.get(schema.get("type", ""), object)
    return isinstance(value, wanted) and not (isinstance(value, bool) and wanted in (int, int | float))


def parts(schema: Schema, value: object) -> dict[str, tuple[Schema, Value]] | None:
    """A value's parts under their names in fieldsV1, each with its schema; None of what is owned as a whole.

    An object is taken apart, and a list by its items' keys (or values) where the schema calls it a map (or a set).
    """
    if isinstance(value, dict) and schema.get("x-kubernetes-map-type") != "atomic":
        return {f"f:{name}": (below(schema, name), each) for name, each in value.items()}
    if isinstance(value, list) and (items := schema.get("items")) is not None:
        match schema.get("x-kubernetes-list-type"):
            case "map":
                keys = schema["x-kubernetes-list-map-keys"]
                return {f"k:{_text(_key(items, keys, each))}": (items, each) for each in value}
            case "set":
                return {f"v:{_text(each)}": (items, each) for each in value}
    return None


def _key(items: Schema, keys: list[str], item: Json) -> Json:
    defaults = {key: below(items, key).get("default") for key in keys}
    found = {key: item.get(key, defaults[key]) for key in keys}
    return {key: value for key, value in found.items() if value is not None}


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
