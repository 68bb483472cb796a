"""What goes with its owner: the garbage collector (kube-controller-manager, pkg/controller/garbagecollector)."""

from collections import defaultdict
from collections.abc import Callable

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event, Name
from aiops.lab.cluster import Cluster
from aiops.lab.world.manager import MANAGER, PART
from aiops.lab.world.pods import is_going

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
"""Finalizers that stand for the other ways of deleting."""


def start(cluster: Cluster) -> None:
    """Let it run."""
    collector = GarbageCollector(cluster)
    for kind in cluster.kinds:
        for body in cluster.store.list(kind.resource):
            collector.hear(Event("ADDED", kind.resource, body, None, cluster.store.revision))
    cluster.store.subscribers.append(collector.hear)


class GarbageCollector:
    """Looks at owners, by uid: those that have gone, and those that wait for their dependents."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects
        self._places: dict[str, tuple[str, Name]] = {}
        """Of each object by uid: its resource and name."""
        self._dependents: defaultdict[str, dict[str, None]] = defaultdict(dict)
        """By an owner's uid, whether that is there or not."""
        self._controller = cluster.control("garbage-collector", PART, self.reconcile, {})

    def hear(self, event: Event) -> None:
        """Keep the graph, and look at whom an event concerns."""
        uid, gone = event.object["metadata"]["uid"], event.type == "DELETED"
        before, now = _owners(event.old or {}), set() if gone else _owners(event.object)
        if gone:
            self._places.pop(uid, None)
        else:
            self._places[uid] = (event.resource, event.name)
        for owner in before - now:
            self._dependents[owner].pop(uid, None)
            if not self._dependents[owner]:
                del self._dependents[owner]
        for owner in now - before:
            self._dependents[owner][uid] = None
        for each in {uid, *before, *now}:
            if self._waits(each) if each in self._places else each in self._dependents:
                self._controller.look_at(("", each))

    async def reconcile(self, key: Name) -> None:
        """Of an owner that has gone, or is going: its dependents."""
        uid = key[1]
        if uid not in self._places:
            for body in self._of(uid):
                self._release(body)
        elif ORPHAN in (marks := self._waits(uid)):
            for body in self._of(uid):
                self._edit(body, lambda meta: _without(meta, {uid}))
            self._unmark(uid, ORPHAN)
        elif FOREGROUND in marks:
            for body in self._of(uid):
                waits = body["metadata"]["uid"] in self._dependents
                self._delete(body, "Foreground" if waits else "Background")
            if not any(_blocks(body, uid) for body in self._of(uid)):
                self._unmark(uid, FOREGROUND)

    def _body(self, uid: str) -> Json:
        resource, (namespace, name) = self._places[uid]
        return self._objects.get(resource, name, namespace)

    def _of(self, uid: str) -> list[Json]:
        return [self._body(each) for each in self._dependents.get(uid, ())]

    def _waits(self, uid: str) -> set[str]:
        """Its finalizers that are this controller's, where it is being deleted."""
        body = self._body(uid)
        return {FOREGROUND, ORPHAN} & {*(body["metadata"].get("finalizers") or ())} if is_going(body) else set()

    def _release(self, body: Json) -> None:
        """Of an object that names an owner that is not there: who has no other goes too."""
        gone = {uid for uid in _owners(body) if uid not in self._places}
        if gone == _owners(body):
            self._delete(body, "Background")
        else:
            self._edit(body, lambda meta: _without(meta, gone))

    def _delete(self, body: Json, propagation: str) -> None:
        resource, (namespace, name) = self._places[body["metadata"]["uid"]]
        if not is_going(body):
            self._objects.delete(resource, name, namespace, MANAGER, propagation=propagation)

    def _edit(self, body: Json, change: Callable[[Json], Json]) -> None:
        resource, (namespace, name) = self._places[body["metadata"]["uid"]]
        self._objects.edit(resource, name, namespace, lambda now: {**now, "metadata": change(now["metadata"])}, MANAGER)

    def _unmark(self, uid: str, mark: str) -> None:
        self._edit(
            self._body(uid), lambda meta: {**meta, "finalizers": [each for each in meta["finalizers"] if each != mark]}
        )


def _owners(body: Json) -> set[str]:
    return {ref["uid"] for ref in (body.get("metadata") or {}).get("ownerReferences") or ()}


def _blocks(body: Json, uid: str) -> bool:
    refs = body["metadata"]["ownerReferences"]
    return any(ref.get("blockOwnerDeletion") for ref in refs if ref["uid"] == uid)


def _without(meta: Json, uids: set[str]) -> Json:
    return {**meta, "ownerReferences": [ref for ref in meta["ownerReferences"] if ref["uid"] not in uids]}
