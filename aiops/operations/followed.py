"""Objects of some kinds as their watches tell of them; touched by the main thread only."""

import threading
from collections.abc import Mapping

from aiops import clock
from aiops.clients.kube import Kind, Kube
from aiops.clients.watch import Back, Broken, Fatal, Gone, Listed, Put, Trouble, follow
from aiops.errors import AiopsError
from aiops.operations.waiting import Inbox, Message
from aiops.snapshot import Json


class Followed:
    """Feeds itself from one watch per kind; `take` each message of the inbox to keep it current."""

    def __init__(self, kube: Kube, kinds: Mapping[Kind, str | None], inbox: Inbox) -> None:
        """`kinds`: each with the one namespace to follow it in; None: the whole cluster."""
        self._kube, self._kinds = kube, kinds
        self._objects: dict[Kind, dict[str, Json]] = {}
        self._troubles: dict[Kind, tuple[float, AiopsError]] = {}
        self.stop = threading.Event()
        for kind, namespace in kinds.items():
            follow(kube, kind, namespace, inbox.put, self.stop)

    @property
    def complete(self) -> bool:
        """Every kind was listed at least once."""
        return len(self._objects) == len(self._kinds)

    @property
    def connected(self) -> bool:
        """No watch is in trouble: what is asked of the API now has a chance."""
        return not self._troubles

    def objects(self, kind: Kind) -> dict[str, Json]:
        """By name; of a namespaced kind that is followed in the whole cluster, by `namespace/name`."""
        return self._objects.get(kind, {})

    def every(self, kind: Kind) -> tuple[Json, ...]:
        """All of a kind."""
        return tuple(self.objects(kind).values())

    def take(self, message: Message) -> None:
        """Take in one message of a watch; a fatal one (401, 403, 404) is raised, and so is a bug."""
        match message:
            case Listed(kind, objects):
                listed = {self._key(kind, body): body for body in objects}
                known = self._objects.get(kind, {})  # the answer to a write of ours may be newer than the list
                self._objects[kind] = {
                    name: max(body, known.get(name, body), key=_version) for name, body in listed.items()
                }
                self.moved(kind)
            case Put(kind, body):
                self.put(kind, body)
            case Gone(kind, body):
                self._objects.get(kind, {}).pop(self._key(kind, body), None)
                self.moved(kind)
            case Trouble(kind, error):
                self._troubles.setdefault(kind, (clock.monotonic(), error))
                self._troubles[kind] = (self._troubles[kind][0], error)
            case Back(kind):
                self._troubles.pop(kind, None)
                self.moved(kind)
            case Fatal(_, error):
                raise error
            case Broken(_, bug):
                raise bug

    def put(self, kind: Kind, body: Json) -> None:
        """Take in an object, as a watch or the answer to a write gives it, unless a newer one is known."""
        objects, name = self._objects.setdefault(kind, {}), self._key(kind, body)
        if name in objects and _version(objects[name]) > _version(body):
            return
        self.changed(kind, objects.get(name), body)
        objects[name] = body

    def changed(self, kind: Kind, before: Json | None, body: Json) -> None:
        """An object is about to be replaced; for who wants to know what moves."""

    def moved(self, kind: Kind) -> None:
        """Something of a kind moved; for who wants to know what stands still."""

    def _key(self, kind: Kind, body: Json) -> str:
        meta = body["metadata"]
        everywhere = kind.namespaced and self._kinds.get(kind) is None
        return f"{meta['namespace']}/{meta['name']}" if everywhere else str(meta["name"])

    def trouble(self) -> str:
        """Why what is known may be old; empty where all is well."""
        now = clock.monotonic()
        for since, error in self._troubles.values():
            return f"{error.message} (for {now - since:.0f} s; going on as soon as it answers)"
        return ""


def _version(body: Json) -> int:
    """The resourceVersion as a number: comparable since Kubernetes 1.35 (KEP-5504), and in etcd ever since."""
    text = body["metadata"].get("resourceVersion", "0")
    return int(text) if text.isdigit() else 0
