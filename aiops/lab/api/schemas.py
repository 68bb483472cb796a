"""What a schema (OpenAPI v3, as the API server publishes it) says of a place in an object."""

import json

from aiops.lab.api.kinds import Json, Kind, Value

Schema = Json
"""References are resolved; empty where nothing is known of a place."""


def schema_of(kind: Kind) -> Schema:
    """That of the version in which objects are stored."""
    return kind.schemas.get(kind.version) or {}


def below(schema: Schema, name: str) -> Schema:
    """The schema of a field, or of a map's values."""
    found = schema.get("properties", {}).get(name)
    if found is None:
        found = schema.get("additionalProperties")
    return found if isinstance(found, dict) else {}


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
