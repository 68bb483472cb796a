"""Server-side apply of a few manifests: planned by the API server itself, and taken over from `kubectl apply`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import yaml

from aiops.clients.kube import Kind, Kube
from aiops.errors import ApiRefused, CannotTell, Conflict, NotFound
from aiops.gitops.generated import diff
from aiops.progress.events import Change, Report, Said
from aiops.snapshot import Json

MANAGER = "aiops"
CLIENT_SIDE = ("kubectl-client-side-apply", "before-first-apply", "kubectl-last-applied")
"""Field managers under which an earlier `kubectl apply` left its fields."""
CONTROLLERS = re.compile(r"argocd(-[a-z]+)*")
"""Field managers of Argo CD's own controllers: when they note something they write the whole object back, Go's
zero values included, and so come to own what we applied (seen on 3.5.7, spec.generators of an ApplicationSet)."""
OWNER = re.compile(r'conflicts? with "([^"]+)"')
NOT_OURS = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink")


@dataclass(frozen=True)
class Planned:
    """One manifest, the object on the cluster, and what applying it would make of it."""

    kind: Kind
    manifest: Json
    live: Json | None
    change: Change

    @property
    def foreign(self) -> list[Json]:
        """The entries of managedFields that an earlier client-side apply left."""
        entries = (self.live or {}).get("metadata", {}).get("managedFields") or []
        return [each for each in entries if _is(each, "Update", *CLIENT_SIDE)]


def plan(kube: Kube, manifests: Iterable[tuple[Kind, Json]], namespace: str) -> tuple[Planned, ...]:
    """What applying would change, by a dry run of the API server. Nothing is written."""
    return tuple(_plan(kube, kind, manifest, namespace) for kind, manifest in manifests)


def _plan(kube: Kube, kind: Kind, manifest: Json, namespace: str) -> Planned:
    name = manifest["metadata"]["name"]
    try:
        live = kube.get(kind, name, manifest["metadata"].get("namespace", namespace))
    except NotFound:
        return Planned(kind, manifest, None, Change(kind=kind.kind, name=name, action="create"))
    after = kube.apply(manifest, kind, force=True, dry_run=True)
    changes = diff(_text(live), _text(after))
    change = Change(kind=kind.kind, name=name, action="change" if changes else "unchanged", diff=changes)
    planned = Planned(kind, manifest, live, change)
    if planned.foreign:
        note = "taken over from `kubectl apply`: fields that the file no longer holds go"
        return replace(planned, change=replace(change, action="change", detail=note))
    return planned


def carry_out(kube: Kube, plans: Iterable[Planned], *, force: bool, report: Report) -> tuple[Change, ...]:
    """Apply in order; after the first failure nothing more. Returns what became of each.

    `force` takes fields over from whoever owns them. Those of an earlier client-side apply are taken over anyway.
    """
    done: list[Change] = []
    for each in plans:
        if any(change.action == "failed" for change in done):
            done.append(replace(each.change, action="not applied"))
            continue
        try:
            _apply(kube, each, force)
        except (ApiRefused, CannotTell) as error:
            done.append(replace(each.change, action="failed", detail=_why(error)))
            continue
        done.append(replace(each.change, action=DONE.get(each.change.action, "unchanged")))
        if each.foreign:
            text = f"{each.change.kind} {each.change.name}: took its fields over from `kubectl apply`"
            report(Said(text=text))
    return tuple(done)


DONE: dict[str, Literal["created", "changed", "unchanged"]] = {"create": "created", "change": "changed"}


def _apply(kube: Kube, planned: Planned, force: bool) -> None:
    """Apply one object, unless it is as it should be; taking over from Argo CD's own controllers."""
    if planned.change.action == "unchanged":
        return
    _take_over(kube, planned)
    try:
        kube.apply(planned.manifest, planned.kind, force=force, dry_run=False)
    except Conflict as error:
        owners = [name for _, message in error.causes for name in OWNER.findall(message)]
        if not owners or not all(CONTROLLERS.fullmatch(name) or name in CLIENT_SIDE for name in owners):
            raise
        kube.apply(planned.manifest, planned.kind, force=True, dry_run=False)


def _why(error: ApiRefused | CannotTell) -> str:
    if isinstance(error, Conflict) and error.causes:
        owners = "; ".join(f"{field}: {message}" for field, message in error.causes)
        return f"somebody else owns fields of it: {owners} (--force-conflicts takes them over)"
    return error.message


def _take_over(kube: Kube, planned: Planned) -> None:
    """Hand the fields of a client-side apply to us, as kubectl's csaupgrade does: else what a file no longer
    holds would stay on the object for ever, owned by a manager that never applies again."""
    if not planned.foreign or planned.live is None:
        return
    meta = planned.live["metadata"]
    entries = meta["managedFields"]
    ours = [each for each in entries if _is(each, "Apply", MANAGER)]
    merged: dict[str, Any] = {}
    for each in (*ours, *planned.foreign):
        merged = _union(merged, each.get("fieldsV1") or {})
    entry = {**planned.foreign[0], "manager": MANAGER, "operation": "Apply", "fieldsV1": merged}
    kept = [each for each in entries if each not in ours and each not in planned.foreign]
    kube.json_patch(
        planned.kind,
        meta["name"],
        meta.get("namespace"),
        [
            {"op": "replace", "path": "/metadata/managedFields", "value": [*kept, entry]},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": meta["resourceVersion"]},
        ],
    )


def _is(entry: Json, operation: str, *managers: str) -> bool:
    """One of managedFields is of these managers and of the object itself, not of a subresource."""
    return entry.get("manager") in managers and entry.get("operation") == operation and not entry.get("subresource")


def _union(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two field sets of managedFields (nested objects, FieldsV1) as one."""
    return {**one, **{key: _union(one.get(key, {}), value) for key, value in other.items()}}


def _text(body: Json) -> str:
    """What an operator wrote of the object, as YAML: without status, what the API server keeps for itself, and the
    empty values that a controller adds when it writes the object back."""
    meta = {key: value for key, value in body["metadata"].items() if key not in NOT_OURS}
    rest = {key: value for key, value in body.items() if key not in ("metadata", "status")}
    return yaml.safe_dump(_without_empty({**rest, "metadata": meta}), sort_keys=True)


def _without_empty(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        items = {key: _without_empty(each) for key, each in value.items()}
        return {key: each for key, each in items.items() if each not in (None, "", {}, [])}
    return [_without_empty(each) for each in value] if isinstance(value, list) else value
