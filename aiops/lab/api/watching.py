"""Watches: what happens to the objects of a kind, one line of JSON for each event."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass

from aiops.lab.api import causes
from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.listing import number, version
from aiops.lab.api.refusals import expired, invalid_options
from aiops.lab.api.representation import Representation, dump
from aiops.lab.api.requests import is_true
from aiops.lab.api.selectors import Selector, selector
from aiops.lab.api.store import Event, Store

LASTS_S = (1800, 3600)
"""How long a watch lasts for which its client sets no end (--min-request-timeout, and up to twice that)."""
BOOKMARK_S = 60.0
INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What one client follows."""

    store: Store
    kind: Kind
    namespace: str
    chosen: Selector | None
    revision: int | None
    """From which version on; None: beginning with what is there."""
    lasts_s: float
    """By this machine's clock, as the client's socket waits by its own."""
    bookmarks: bool
    initial_end: bool
    """The client wants to know when what was there is over."""

    def _concerns(self, event: Event) -> bool:
        if event.resource != self.kind.resource:
            return False
        return not self.namespace or event.name[0] == self.namespace

    def _seen(self, event: Event) -> tuple[str, Json] | None:
        """An event as it looks through the selector: what leaves it is deleted, what enters it added."""
        if self.chosen is None:
            return event.type, event.object
        now = event.type != "DELETED" and self.chosen(event.object)
        before = event.old is not None and self.chosen(event.old)
        if now:
            return "MODIFIED" if before else "ADDED", event.object
        if before and event.old is not None:
            meta = {**event.old["metadata"], "resourceVersion": str(event.revision)}
            return "DELETED", {**event.old, "metadata": meta}
        return None

    async def lines(self, shape: Representation) -> AsyncGenerator[bytes, None]:
        """What the client is sent, until its time is over."""
        queue: deque[Event] = deque()
        something = asyncio.Event()

        def hear(event: Event) -> None:
            if self._concerns(event):
                queue.append(event)
                something.set()

        ends_at = asyncio.get_running_loop().time() + self.lasts_s
        self.store.subscribers.append(hear)
        try:
            async for line in self._lines(shape, queue, something, ends_at):
                yield line
        finally:
            self.store.subscribers.remove(hear)

    async def _lines(
        self, shape: Representation, queue: deque[Event], something: asyncio.Event, ends_at: float
    ) -> AsyncGenerator[bytes, None]:
        first = True
        for kind, body in self._before(queue):
            yield shape.event(kind, body, stored=kind != "DELETED", first=first)
            first = False
        if self.initial_end:
            yield self._bookmark(shape, INITIAL_EVENTS_END)
        while True:
            while queue:
                seen = self._seen(queue.popleft())
                if seen is not None:
                    yield shape.event(*seen, stored=seen[0] != "DELETED", first=first)
                    first = False
            something.clear()
            left_s = ends_at - asyncio.get_running_loop().time()
            if left_s <= 0:
                return
            try:
                async with asyncio.timeout(min(left_s, BOOKMARK_S)):
                    await something.wait()
            except TimeoutError:
                if self.bookmarks:
                    yield self._bookmark(shape, {})

    def _before(self, queue: deque[Event]) -> Iterator[tuple[str, Json]]:
        """What the client has to be told before anything new: all that is there, or what happened since."""
        if self.revision is None:
            there = self.store.list(self.kind.resource, self.namespace)
            yield from (("ADDED", body) for body in there if self.chosen is None or self.chosen(body))
            return
        since = self.store.since(self.kind.resource, self.revision)
        if since is None:
            now = self.store.revision
            raise expired(f"too old resource version: {self.revision} ({now})")
        queue.extend(event for event in since if self._concerns(event))

    def _bookmark(self, shape: Representation, annotations: Mapping[str, str]) -> bytes:
        meta: Json = {"resourceVersion": str(self.store.revision), "creationTimestamp": None}
        if annotations:
            meta["annotations"] = dict(annotations)
        body = {"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": meta}
        if shape.form == "metadata":
            body |= {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        return dump({"type": "BOOKMARK", "object": body}) + b"\n"


def watch(store: Store, kind: Kind, namespace: str, query: Mapping[str, str]) -> Watch:
    """What a request asks to follow."""
    asked, initial = query.get("resourceVersion", ""), is_true(query, "sendInitialEvents")
    if initial and query.get("resourceVersionMatch") != "NotOlderThan":
        why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise invalid_options("ListOptions", causes.forbidden("resourceVersionMatch", why))
    return Watch(
        store=store, kind=kind, namespace=namespace,
        chosen=selector(kind, query.get("labelSelector", ""), query.get("fieldSelector", "")),
        revision=None if initial or asked in ("", "0") else version(asked),
        lasts_s=number(query, "timeoutSeconds") or random.uniform(*LASTS_S),  # noqa: S311 - no secret
        bookmarks=is_true(query, "allowWatchBookmarks"), initial_end=initial,
    )  # fmt: skip
