"""One kind, followed: a list, then a watch from there, for as long as it takes.

The library's own Watch reconnects at the resourceVersion it began with and trips over 410; this goes on from the
newest version seen, bookmarks included, and lists again when the server has forgotten that one.
"""

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass

from aiops.clients.kinds import Kind
from aiops.clients.kube import Kube
from aiops.clients.transport import Json
from aiops.clients.wording import one_line
from aiops.errors import AiopsError, ApiRefused, Forbidden, LoginFailed, NotFound, Unreachable

WATCH_S = 45
"""How long one watch lasts: the server ends it, so that a dead connection is noticed soon after."""
PAUSE_S, LONGEST_PAUSE_S = 0.2, 3.0
GONE = 410


@dataclass(frozen=True)
class Listed:
    """Everything there is; what was known before is replaced."""

    kind: Kind
    objects: tuple[Json, ...]


@dataclass(frozen=True)
class Put:
    """An object is new or changed."""

    kind: Kind
    body: Json


@dataclass(frozen=True)
class Gone:
    """An object was deleted."""

    kind: Kind
    body: Json


@dataclass(frozen=True)
class Trouble:
    """The API does not answer; it is being tried again."""

    kind: Kind
    error: AiopsError


@dataclass(frozen=True)
class Back:
    """It answers again."""

    kind: Kind


@dataclass(frozen=True)
class Fatal:
    """It will not answer: no login, no right, no such kind. Nothing follows."""

    kind: Kind
    error: AiopsError


@dataclass(frozen=True)
class Broken:
    """A bug ended the thread: to be raised where it is seen. Nothing follows."""

    kind: Kind
    bug: BaseException


Change = Listed | Put | Gone | Trouble | Back | Fatal | Broken


def follow(
    kube: Kube, kind: Kind, namespace: str | None, put: Callable[[Change], None], stop: threading.Event
) -> threading.Thread:
    """Start a daemon thread that puts every change until `stop` is set."""
    follower = _Follower(kube, kind, namespace, put, stop)
    thread = threading.Thread(target=follower.run, name=f"watch {kind}", daemon=True)
    thread.start()
    return thread


class _Follower:
    def __init__(
        self,
        kube: Kube,
        kind: Kind,
        namespace: str | None,
        put: Callable[[Change], None],
        stop: threading.Event,
    ) -> None:
        self._kube, self._kind, self._namespace, self._put, self._stop = kube, kind, namespace, put, stop
        self._version = ""
        self._pause_s = PAUSE_S
        self._trouble = ""

    def run(self) -> None:
        try:
            self._follow()
        except BaseException as bug:  # noqa: BLE001 - raised in the main thread by who takes it
            self._put(Broken(self._kind, bug))

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                if not self._version:
                    self._list()
                self._watch()
            except (LoginFailed, Forbidden, NotFound) as error:
                self._put(Fatal(self._kind, error))
                return
            except ApiRefused as error:
                self._version = ""
                if error.status != GONE:
                    self._ill(error)
            except Unreachable as error:
                self._ill(error)
            self._rest()

    def _list(self) -> None:
        listing = self._kube.list(self._kind, self._namespace)
        self._well()
        self._put(Listed(self._kind, listing.items))
        self._version = listing.resource_version

    def _watch(self) -> None:
        lines = self._kube.watch(self._kind, self._namespace, self._version, WATCH_S)
        self._well()
        with contextlib.closing(lines):
            for line in lines:
                if self._stop.is_set():
                    return
                self._event(line)

    def _event(self, line: bytes) -> None:
        who = f"kubernetes {self._kube.server}: the watch of {self._kind}"
        try:
            event = json.loads(line)
            kind, body = event["type"], event["object"]
            if kind == "ERROR":
                raise ApiRefused(f"{who} failed: {one_line(str(body.get('message')))}", status=body.get("code", 0))
            self._version = body["metadata"]["resourceVersion"]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Unreachable(f"{who} brought something that is no event") from error
        self._pause_s = PAUSE_S
        if kind == "DELETED":
            self._put(Gone(self._kind, body))
        elif kind != "BOOKMARK":
            self._put(Put(self._kind, body))

    def _ill(self, error: AiopsError) -> None:
        """Say what is wrong, once for each wording."""
        if error.message != self._trouble:
            self._trouble = error.message
            self._put(Trouble(self._kind, error))

    def _well(self) -> None:
        if self._trouble:
            self._trouble = ""
            self._put(Back(self._kind))

    def _rest(self) -> None:
        """Pause before the next try, longer each time until an event comes, and never past `stop`.

        After a watch that ended well too: a proxy may end each at once.
        """
        self._stop.wait(self._pause_s)
        self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
