"""Reading and writing objects: what every client and every controller does, with the rules of the API server.

Bodies that are given out belong to the store: they are read, never changed.
"""

import secrets
import uuid
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

from aiops.lab.api import refusals
from aiops.lab.api.defaults import with_defaults
from aiops.lab.api.fields import managed
from aiops.lab.api.kinds import Json, Kind, Kinds
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.store import Store
from aiops.lab.api.validation import validate
from aiops.lab.clock import Clock

Change = Callable[[Json], Json]
"""Makes of an object's copy what it shall be."""
WITHOUT_GENERATION = frozenset({"configmaps", "secrets", "events", "namespaces", "nodes", "services", "pods"})
"""Kinds whose metadata.generation the API server does not keep; pods have one since 1.35, which nobody here reads."""


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Who writes: whom the API server takes it for, and the name under which its fields are kept."""

    user: str
    manager: str
    groups: tuple[str, ...] = ()
    operation: Literal["Update", "Apply"] = "Update"
    """As metadata.managedFields tells them apart."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A write that admission may change or refuse."""

    kind: Kind
    operation: str
    """CREATE, UPDATE or DELETE."""
    body: Json
    old: Json | None
    subresource: str
    by: Writer
    dry_run: bool


class Objects:
    """All objects. Every error is a Refusal."""

    def __init__(self, kinds: Kinds, store: Store, clock: Clock) -> None:
        self.kinds, self.store, self.clock = kinds, store, clock
        self.admission: list[Callable[[Attempt], Json]] = []
        """In this order; each gives the body that goes on, or refuses."""

    def find(self, resource: str, name: str, namespace: str = "") -> Json | None:
        """One object, where it is there and its kind is served."""
        return self.store.get(resource, namespace, name) if self.kinds.find(resource) else None

    def get(self, resource: str, name: str, namespace: str = "") -> Json:
        """One object."""
        found = self.find(resource, name, namespace)
        if found is None:
            raise refusals.not_found(self.kinds[resource], name)
        return found

    def list(self, resource: str, namespace: str = "", labels: Mapping[str, str] | None = None) -> list[Json]:
        """All of a kind, in a namespace or everywhere, with these labels; nothing of a kind that is not served."""
        found = self.store.list(resource, namespace) if self.kinds.find(resource) else []
        if not labels:
            return found
        return [body for body in found if labels.items() <= (body["metadata"].get("labels") or {}).items()]

    def create(self, resource: str, body: Json, by: Writer, *, dry_run: bool = False) -> Json:
        """Make an object; what is stored."""
        kind = self.kinds[resource]
        body = deepcopy(body)
        meta = body.setdefault("metadata", {})
        self._name(kind, meta)
        self._place(kind, meta)
        if self.store.get(resource, meta.get("namespace", ""), meta["name"]) is not None:
            raise refusals.already_exists(kind, meta["name"])
        for key in ("resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"):
            meta.pop(key, None)
        meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": self.clock.stamp()}
        if resource not in WITHOUT_GENERATION:
            meta["generation"] = 1
        if "status" in kind.subresources and resource != "nodes":
            body.pop("status", None)
        body |= deepcopy(BEGINNINGS.get(resource, {}))
        return self._commit(kind, None, body, by, "CREATE", "", dry_run)

    def update(self, resource: str, body: Json, by: Writer, *, subresource: str = "", dry_run: bool = False) -> Json:
        """Put an object in place of what it was."""
        kind = self.kinds[resource]
        meta = body["metadata"]
        old = self.get(resource, meta["name"], meta.get("namespace", ""))
        return self._replace(kind, old, deepcopy(body), by, subresource, dry_run)

    def edit(
        self,
        resource: str,
        name: str,
        namespace: str,
        change: Change,
        by: Writer,
        *,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Json:
        """Change an object as it is now; a change that changes nothing writes nothing."""
        old = self.get(resource, name, namespace)
        return self._replace(self.kinds[resource], old, change(deepcopy(old)), by, subresource, dry_run)

    def set_status(self, resource: str, body: Json, status: Mapping[str, object], by: Writer) -> Json:
        """Put a status in place of what it was; of a kind without that subresource too."""
        subresource = "status" if "status" in self.kinds[resource].subresources else ""
        meta = body["metadata"]
        return self.edit(
            resource, meta["name"], meta.get("namespace", ""), lambda now: {**now, "status": dict(status)}, by,
            subresource=subresource,
        )  # fmt: skip

    def delete(
        self,
        resource: str,
        name: str,
        namespace: str,
        by: Writer,
        *,
        propagation: str = "Background",
        uid: str = "",
        version: str = "",
        grace_s: int | None = None,
        dry_run: bool = False,
    ) -> Json:
        """Delete an object, or mark it where finalizers (or a kubelet) have to do their part; how it is then."""
        kind = self.kinds[resource]
        old = self.get(resource, name, namespace)
        meta = old["metadata"]
        for what, wanted, found in (("UID", uid, meta["uid"]), ("ResourceVersion", version, meta["resourceVersion"])):
            if wanted and wanted != found:
                why = f"Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
                raise refusals.conflict(kind, name, why)
        self._admit(Attempt(kind=kind, operation="DELETE", body=old, old=old, subresource="", by=by, dry_run=dry_run))
        if dry_run:
            return old
        marks = [*(meta.get("finalizers") or ()), *FINALIZERS.get(propagation, ())]
        grace = grace_of(kind, old, grace_s)
        if not marks and not grace and not held(old):
            return self.store.remove(resource, old)
        if "deletionTimestamp" in meta and not (grace_s == 0 and "finalizers" not in meta):
            return old
        new = deepcopy(old)
        new["metadata"] |= {"deletionTimestamp": self.clock.stamp(-grace), "deletionGracePeriodSeconds": grace}
        if marks:
            new["metadata"]["finalizers"] = list(dict.fromkeys(marks))
        if "generation" in meta:
            new["metadata"]["generation"] += 1
        return self.store.put(resource, new)

    def _name(self, kind: Kind, meta: Json) -> None:
        prefix = meta.get("generateName")
        if not meta.get("name") and prefix:
            letters = "bcdfghjklmnpqrstvwxz2456789"
            meta["name"] = prefix + "".join(secrets.choice(letters) for _ in range(5))
        if not meta.get("name"):
            why = "name or generateName is required"
            raise refusals.invalid(kind, "", [("FieldValueRequired", "metadata.name", f"Required value: {why}")])

    def _place(self, kind: Kind, meta: Json) -> None:
        if not kind.namespaced:
            meta.pop("namespace", None)
            return
        name = meta["namespace"]
        space = self.store.get("namespaces", "", name)
        if space is None:
            raise refusals.not_found(self.kinds["namespaces"], name)
        if "deletionTimestamp" in space["metadata"]:
            why = f"unable to create new content in namespace {name} because it is being terminated"
            found = refusals.forbidden(kind, meta["name"], why)
            cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated"}
            found.details = {**(found.details or {}), "causes": [{**cause, "field": "metadata.namespace"}]}
            raise found

    def _replace(self, kind: Kind, old: Json, new: Json, by: Writer, subresource: str, dry_run: bool) -> Json:
        before, meta = old["metadata"], new.setdefault("metadata", {})
        version = meta.get("resourceVersion")
        if version and version != before["resourceVersion"]:
            raise refusals.conflict(kind, before["name"], refusals.CHANGED)
        if subresource == "status":
            new = {**deepcopy(old), "status": new.get("status")}
            new = {key: value for key, value in new.items() if value is not None}
        elif "status" in kind.subresources and kind.resource != "nodes":
            new.pop("status", None)
            if "status" in old:
                new["status"] = deepcopy(old["status"])
        self._keep(kind, old, new)
        return self._commit(kind, old, new, by, "UPDATE", subresource, dry_run)

    def _keep(self, kind: Kind, old: Json, new: Json) -> None:
        """What no write can change."""
        before, meta = old["metadata"], new["metadata"]
        for key in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
            meta.pop(key, None)
            if key in before:
                meta[key] = before[key]
        if before.get("deletionTimestamp") and set(meta.get("finalizers") or ()) - set(before.get("finalizers") or ()):
            why = "Forbidden: no new finalizers can be added if the object is being deleted"
            raise refusals.invalid(kind, before["name"], [("FieldValueForbidden", "metadata.finalizers", why)])

    def _commit(
        self, kind: Kind, old: Json | None, new: Json, by: Writer, operation: str, subresource: str, dry_run: bool
    ) -> Json:
        new = with_defaults(kind, {"apiVersion": kind.api_version, "kind": kind.kind, **new})
        attempt = Attempt(
            kind=kind, operation=operation, body=new, old=old, subresource=subresource, by=by, dry_run=dry_run
        )
        new = self._admit(attempt)
        validate(kind, new, old)
        for key in ("annotations", "labels", "finalizers", "ownerReferences"):
            if key in new["metadata"] and not new["metadata"][key]:
                del new["metadata"][key]
        if old is not None:
            new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
            if "generation" in new["metadata"] and not subresource and differs(kind, old, new):
                new["metadata"]["generation"] = old["metadata"]["generation"] + 1
        new["metadata"]["managedFields"] = managed(kind, old, new, by, subresource, self.clock.stamp())
        if dry_run or (old is not None and new == old):
            return new
        if old is not None and "deletionTimestamp" in new["metadata"] and not held(new):
            grace = new["metadata"].get("deletionGracePeriodSeconds")
            if not grace:
                return self.store.remove(kind.resource, new)
        return self.store.put(kind.resource, new)

    def _admit(self, attempt: Attempt) -> Json:
        body = attempt.body
        for plugin in self.admission:
            body = plugin(
                Attempt(
                    kind=attempt.kind, operation=attempt.operation, body=body, old=attempt.old,
                    subresource=attempt.subresource, by=attempt.by, dry_run=attempt.dry_run,
                )
            )  # fmt: skip
        return body


FINALIZERS = {"Foreground": ("foregroundDeletion",), "Orphan": ("orphan",)}
"""What a propagation policy leaves to the garbage collector."""


BEGINNINGS: Mapping[str, Json] = {
    "namespaces": {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}},
    "pods": {"status": {"phase": "Pending"}},
}
"""What the API server itself says of a new object."""


def held(body: Json) -> bool:
    """Finalizers keep it; a namespace has one of its own that stands for all that is in it."""
    own = (body.get("spec") or {}).get("finalizers") if body["kind"] == "Namespace" else None
    return bool(body["metadata"].get("finalizers") or own)


def grace_of(kind: Kind, body: Json, asked_s: int | None) -> int:
    """Seconds in which a kubelet ends a pod; 0 for all else, and for a pod that has no node or has ended."""
    if kind.resource != "pods" or not body["spec"].get("nodeName"):
        return 0
    if body.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return int(body["spec"].get("terminationGracePeriodSeconds", 30)) if asked_s is None else asked_s


def differs(kind: Kind, old: Json, new: Json) -> bool:
    """Whether a write moves the generation: everything but metadata does, and a status that has a place of its own."""
    apart = {"metadata"} | ({"status"} if "status" in kind.subresources else set())
    keys = (old.keys() | new.keys()) - apart
    return any(old.get(key) != new.get(key) for key in keys)


__all__ = ["Attempt", "Objects", "Refusal", "Writer"]
