"""How Argo CD applies an object: as kubectl does, on the client's side or on the server's."""

import json
from dataclasses import replace

from aiops.lab.api import apply, fields
from aiops.lab.api.defaults import with_defaults
from aiops.lab.api.kinds import Json, Kind, Value
from aiops.lab.api.objects import Objects, Writer
from aiops.lab.api.patches import merge, strategic
from aiops.lab.api.schemas import Schema, below, schema_of
from aiops.lab.argocd.documents import written

BY = Writer(user="system:serviceaccount:argocd:argocd-application-controller", manager="argocd-controller")
LAST = "kubectl.kubernetes.io/last-applied-configuration"


def put(objects: Objects, kind: Kind, target: Json, *, server_side: bool, replacing: bool = False) -> str:
    """Apply an object; kubectl's word for what happened."""
    meta = target["metadata"]
    name, namespace = meta["name"], meta.get("namespace", "")
    live = objects.find(kind.resource, name, namespace)
    if server_side:
        apply.applied(objects, kind, name, namespace, target, BY, force=True)
        word = "serverside-applied"
    elif live is None:
        objects.create(kind.resource, target if replacing else _noted(target), BY)
        word = "created"
    elif replacing:
        objects.update(kind.resource, target, BY)
        word = "replaced"
    else:
        after = objects.edit(kind.resource, name, namespace, lambda was: _client_side(kind, target, was), BY)
        word = "unchanged" if after is live else "configured"
    return f"{kind.kind.lower()}{f'.{kind.group}' if kind.group else ''}/{name} {word}"


def predicted(kind: Kind, target: Json, live: Json, *, server_side: bool) -> Json:
    """What the live object would be, as far as Argo CD knows.

    Of a custom resource that is applied on the server's side it does not know the defaults: what the server fills into
    a list that is replaced as a whole is missed after each sync (argo-cd #11074; seen on 3.5.7).
    """
    if not server_side:
        return with_defaults(kind, _client_side(kind, target, live))
    entry = fields.entry(kind, replace(BY, operation="Apply"), "")
    after = apply.merged(kind, live, target, entry, force=True)
    return after if kind.custom else with_defaults(kind, after)


def _client_side(kind: Kind, target: Json, live: Json) -> Json:
    """The three-way merge of kubectl apply: what was applied last, what is now, and what is live."""
    last = json.loads((live["metadata"].get("annotations") or {}).get(LAST, "{}"))
    target = _noted(target)
    if kind.custom:
        return dict(merge(merge(live, _gone({}, last, target)), target))
    schema = schema_of(kind)
    return strategic(schema, strategic(schema, live, _gone(schema, last, target)), _retained(schema, target))


def _noted(target: Json) -> Json:
    meta = target["metadata"]
    notes = {**(meta.get("annotations") or {}), LAST: f"{written(target)}\n"}
    return {**target, "metadata": {**meta, "annotations": notes}}


def _gone(schema: Schema, last: Json, target: Json) -> Json:
    """The patch that removes what was applied last and is not now."""
    patch: Json = {}
    for key, old in last.items():
        new, place = target.get(key), below(schema, key)
        merges = "merge" in place.get("x-kubernetes-patch-strategy", "")
        if new is None:
            patch[key] = None
        elif isinstance(old, dict) and isinstance(new, dict):
            patch[key] = _gone(place, old, new)
        elif isinstance(old, list) and isinstance(new, list) and (name := place.get("x-kubernetes-patch-merge-key")):
            patch[key] = _gone_items(place["items"], name, old, new) if merges else []
    return {key: each for key, each in patch.items() if each not in ({}, [])}


def _gone_items(schema: Schema, key: str, old: list[Value], new: list[Value]) -> list[Json]:
    kept = {each[key]: each for each in new if key in each}
    patch = []
    for each in (item for item in old if key in item):
        name = each[key]
        if name not in kept:
            patch.append({key: name, "$patch": "delete"})
        elif gone := _gone(schema, each, kept[name]):
            patch.append({key: name, **gone})
    return patch


def _retained(schema: Schema, target: Json) -> Json:
    """The patch that sets it; of a union, as a Deployment's strategy is one, only its own keys stay."""
    patch = dict(target)
    for key, value in target.items():
        place = below(schema, key)
        if isinstance(value, dict):
            patch[key] = _retained(place, value)
            if "retainKeys" in place.get("x-kubernetes-patch-strategy", ""):
                patch[key]["$retainKeys"] = sorted(value)
    return patch
