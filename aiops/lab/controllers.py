"""Controllers: each looks at one object after another and makes it as it should be."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Literal

from aiops.lab.api.kinds import Json
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.store import Event, Name
from aiops.lab.clock import Clock

Reconcile = Callable[[Name], Awaitable[float | None]]
"""Makes an object as it should be; after so many seconds it wants to look again, whatever happens."""
Keys = Callable[[Event], Iterable[Name]]
"""The objects that an event is about."""
State = Literal["up", "stalled", "down"]
FIRST_RETRY_S, LAST_RETRY_S = 0.1, 30.0
log = logging.getLogger(__name__)


def itself(event: Event) -> Iterable[Name]:
    """The object to which it happened."""
    return (event.name,)


def owner(kind: str) -> Keys:
    """The controlling owner of this kind."""

    def keys(event: Event) -> Iterable[Name]:
        return [
            (event.name[0], ref["name"])
            for ref in event.object["metadata"].get("ownerReferences") or ()
            if ref["kind"] == kind
        ]

    return keys


class Parts:
    """The programs of a control plane, as `kube-controller-manager`: up, or standing still, or down."""

    def __init__(self) -> None:
        self._states: dict[str, State] = {}
        self._changed = asyncio.Event()
        self.listeners: list[Callable[[str, State], None]] = []
        """Told of each change."""

    def state(self, part: str) -> State:
        """How it is."""
        return self._states.get(part, "up")

    def set(self, part: str, state: State) -> None:
        """From now on it is so."""
        self._states[part] = state
        self._changed.set()
        self._changed = asyncio.Event()
        for listener in self.listeners:
            listener(part, state)

    async def until_up(self, part: str) -> None:
        """Return once it is up."""
        while self.state(part) != "up":
            await self._changed.wait()


class Controller:
    """One loop: a queue without doubles, and a function for each object in it."""

    def __init__(self, name: str, part: str, reconcile: Reconcile, watches: Mapping[str, Keys]) -> None:
        """`part`: the program in which it runs; `watches`: of each resource, whom its events concern."""
        self.name, self.part, self.reconcile, self.watches = name, part, reconcile, watches
        self._queue: dict[Name, None] = {}
        self._later: dict[Name, asyncio.TimerHandle] = {}
        self._failures: dict[Name, int] = {}
        self._something = asyncio.Event()

    def look_at(self, key: Name) -> None:
        """Look at an object soon."""
        self._queue[key] = None
        self._something.set()

    def hear(self, event: Event) -> None:
        """Look at whom an event concerns."""
        if (keys := self.watches.get(event.resource)) is not None:
            for key in keys(event):
                self.look_at(key)

    async def run(self, parts: Parts, clock: Clock) -> None:
        """Until it is cancelled."""
        while True:
            while not self._queue:
                self._something.clear()
                await self._something.wait()
            for part in ("kube-apiserver", self.part):
                await parts.until_up(part)
            key = next(iter(self._queue))
            del self._queue[key]
            again_s = await self._reconcile(key)
            if (timer := self._later.pop(key, None)) is not None:
                timer.cancel()
            if again_s is not None:
                real_s = max(again_s, 0.0) / clock.speed
                self._later[key] = asyncio.get_running_loop().call_later(real_s, self.look_at, key)
            await asyncio.sleep(0)

    async def _reconcile(self, key: Name) -> float | None:
        try:
            again_s = await self.reconcile(key)
        except Refusal as refusal:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            log.info("%s: %s: %s", self.name, "/".join(key), refusal.message)
            return min(FIRST_RETRY_S * 2.0**failures, LAST_RETRY_S)
        except Exception:
            log.exception("%s: %s", self.name, "/".join(key))
            return LAST_RETRY_S
        self._failures.pop(key, None)
        return again_s


def condition(kind: str, status: bool | str = True, reason: str = "", message: str = "", *, now: str) -> Json:
    """A condition as objects carry them in their status."""
    word = status if isinstance(status, str) else str(status)
    return {"type": kind, "status": word, "reason": reason or kind, "message": message, "lastTransitionTime": now}
