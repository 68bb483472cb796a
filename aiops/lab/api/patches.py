"""Patches: what becomes of an object of which a client sends what shall be different."""

from collections.abc import Collection, Sequence

from aiops.lab.api import refusals
from aiops.lab.api.causes import in_go
from aiops.lab.api.kinds import Json, Kind, Value
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.schemas import Schema, below, schema_of

JSON_PATCH, MERGE = "application/json-patch+json", "application/merge-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"


def patched(kind: Kind, content_type: str, current: Json, patch: Value) -> Json:
    """The object as the patch makes it; the current one stays as it is."""
    known = (JSON_PATCH, MERGE, APPLY) if kind.custom else (JSON_PATCH, MERGE, STRATEGIC, APPLY)
    if content_type not in known:
        media = ", ".join(known)
        said = f"the body of the request was in an unknown format - accepted media types include: {media}"
        raise Refusal(415, "UnsupportedMediaType", said)
    made: Json
    match content_type, patch:
        case media, list() if media == JSON_PATCH:
            made = operated(current, patch)
        case media, dict() if media == MERGE:
            made = merge(current, patch)
        case media, dict() if media == STRATEGIC:
            made = strategic(schema_of(kind), current, patch)
        case _:
            sort = "array" if isinstance(patch, list) else "object"
            into = "[]handlers.jsonPatchOp" if content_type == JSON_PATCH else "map[string]interface {}"
            raise refusals.bad_request(
                f"error decoding patch: json: cannot unmarshal {sort} into Go value of type {into}"
            )
    return made


def merge(current: Value, patch: Value) -> Value:
    """A JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    before = current if isinstance(current, dict) else {}
    kept = {key: value for key, value in before.items() if patch.get(key, ...) is not None}
    return {**kept, **{key: merge(before.get(key), value) for key, value in patch.items() if value is not None}}


def operated(current: Value, operations: Sequence[Json]) -> Value:
    """A JSON patch (RFC 6902), as lenient as the API server's: `replace` of a key that is not there adds it."""
    try:
        for each in operations:
            path, value = steps(each["path"]), each.get("value")
            match each["op"]:
                case "test":
                    if _at(current, path) != value:
                        raise ValueError(each["path"])
                case "move" | "copy":
                    source = steps(each["from"])
                    value = _at(current, source)
                    if each["op"] == "move":
                        current = _changed(current, source, "remove", None)
                    current = _changed(current, path, "add", value)
                case _:
                    current = _changed(current, path, each["op"], value)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        said = "the server rejected our request due to an error in our request"
        raise Refusal(422, "Invalid", said, details={}) from error
    return current


def steps(pointer: str) -> list[str]:
    """The names on the way that a JSON pointer goes (RFC 6901)."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _at(value: Value, path: Sequence[str]) -> Value:
    for step in path:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _changed(value: Value, path: Sequence[str], operation: str, new: Value) -> Value:
    """A copy in which an operation was done to one place."""
    step, *rest = path
    copy: Value = value.copy()
    key: Value = step if isinstance(copy, dict) else len(copy) if step == "-" else int(step)
    if rest:
        copy[key] = _changed(value[key], rest, operation, new)
    elif operation == "remove":
        del copy[key]
    elif operation == "add" and isinstance(copy, list):
        if not -len(copy) <= key <= len(copy):
            raise IndexError(step)
        copy.insert(key, new)
    elif operation in ("add", "replace"):
        copy[key] = new
    else:
        raise ValueError(operation)
    return copy


def strategic(schema: Schema, current: Json, patch: Json) -> Json:
    """A strategic merge patch (apimachinery, strategicpatch/patch.go): lists by the merge key of their schema."""
    if "$patch" in patch:
        return _plain(patch) if patch["$patch"] == "replace" else {}
    kept = patch.get("$retainKeys", current)
    result = {key: value for key, value in current.items() if key in kept}
    for key, value in patch.items():
        directive, _, name = key.partition("/") if key.startswith("$") else ("", "", key)
        place, live = below(schema, name), result.get(name)
        match directive:
            case "$deleteFromPrimitiveList":
                result[name] = [each for each in live or () if each not in value]
            case "$setElementOrder" if name not in patch and live:
                result[name] = _merged(place, live, [], value)
            case "" if value is None:
                result.pop(name, None)
            case "" if isinstance(value, dict) and isinstance(live, dict):
                result[name] = strategic(place, live, value)
            case "" if isinstance(value, list) and live and "merge" in place.get("x-kubernetes-patch-strategy", ""):
                result[name] = _merged(place, live, value, patch.get(f"$setElementOrder/{name}", value))
            case "":
                result[name] = _plain(value)
    return result


def _merged(schema: Schema, live: list[Value], patch: list[Value], order: list[Value]) -> list[Value]:
    """A list after the patch of it; what is new comes first, unless the patch tells the order."""
    key = schema.get("x-kubernetes-patch-merge-key")

    def name(item: Value) -> Value:
        if key and key not in item:
            raise Refusal(500, "", f"map: {in_go(item)} does not contain declared merge key: {key}")
        return item[key] if key else item

    if any(isinstance(each, dict) and each.get("$patch") == "replace" for each in patch):
        return [_plain(each) for each in patch if "$patch" not in each]
    found = {name(each): each for each in live}
    for each in patch:
        if isinstance(each, dict) and each.get("$patch") == "delete":
            found.pop(name(each), None)
        elif isinstance(each, dict) and name(each) in found:
            found[name(each)] = strategic(schema["items"], found[name(each)], each)
        else:
            found[name(each)] = _plain(each)
    return [found[each] for each in _arranged(found, [name(each) for each in order], [name(each) for each in live])]


def _arranged(names: Collection[Value], order: list[Value], live: list[Value]) -> list[Value]:
    """The names in this order; those that are not in it where they were among those that are."""
    arranged: list[Value] = []
    rest = [name for name in names if name not in order]
    for name in (each for each in order if each in names):
        while rest and rest[0] in live and name in live and live.index(rest[0]) < live.index(name):
            arranged.append(rest.pop(0))
        arranged.append(name)
    return arranged + rest


def _plain(value: Value) -> Value:
    """What a patch adds where nothing was: without directives and nulls."""
    if isinstance(value, list):
        return [_plain(each) for each in value if not (isinstance(each, dict) and "$patch" in each)]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if each is not None and not key.startswith("$")}
    return value
