"""A kind followed through everything that can happen to a watch.

Each script ends with the server's "it is over" (403), which ends the thread.
"""

import json
import threading

import pytest

from aiops.clients.kube import PODS, Kube
from aiops.clients.watch import Back, Broken, Change, Fatal, Gone, Listed, Put, Trouble, follow
from aiops.errors import AiopsError, Forbidden, LoginFailed, NotFound, Unreachable
from tests.clients.server import Answer, Lines, Reset, Server, Step


def pod(name: str, version: int) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "resourceVersion": str(version)}}


def listing(version: int, *names: str) -> Answer:
    items = [pod(name, version) for name in names]
    return Answer(
        200, {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": str(version)}, "items": items}
    )


def event(kind: str, body: object) -> bytes:
    return json.dumps({"type": kind, "object": body}).encode() + b"\n"


def bookmark(version: int) -> bytes:
    return event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": str(version)}})


EXPIRED = event("ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"})


class Stop(threading.Event):
    """Waits for nothing, and remembers for how long it should have."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        return self.is_set()


def follow_to_the_end(kube: Kube, namespace: str | None = None, stop: Stop | None = None) -> list[Change]:
    changes: list[Change] = []
    thread = follow(kube, PODS, namespace, changes.append, stop or Stop())
    assert thread.daemon
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert isinstance(changes[-1], Fatal)
    return changes[:-1]


def said(changes: list[Change]) -> list[str]:
    """The changes in short: `Listed a b`, `Put c`, `Trouble`."""

    def words(change: Change) -> list[str]:
        match change:
            case Listed(_, objects):
                return [each["metadata"]["name"] for each in objects]
            case Put(_, body) | Gone(_, body):
                return [body["metadata"]["name"]]
        return []

    return [" ".join((type(change).__name__, *words(change))) for change in changes]


def watched_from(api: Server) -> list[str]:
    """The resourceVersion of each watch, `list` for a list."""
    return [each.query["resourceVersion"][0] if "watch" in each.query else "list" for each in api.seen]


def test_a_list_then_its_changes(kube: Kube, api: Server) -> None:
    lines = [event("ADDED", pod("b", 8)), event("MODIFIED", pod("a", 9)), event("DELETED", pod("b", 10))]
    api.answer(listing(7, "a"), Lines(lines))
    assert said(follow_to_the_end(kube, "web")) == ["Listed a", "Put b", "Put a", "Gone b"]
    assert {each.path for each in api.seen} == {"/api/v1/namespaces/web/pods"}
    assert api.seen[1].query["allowWatchBookmarks"] == ["true"]
    assert api.seen[1].query["timeoutSeconds"] == ["45"]
    assert "resourceVersion" not in api.seen[0].query  # a consistent read, not one from a cache


def test_events_come_as_they_are_cut(kube: Kube, api: Server) -> None:
    first, second = event("ADDED", pod("a", 8)), event("ADDED", pod("b", 9))
    api.answer(listing(7), Lines([first[:20], first[20:] + second[:5], second[5:]]))
    assert said(follow_to_the_end(kube)) == ["Listed", "Put a", "Put b"]


@pytest.mark.parametrize(
    ("lines", "version"),
    [
        ([], "7"),
        ([event("ADDED", pod("b", 8))], "8"),
        ([event("DELETED", pod("b", 9))], "9"),
        ([event("ADDED", pod("b", 8)), bookmark(30)], "30"),
    ],
)
def test_it_goes_on_from_the_newest_version_seen(kube: Kube, api: Server, lines: list[bytes], version: str) -> None:
    api.answer(listing(7, "a"), Lines(lines))
    changes = follow_to_the_end(kube)
    assert watched_from(api) == ["list", "7", version]
    assert not any(isinstance(change, Trouble) for change in changes)


@pytest.mark.parametrize("forgotten", [Answer(410, {"kind": "Status", "message": "gone"}), Lines([EXPIRED])])
def test_a_forgotten_version_is_listed_again_and_replaces(kube: Kube, api: Server, forgotten: Step) -> None:
    api.answer(listing(7, "a", "b"), forgotten, listing(20, "b", "c"), Lines([]))
    assert said(follow_to_the_end(kube)) == ["Listed a b", "Listed b c"]
    assert watched_from(api) == ["list", "7", "list", "20", "20"]


@pytest.mark.parametrize(
    "broken",
    [
        Lines([event("ADDED", pod("b", 8)), event("ADDED", pod("c", 9))[:20]], broken=True),
        Lines([event("ADDED", pod("b", 8)), b"{}\n"]),
        Lines([event("ADDED", pod("b", 8)), b"[]\n"]),
        Lines([event("ADDED", pod("b", 8)), event("ADDED", "text")]),
        Lines([event("ADDED", pod("b", 8)), event("ERROR", None)]),
        Lines([event("ADDED", pod("b", 8)), b"<html>\n"]),
    ],
)
def test_a_watch_that_breaks_off_is_trouble_and_goes_on(kube: Kube, api: Server, broken: Step) -> None:
    api.answer(listing(7), broken, Lines([event("ADDED", pod("c", 9))]))
    changes = follow_to_the_end(kube)
    assert said(changes) == ["Listed", "Put b", "Trouble", "Back", "Put c"]
    assert watched_from(api) == ["list", "7", "8", "9"]


def test_half_a_line_at_a_polite_end_is_asked_for_again(kube: Kube, api: Server) -> None:
    api.answer(listing(7), Lines([event("ADDED", pod("b", 8))[:20]]), Lines([event("ADDED", pod("b", 8))]))
    assert said(follow_to_the_end(kube)) == ["Listed", "Put b"]
    assert watched_from(api) == ["list", "7", "7", "8"]


def test_an_error_of_another_code_is_trouble_and_listed_again(kube: Kube, api: Server) -> None:
    failed = event("ERROR", {"kind": "Status", "code": 500, "message": "etcd has no leader"})
    api.answer(listing(7), Lines([failed]), listing(9))
    changes = follow_to_the_end(kube)
    assert said(changes) == ["Listed", "Trouble", "Back", "Listed"]
    (trouble,) = [change for change in changes if isinstance(change, Trouble)]
    assert trouble.error.message == f"kubernetes {api.address}: the watch of pods failed: etcd has no leader"


def test_trouble_is_said_once_for_each_wording_until_it_is_over(kube: Kube, api: Server) -> None:
    down = Answer(503, {"kind": "Status", "message": "starting"})
    api.answer(listing(7), Reset(), Reset(), down, down, Lines([]), down)
    changes = follow_to_the_end(kube)
    assert said(changes) == ["Listed", "Trouble", "Trouble", "Back", "Trouble"]
    assert all(isinstance(change.error, Unreachable) for change in changes if isinstance(change, Trouble))


def test_a_server_that_is_down_at_the_start(kube: Kube, api: Server) -> None:
    api.answer(*[Answer(503)] * 3, listing(7, "a"))
    assert said(follow_to_the_end(kube)) == ["Trouble", "Back", "Listed a"]


@pytest.mark.parametrize(("code", "error"), [(401, LoginFailed), (403, Forbidden), (404, NotFound)])
@pytest.mark.parametrize("before", [[], [listing(7)]])
def test_what_no_patience_mends_is_the_end(
    kube: Kube, api: Server, code: int, error: type[AiopsError], before: list[Step]
) -> None:
    api.answer(*before, Answer(code))
    changes: list[Change] = []
    follow(kube, PODS, None, changes.append, threading.Event()).join(timeout=30)
    assert isinstance(changes[-1], Fatal)
    assert isinstance(changes[-1].error, error)
    assert len(changes) == len(api.seen) == len(before) + 1


def test_a_bug_is_told_and_is_the_end(kube: Kube, api: Server) -> None:
    bug, changes = KeyError("bug"), list[Change]()

    def put(change: Change) -> None:
        if isinstance(change, Listed):
            raise bug
        changes.append(change)

    api.answer(listing(7))
    thread = follow(kube, PODS, None, put, threading.Event())
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert changes == [Broken(PODS, bug)]


def test_stop_ends_it_before_the_next_event(kube: Kube, api: Server) -> None:
    stop = threading.Event()
    changes: list[Change] = []

    def put(change: Change) -> None:
        changes.append(change)
        if isinstance(change, Put):
            stop.set()

    api.answer(listing(7), Lines([event("ADDED", pod("a", 8)), event("ADDED", pod("b", 9))]))
    thread = follow(kube, PODS, None, put, stop)
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert said(changes) == ["Listed", "Put a"]
    assert len(api.seen) == 2


def test_back_comes_before_the_list_that_ends_the_trouble(kube: Kube, api: Server) -> None:
    api.answer(Answer(400), listing(7))
    changes = follow_to_the_end(kube)
    assert [type(change) for change in changes] == [Trouble, Back, Listed]


def test_it_pauses_longer_each_time_until_an_event_comes(kube: Kube, api: Server) -> None:
    quiet, event_comes, stop = Lines([]), Lines([event("ADDED", pod("a", 8))]), Stop()
    api.answer(listing(7), *[quiet] * 3, *[Reset()] * 3, event_comes, quiet)
    follow_to_the_end(kube, stop=stop)
    assert stop.pauses == [0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 0.2, 0.4]
