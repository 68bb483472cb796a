"""The cluster's Applications and ApplicationSets as the watches tell them; touched by the main thread only."""

import threading
import time

from aiops.clients.kube import APPLICATION, APPLICATIONSET, Kind, Kube
from aiops.clients.watch import Back, Broken, Fatal, Gone, Listed, Put, Trouble, follow
from aiops.errors import AiopsError
from aiops.judge import application, applicationset
from aiops.judge.stall import stalled_part
from aiops.operations.waiting import Inbox, Message
from aiops.snapshot import Json, Snapshot

NAMED = 3
"""How many objects with an unanswered refresh are named."""
FOLLOWED = (APPLICATION, APPLICATIONSET)
PENDING = {
    APPLICATION: application.refresh_pending,
    APPLICATIONSET: applicationset.refresh_pending,
}


class Picture:
    """Feeds itself from one watch per kind; `take` each message of the inbox to keep it current."""

    def __init__(self, kube: Kube, namespace: str, inbox: Inbox) -> None:
        self._kube = kube
        self._objects: dict[Kind, dict[str, Json]] = {}
        self._changed_at = dict.fromkeys(FOLLOWED, time.monotonic())
        self._pending_since: dict[tuple[Kind, str], float] = {}
        self._troubles: dict[Kind, tuple[float, AiopsError]] = {}
        self.stop = threading.Event()
        for kind in FOLLOWED:
            follow(kube, kind, namespace, inbox.put, self.stop)

    @property
    def complete(self) -> bool:
        """Every kind was listed at least once."""
        return len(self._objects) == len(FOLLOWED)

    @property
    def applications(self) -> dict[str, Json]:
        """By name."""
        return self._objects.get(APPLICATION, {})

    @property
    def applicationsets(self) -> dict[str, Json]:
        """By name."""
        return self._objects.get(APPLICATIONSET, {})

    @property
    def connected(self) -> bool:
        """No watch is in trouble: what is asked of the API now has a chance."""
        return not self._troubles

    def take(self, message: Message) -> None:
        """Take in one message of a watch; a fatal one (401, 403, 404) is raised, and so is a bug."""
        match message:
            case Listed(kind, objects):
                listed = {body["metadata"]["name"]: body for body in objects}
                known = self._objects.get(kind, {})  # the answer to a write of ours may be newer than the list
                self._objects[kind] = {
                    name: max(body, known.get(name, body), key=_version) for name, body in listed.items()
                }
                self._moved(kind)
            case Put(kind, body):
                self.put(kind, body)
            case Gone(kind, body):
                self._objects.get(kind, {}).pop(body["metadata"]["name"], None)
                self._moved(kind)
            case Trouble(kind, error):
                self._troubles.setdefault(kind, (time.monotonic(), error))
                self._troubles[kind] = (self._troubles[kind][0], error)
            case Back(kind):
                self._troubles.pop(kind, None)
                self._moved(kind)
            case Fatal(_, error):
                raise error
            case Broken(_, bug):
                raise bug

    def put(self, kind: Kind, body: Json) -> None:
        """Take in an object, as a watch or the answer to a write gives it, unless a newer one is known."""
        objects, name = self._objects.setdefault(kind, {}), body["metadata"]["name"]
        if name in objects and _version(objects[name]) > _version(body):
            return
        if name not in objects or not PENDING[kind](body):
            self._moved(kind)
        objects[name] = body

    def trouble(self) -> str:
        """Why the picture may be old or stand still; empty where all is well."""
        now = time.monotonic()
        for since, error in self._troubles.values():
            return f"{error.message} (for {now - since:.0f} s; going on as soon as it answers)"
        text = stalled_part(self._silent_s(APPLICATION, now), self._silent_s(APPLICATIONSET, now))
        return f"{text} ({self._unanswered()})" if text else ""

    def snapshot(self) -> Snapshot:
        """What is known now, as one immutable look."""
        return Snapshot(
            taken=self._kube.now(),
            applications=dict(self.applications),
            applicationsets=dict(self.applicationsets),
        )

    def _unanswered(self) -> str:
        names = sorted(name for _, name in self._pending_since)
        return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")

    def _moved(self, kind: Kind) -> None:
        self._changed_at[kind] = time.monotonic()

    def _silent_s(self, kind: Kind, now: float) -> float:
        """For how long refreshes of this kind have been pending while nothing of the kind moved."""
        pending = {name for name, body in self._objects.get(kind, {}).items() if PENDING[kind](body)}
        for name in pending:
            self._pending_since.setdefault((kind, name), now)
        for key in [key for key in self._pending_since if key[0] == kind and key[1] not in pending]:
            del self._pending_since[key]
        waiting = [since for key, since in self._pending_since.items() if key[0] == kind]
        return min(now - self._changed_at[kind], now - min(waiting)) if waiting else 0.0


def _version(body: Json) -> int:
    """The resourceVersion as a number: comparable since Kubernetes 1.35 (KEP-5504), and in etcd ever since."""
    text = body["metadata"].get("resourceVersion", "0")
    return int(text) if text.isdigit() else 0
