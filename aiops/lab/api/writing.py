"""What clients write: each verb, from the request to the objects and back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiops.lab.api import causes, scaling
from aiops.lab.api.apply import applied
from aiops.lab.api.calls import Call
from aiops.lab.api.decoding import decoded, decoded_patch
from aiops.lab.api.deletion import is_over
from aiops.lab.api.kinds import Json
from aiops.lab.api.listing import Lists
from aiops.lab.api.objects import Objects
from aiops.lab.api.patches import APPLY, JSON_PATCH, MERGE, STRATEGIC, patched
from aiops.lab.api.refusals import Refusal, bad_request, details, invalid_options
from aiops.lab.api.requests import is_true

GIVES_BACK = frozenset({
    "persistentvolumeclaims", "persistentvolumes", "pods", "resourcequotas", "serviceaccounts", "services",
    "storageclasses.storage.k8s.io", "volumeattachments.storage.k8s.io",
})  # fmt: skip
"""Kinds of which a deletion answers the object, though it is gone (ReturnDeletedObject in pkg/registry)."""
POLICIES = ("Foreground", "Background", "Orphan")
PATCHES = (APPLY, JSON_PATCH, MERGE, STRATEGIC)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a write is answered with."""

    code: int = 200
    body: Json
    warnings: tuple[str, ...] = ()


def create(objects: Objects, call: Call) -> Answer:
    """POST."""
    sent, warnings = decoded(call.kind, call.object(), call.validation)
    body = objects.create(call.kind.resource, sent, call.by, dry_run=call.dry_run)
    return Answer(code=201, body=body, warnings=warnings)


def update(objects: Objects, call: Call) -> Answer:
    """PUT, of an object or of its status or scale."""
    if call.info.subresource == "scale":
        return _scale(objects, call, lambda _: call.json())
    sent, warnings = decoded(call.kind, call.object(), call.validation)
    body = objects.update(call.kind.resource, sent, call.by, subresource=call.info.subresource, dry_run=call.dry_run)
    return Answer(body=body, warnings=warnings)


def patch(objects: Objects, call: Call) -> Answer:
    """PATCH in each of its formats, and server-side apply."""
    if call.content_type not in PATCHES:
        raise Refusal(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})
    info, change = call.info, call.json()
    if call.content_type == APPLY:
        return _apply(objects, call, change)
    if info.subresource == "scale":
        return _scale(objects, call, lambda body: patched(scaling.SCALE, call.content_type, body, change))

    warnings: list[str] = []

    def changed(body: Json) -> Json:
        new = patched(call.kind, call.content_type, body, change)
        new, unknown = decoded_patch(call.kind, new, call.validation)
        warnings.extend(unknown)
        return call.placed(new)

    body = objects.edit(
        call.kind.resource,
        info.name,
        call.namespace,
        changed,
        call.by,
        subresource=info.subresource,
        dry_run=call.dry_run,
    )
    return Answer(body=body, warnings=tuple(warnings))


def _apply(objects: Objects, call: Call, body: Json) -> Answer:
    if not call.query.get("fieldManager"):
        raise invalid_options("PatchOptions", causes.required("fieldManager", "is required for apply patch"))
    call.placed(body)
    found, created = applied(
        objects, call.kind, call.info.name, call.namespace, body, call.by,
        force=is_true(call.query, "force"), subresource=call.info.subresource, dry_run=call.dry_run,
    )  # fmt: skip
    return Answer(code=201 if created else 200, body=found)


def _scale(objects: Objects, call: Call, change: Callable[[Json], Any]) -> Answer:
    info = call.info

    def changed(body: Json) -> Json:
        scale = change(scaling.scale(body))
        return scaling.scaled(body, scale)

    body = objects.edit(
        call.kind.resource, info.name, info.namespace, changed, call.by, subresource="scale", dry_run=call.dry_run
    )
    return Answer(body=scaling.scale(body))


def delete(objects: Objects, call: Call) -> Answer:
    """DELETE of one object: the object while something holds it, and else mostly a Status."""
    kind, name, options = call.kind, call.info.name, _delete_options(call)
    body = objects.delete(kind.resource, name, call.namespace, call.by, **options)
    if ("deletionTimestamp" in body["metadata"] and not is_over(body)) or kind.resource in GIVES_BACK:
        return Answer(body=body)
    about = details(kind, name, uid=body["metadata"]["uid"])
    return Answer(body={"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": about})


def delete_collection(objects: Objects, lists: Lists, call: Call) -> list[Json]:
    """DELETE of all that a list would show; the list."""
    options = _delete_options(call)
    found = list(lists.page(call.kind, call.namespace, call.query).bodies)
    for body in found:
        meta = body["metadata"]
        objects.delete(call.kind.resource, meta["name"], meta.get("namespace", ""), call.by, **options)
    return found


def _delete_options(call: Call) -> Json:
    sent = call.json() if call.content else {}
    if not isinstance(sent, dict):
        raise bad_request("the body of a DELETE is DeleteOptions")
    said = {
        **sent,
        **{key: call.query[key] for key in ("propagationPolicy", "gracePeriodSeconds") if key in call.query},
    }
    orphan = said.get("orphanDependents")
    propagation = said.get("propagationPolicy") or ("Orphan" if orphan else "Background")
    if propagation not in POLICIES:
        why = causes.unsupported("propagationPolicy", causes.shown(propagation), [*POLICIES, "nil"])
        raise invalid_options("DeleteOptions", why)
    grace, must = said.get("gracePeriodSeconds"), said.get("preconditions") or {}
    return {
        "propagation": propagation, "grace_s": None if grace is None else int(grace),
        "uid": must.get("uid", ""), "version": must.get("resourceVersion", ""),
        "dry_run": call.dry_run or bool(said.get("dryRun")),
    }  # fmt: skip
