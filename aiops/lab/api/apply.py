"""Server-side apply: an object is what each of its managers says of it (structured-merge-diff, merge/update.go)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce

from aiops.lab.api import fields, refusals
from aiops.lab.api.causes import in_go
from aiops.lab.api.decoding import Misfit, misfits
from aiops.lab.api.fieldsets import Path, common, field_set, owned, union
from aiops.lab.api.kinds import Json, Kind, Value
from aiops.lab.api.objects import Objects, Writer
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.schemas import Schema, parts, schema_of


def applied(
    objects: Objects,
    kind: Kind,
    name: str,
    namespace: str,
    body: Json,
    by: Writer,
    *,
    force: bool = False,
    subresource: str = "",
    dry_run: bool = False,
) -> tuple[Json, bool]:
    """The object after an apply, and whether it was created."""
    meta = body.get("metadata") or {}
    if meta.get("managedFields") is not None:
        raise refusals.bad_request("metadata.managedFields must be nil")
    _refuse_misfits(kind, name, body)
    by = replace(by, operation="Apply")
    place = {"name": name, **({"namespace": namespace} if namespace else {})}
    live = objects.find(kind.resource, name, namespace)
    entry = {**fields.entry(kind, by, subresource), "time": objects.clock.stamp()}
    new = merged(kind, live, {**body, "metadata": {**meta, **place}}, entry, force=force)
    if live is None:
        return objects.create(kind.resource, new, by, dry_run=dry_run), True
    new = objects.edit(kind.resource, name, namespace, lambda _: new, by, subresource=subresource, dry_run=dry_run)
    return new, False


def merged(kind: Kind, live: Json | None, config: Json, mine: Json, *, force: bool) -> Json:
    """The live object with what is applied to it, and without what its manager applied before and no longer does."""
    schema, entries = schema_of(kind), live["metadata"].get("managedFields", []) if live else []
    others = [each for each in entries if not fields.is_of(each, mine)]
    last: Json = next((each for each in entries if fields.is_of(each, mine)), {})
    owners = reduce(union, (each["fieldsV1"] for each in others), field_set(_paths(schema, config)))
    new = _pruned(schema, _merge(schema, live or {}, config), last.get("fieldsV1", {}), owners)
    changed, removed = fields.compare(schema, fields.ownable(live) if live else fields.empty(kind), fields.ownable(new))
    if not force:
        _refuse_conflicts(others, changed)
    if not changed and not removed:
        mine = {key: value for key, value in {**mine, "time": last.get("time")}.items() if value is not None}
    owns = field_set(set(_paths(schema, fields.ownable(config))) - {("f:metadata",)})
    left = ((each, fields.without(each["fieldsV1"], changed | removed)) for each in others)
    kept = [{**each, "fieldsV1": still} for each, still in left if still]
    owned_by = fields.in_order([*kept, *([{**mine, "fieldsV1": owns}] if owns else [])])
    return {**new, "metadata": {**new["metadata"], "managedFields": owned_by}}


def _refuse_misfits(kind: Kind, name: str, config: Json) -> None:
    """500 of what is no configuration of this kind."""
    for misfit in sorted(misfits(schema_of(kind), config), key=lambda each: bool(each.why)):
        who = f"{config.get('metadata', {}).get('namespace', '')}/{name}; {kind.group}/{kind.version}, Kind={kind.kind}"
        why = f".{misfit.path}: {_unfit(misfit)}"
        raise Refusal(500, "", f"failed to create typed patch object ({who}): {why}")


def _unfit(misfit: Misfit) -> str:
    if not misfit.why:
        return "field not declared in schema"
    match misfit.schema.get("type"):
        case "integer" | "number":
            kinds = {bool: "bool", dict: "map[string]interface {}", list: "[]interface {}", str: "string"}
            return f"expected numeric (int or float), got {kinds[type(misfit.value)]}"
        case "string":
            return f"expected string, got &value.valueUnstructured{{Value:{misfit.value}}}"
        case sort:
            wanted = {"array": "list", "object": "map"}.get(sort or "", sort)
            return f"expected {wanted}, got &{{{in_go(misfit.value)}}}"


def _paths(schema: Schema, value: Value, path: Path = ()) -> Iterator[Path]:
    """The fields that an applied configuration owns (typed/tofieldset.go)."""
    found = parts(schema, value)
    if found is None:
        yield path
    for name, (part, each) in (found or {}).items():
        yield from _paths(part, each, (*path, name))
        if each == {} or name[0] != "f" or name[2:] not in schema.get("properties", {}):
            yield (*path, name)


def _merge(schema: Schema, live: Value, config: Value) -> Value:
    before, more = parts(schema, live), parts(schema, config)
    if before is None or more is None:
        return config
    both = {
        name: _merge(part, before[name][1], each) if name in before else each for name, (part, each) in more.items()
    }
    if isinstance(config, dict):
        return {**live, **{name[2:]: each for name, each in both.items()}}
    return [both[name] if name in both else before[name][1] for name in _interleaved(list(before), list(more))]


def _interleaved(live: list[str], config: list[str]) -> list[str]:
    """The items of two lists: in the applied one's order, and what is only in the live one where it was."""
    order: list[str] = []
    for name in live:
        if name not in config:
            order.append(name)
        elif name == next((each for each in config if each in live), None):
            end = config.index(name) + 1
            order, config = [*order, *config[:end]], config[end:]
    return order + config


def _pruned(schema: Schema, value: Value, last: Json, owners: Json) -> Value:
    """Without what was owned last and has no owner now, with all that is below it."""
    kept = {}
    for name, (part, each) in (parts(schema, value) or {}).items():
        ours, theirs = last.get(name), owners.get(name)
        if ours is None:
            kept[name] = each
        elif not _is_gone(ours, theirs, is_field=name[0] == "f" and name[2:] in schema.get("properties", {})):
            kept[name] = each if parts(part, each) is None else _pruned(part, each, ours, theirs or {})
    return {name[2:]: each for name, each in kept.items()} if isinstance(value, dict) else list(kept.values())


def _is_gone(ours: Json, theirs: Json | None, *, is_field: bool) -> bool:
    """A field is there as long as somebody owns something in it; an item of a list or a map, while it has an owner."""
    if is_field:
        return theirs is None
    return owned(ours) and (theirs is None or not owned(theirs))


def _refuse_conflicts(others: Sequence[Json], changed: set[Path]) -> None:
    """409 where the apply changes what others own."""
    wanted = field_set(changed)
    theirs = ((_who(each), sorted(map(_shown, common(each["fieldsV1"], wanted)))) for each in others)
    found = {who: paths for who, paths in theirs if paths}
    causes = [(who, path) for who, paths in sorted(found.items()) for path in paths]
    if not causes:
        return
    if len(causes) == 1:
        said = "1 conflict: conflict with {}: {}".format(*causes[0])
    else:
        with_whom = (
            "\n".join((f"conflicts with {who}:", *(f"- {path}" for path in found[who]))) for who in sorted(found)
        )
        said = f"{len(causes)} conflicts: " + "\n".join(with_whom)
    told = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": path} for who, path in causes
    ]
    raise Refusal(409, "Conflict", f"Apply failed with {said}", details={"causes": told})


def _who(entry: Json) -> str:
    name = json.dumps(entry["manager"])
    if "subresource" in entry:
        name += f' with subresource "{entry["subresource"]}"'
    return f"{name} using {entry['apiVersion']}" if entry["operation"] == "Update" else name


def _shown(path: Path) -> str:
    """As `.spec.containers[name="web"].image`."""
    text = ""
    for name in path:
        sort, _, rest = name.partition(":")
        match sort:
            case "f":
                text += f".{rest}"
            case "k":
                keys = json.loads(rest).items()
                text += f"[{','.join(f'{key}={json.dumps(value)}' for key, value in keys)}]"
            case _:
                text += f"[={rest}]"
    return text
