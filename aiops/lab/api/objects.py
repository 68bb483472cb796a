"""Reading and writing objects: what every client and every controller does, with the rules of the API server.

Bodies that are given out belong to the store: they are read, never changed.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Literal

from aiops.lab.api import refusals
from aiops.lab.api.creation import begun, born, kept
from aiops.lab.api.defaults import with_defaults
from aiops.lab.api.deletion import CLEANUPS, FINALIZERS, grace_of, held, is_over, marked
from aiops.lab.api.fields import managed
from aiops.lab.api.kinds import Json, Kind, Kinds, Value
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.store import Store, name_of
from aiops.lab.api.validation import validate
from aiops.lab.clock import Clock

Change = Callable[[Json], Json]
"""Makes of an object's copy what it shall be."""
KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion")
"""Fields of metadata that no write sets."""


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
        body = born(kind, body, self.clock.stamp())
        if kind.namespaced:
            self._place(kind, body["metadata"])
        new = self._written(kind, None, body, by, "", dry_run=dry_run)
        if self.store.get(resource, *name_of(new)) is not None:
            raise refusals.already_exists(kind, new["metadata"]["name"])
        return new if dry_run else self.store.put(resource, new)

    def update(self, resource: str, body: Json, by: Writer, *, subresource: str = "", dry_run: bool = False) -> Json:
        """Put an object in place of what it was."""
        kind, meta = self.kinds[resource], body["metadata"]
        old = self.get(resource, meta["name"], meta.get("namespace", ""))
        if kind.custom and not meta.get("resourceVersion"):
            must = "Invalid value: 0: must be specified for an update"
            causes = [("FieldValueInvalid", "metadata.resourceVersion", must)]
            raise refusals.invalid(replace(kind, kind=kind.plural), meta["name"], causes)
        if (uid := meta.get("uid", old["metadata"]["uid"])) != old["metadata"]["uid"]:
            raise refusals.conflict(kind, meta["name"], refusals.another(kind, old, uid))
        return self._replace(kind, old, deepcopy(body), by, subresource, dry_run=dry_run)

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
        return self._replace(self.kinds[resource], old, change(deepcopy(old)), by, subresource, dry_run=dry_run)

    def set_status(self, resource: str, body: Json, status: Mapping[str, object], by: Writer) -> Json:
        """Put a status in place of what it was; of a kind without that subresource too."""
        subresource = "status" if "status" in self.kinds[resource].subresources else ""
        name, namespace = body["metadata"]["name"], body["metadata"].get("namespace", "")
        if (now := self.get(resource, name, namespace)).get("status") == status:
            return now
        return self.edit(
            resource, name, namespace, lambda now: {**now, "status": dict(status)}, by, subresource=subresource
        )

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
        for why in refusals.preconditions(old, uid=uid, version=version):
            raise refusals.conflict(replace(kind, plural=kind.kind), name, why)
        self._admitted(kind, "DELETE", old, old, by, "", dry_run=dry_run)
        grace_s = grace_of(kind, old, grace_s)
        finalizers = (*FINALIZERS.get(propagation, ()), *CLEANUPS.get(resource, ()))
        new = marked(old, finalizers=finalizers, grace_s=grace_s, at=self.clock.stamp(-grace_s))
        if not held(new) and kind.resource != "pods":  # of which alone an end at once is marked
            return old if dry_run else self.store.remove(resource, old)
        return self._stored(kind, old, new, dry_run=dry_run)

    def _place(self, kind: Kind, meta: Json) -> None:
        """Refusal where a namespace is not there, or about to go."""
        name = meta["namespace"]
        namespace = self.get("namespaces", name)
        if "deletionTimestamp" in namespace["metadata"]:
            why = f"unable to create new content in namespace {name} because it is being terminated"
            found = refusals.forbidden(kind, meta["name"], why)
            cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated"}
            found.details = {**(found.details or {}), "causes": [{**cause, "field": "metadata.namespace"}]}
            raise found

    def _replace(self, kind: Kind, old: Json, new: Json, by: Writer, subresource: str, *, dry_run: bool) -> Json:
        before, meta = old["metadata"], new.setdefault("metadata", {})
        if meta.get("resourceVersion") not in (None, "", before["resourceVersion"]):
            raise refusals.conflict(kind, before["name"], refusals.CHANGED)
        if subresource == "status":
            open_to_all = ("managedFields", *(("annotations",) if kind.resource == "deployments.apps" else ()))
            owners = {key: meta[key] for key in open_to_all if key in meta}
            new = {**old, "status": new.get("status"), "metadata": {**before, **owners}}
        elif "status" in kind.subresources and kind.resource != "nodes":
            new = {**new, "status": old.get("status")}
        own = {key: before[key] for key in KEPT if key in before}
        meta = {key: value for key, value in new["metadata"].items() if key not in KEPT}
        new = {key: value for key, value in {**new, "metadata": {**meta, **own}}.items() if value is not None}
        new = self._written(kind, old, new, by, subresource, dry_run=dry_run)
        if "generation" in own and subresource in ("", "scale") and _counts(kind, old, new):
            new["metadata"]["generation"] += 1
        return self._stored(kind, old, new, dry_run=dry_run)

    def _written(self, kind: Kind, old: Json | None, new: Json, by: Writer, subresource: str, *, dry_run: bool) -> Json:
        """An object on its way into the store: completed, owned, admitted and valid."""
        new = with_defaults(kind, new)
        owners = managed(kind, old, new, by, subresource, self.clock.stamp())
        meta = {key: value for key, value in new["metadata"].items() if key != "managedFields"}
        new["metadata"] = {**meta, "managedFields": owners} if owners else meta
        new = self._admitted(kind, "UPDATE" if old else "CREATE", old, new, by, subresource, dry_run=dry_run)
        new = begun(kind, new) if old is None else kept(kind, new, old)
        if subresource != "binding":  # which sets what nobody else may
            validate(kind, new, old)
        return new

    def _stored(self, kind: Kind, old: Json, new: Json, *, dry_run: bool) -> Json:
        new = _shared(old, new)
        if is_over(new):
            return new if dry_run else self.store.remove(kind.resource, new)
        if dry_run or new is old:
            return new
        return self.store.put(kind.resource, {**new, "metadata": {**new["metadata"]}})

    def _admitted(
        self, kind: Kind, operation: str, old: Json | None, body: Json, by: Writer, subresource: str, *, dry_run: bool
    ) -> Json:
        for plugin in self.admission:
            body = plugin(
                Attempt(
                    kind=kind, operation=operation, body=body, old=old, subresource=subresource, by=by, dry_run=dry_run
                )
            )
        return body


def _counts(kind: Kind, old: Json, new: Json) -> bool:
    """Whether a write moves the generation: all but metadata does, and a status that has a place of its own; of a
    Deployment also its annotations, which its ReplicaSets get."""
    apart = {"metadata"} | ({"status"} if "status" in kind.subresources else set())
    if any(old.get(key) != new.get(key) for key in (old.keys() | new.keys()) - apart):
        return True
    notes = [body["metadata"].get("annotations", {}) for body in (old, new)]
    return kind.resource == "deployments.apps" and notes[0] != notes[1]


def _shared(old: Json, new: Json) -> Json:
    """The new object, with the old one's parts where they are the same: thousands of versions are remembered."""
    if old == new:
        return old
    return {key: _shared_value(old.get(key), value) for key, value in new.items()}


def _shared_value(old: Value, new: Value) -> Value:
    if isinstance(old, dict) and isinstance(new, dict):
        return _shared(old, new)
    return old if old == new else new


__all__ = ["Attempt", "Objects", "Refusal", "Writer"]
