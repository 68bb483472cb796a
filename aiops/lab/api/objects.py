"""Reading and writing objects: what every client and every controller does, with the rules of the API server.

Bodies that are given out belong to the store: they are read, never changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from aiops.lab.api import refusals
from aiops.lab.api.changing import changed, settled
from aiops.lab.api.creation import begun, born
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
    operation: Literal["CREATE", "UPDATE", "DELETE"] = "CREATE"
    body: Json
    old: Json | None = None
    subresource: str = ""
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
        if kind.namespaced and "deletionTimestamp" in self.get("namespaces", body["metadata"]["namespace"])["metadata"]:
            raise refusals.terminating(kind, body)
        new = begun(kind, self._admitted(self._prepared(Attempt(kind=kind, body=body, by=by, dry_run=dry_run))))
        validate(kind, new, None)
        if self.store.get(resource, *name_of(new)) is not None:
            raise refusals.already_exists(kind, new["metadata"]["name"])
        return new if dry_run else self.store.put(resource, new)

    def update(self, resource: str, body: Json, by: Writer, *, subresource: str = "", dry_run: bool = False) -> Json:
        """Put an object in place of what it was."""
        kind, meta = self.kinds[resource], body["metadata"]
        old = self.get(resource, meta["name"], meta.get("namespace", ""))
        if kind.custom and not meta.get("resourceVersion"):
            raise refusals.without_version(kind, meta["name"])
        if meta.get("uid", old["metadata"]["uid"]) != old["metadata"]["uid"]:
            raise refusals.conflict(kind, meta["name"], refusals.another(kind, old, meta["uid"]))
        return self._replace(kind, old, _copy(body), by, subresource, dry_run=dry_run)

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
        return self._replace(self.kinds[resource], old, change(_copy(old)), by, subresource, dry_run=dry_run)

    def set_status(self, resource: str, body: Json, status: Mapping[str, object], by: Writer) -> Json:
        """Put a status in place of what it was; of a kind without that subresource too."""
        subresource = "status" if "status" in self.kinds[resource].subresources else ""
        name, namespace = body["metadata"]["name"], body["metadata"].get("namespace", "")
        if (now := self.get(resource, name, namespace)).get("status") == status:
            return now
        new = {**now, "status": dict(status)}
        return self._replace(self.kinds[resource], now, new, by, subresource, dry_run=False)

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
        self._admitted(Attempt(kind=kind, operation="DELETE", body=old, old=old, by=by, dry_run=dry_run))
        grace_s = grace_of(kind, old, grace_s)
        finalizers = (*FINALIZERS.get(propagation, ()), *CLEANUPS.get(resource, ()))
        new = marked(old, finalizers=finalizers, grace_s=grace_s, at=self.clock.stamp(-grace_s))
        if not held(new) and kind.resource != "pods":  # of which alone an end at once is marked
            return old if dry_run else self.store.remove(resource, old)
        return self._stored(kind, old, new, dry_run=dry_run)

    def _replace(self, kind: Kind, old: Json, new: Json, by: Writer, subresource: str, *, dry_run: bool) -> Json:
        version = old["metadata"]["resourceVersion"]
        if (new.get("metadata") or {}).get("resourceVersion") not in (None, "", version):
            raise refusals.conflict(kind, old["metadata"]["name"], refusals.CHANGED)
        body = changed(kind, old, new, subresource)
        attempt = Attempt(
            kind=kind, operation="UPDATE", body=body, old=old, subresource=subresource, by=by, dry_run=dry_run
        )
        new = settled(kind, old, self._admitted(self._prepared(attempt)), subresource)
        if subresource != "binding":  # which sets what nobody else may
            validate(kind, new, old)
        return self._stored(kind, old, new, dry_run=dry_run)

    def _prepared(self, attempt: Attempt) -> Attempt:
        """With its body completed, and with the owners of its fields."""
        kind, old = attempt.kind, attempt.old
        body = with_defaults(kind, {"apiVersion": kind.api_version, "kind": kind.kind, **attempt.body}, old)
        owners = managed(kind, old, body, attempt.by, attempt.subresource, self.clock.stamp())
        meta = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
        meta |= {"managedFields": owners} if owners else {}
        return replace(attempt, body={**body, "metadata": meta})

    def _admitted(self, attempt: Attempt) -> Json:
        for plugin in self.admission:
            attempt = replace(attempt, body=plugin(attempt))
        return attempt.body

    def _stored(self, kind: Kind, old: Json, new: Json, *, dry_run: bool) -> Json:
        if is_over(new):
            return new if dry_run else self.store.remove(kind.resource, new)
        if dry_run or new == old:
            return new if dry_run else old
        return self.store.put(kind.resource, {**new, "metadata": {**new["metadata"]}})


def _copy(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


__all__ = ["Attempt", "Objects", "Refusal", "Writer"]
