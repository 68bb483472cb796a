"""What is stored, and what happened to it: one counter of versions for everything, as in etcd."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from aiops.lab.api.kinds import Json

REMEMBERED = 20_000
"""Events kept for those who watch from an older version; from before them, a watch has to list again."""
Name = tuple[str, str]
"""Namespace (empty for what belongs to none) and name."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an object; `old` is how it was, where it was there."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    resource: str
    object: Json
    old: Json | None
    revision: int

    @property
    def name(self) -> Name:
        """Of the object."""
        return name_of(self.object)


def name_of(body: Json) -> Name:
    """An object's namespace and name."""
    return body["metadata"].get("namespace", ""), body["metadata"]["name"]


class Store:
    """Objects by resource and name. What it gives out is shared: nobody may change it."""

    def __init__(self) -> None:
        self.revision = 1
        self.subscribers: list[Callable[[Event], None]] = []
        """Called with each event, after it happened."""
        self._objects: defaultdict[str, dict[Name, Json]] = defaultdict(dict)
        self._log: deque[Event] = deque(maxlen=REMEMBERED)

    def get(self, resource: str, namespace: str, name: str) -> Json | None:
        """One object, where it is there."""
        return self._objects[resource].get((namespace, name))

    def list(self, resource: str, namespace: str = "") -> list[Json]:
        """All of a kind, in a namespace or everywhere, by namespace and name."""
        found = self._objects[resource]
        return [found[name] for name in sorted(name for name in found if not namespace or name[0] == namespace)]

    def put(self, resource: str, body: Json) -> Json:
        """Store an object, which is the store's from now on, under the next version."""
        name = name_of(body)
        old = self._objects[resource].get(name)
        self.revision += 1
        body["metadata"]["resourceVersion"] = str(self.revision)
        self._objects[resource][name] = body
        self._happened(Event("ADDED" if old is None else "MODIFIED", resource, body, old, self.revision))
        return body

    def remove(self, resource: str, body: Json) -> Json:
        """Remove an object; how it was at last, under the next version."""
        old = self._objects[resource].pop(name_of(body))
        self.revision += 1
        last = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.revision)}}
        self._happened(Event("DELETED", resource, last, old, self.revision))
        return last

    def since(self, resource: str, revision: int) -> Sequence[Event] | None:
        """What happened to a kind after a version; None where that is too long ago to be known."""
        if self._log and revision < self._log[0].revision - 1 and len(self._log) == REMEMBERED:
            return None
        recent = takewhile(lambda event: event.revision > revision, reversed(self._log))
        return [event for event in recent if event.resource == resource][::-1]

    def _happened(self, event: Event) -> None:
        self._log.append(event)
        for subscriber in tuple(self.subscribers):
            subscriber(event)
