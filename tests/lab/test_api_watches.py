"""Watches: from which version, through which selector, in which form, and how they end."""

import time

from aiops.lab.lab import Lab
from tests.lab.client import METADATA, TABLE, Client, Json, config_map


def seen(events: list[Json]) -> list[tuple[str, str]]:
    return [(each["type"], each["object"]["metadata"]["name"]) for each in events]


def versions(events: list[Json]) -> list[int]:
    return [int(each["object"]["metadata"]["resourceVersion"]) for each in events]


def test_a_watch_goes_on_from_a_version(admin: Client, namespace: str) -> None:
    path = f"{namespace}/configmaps"
    admin.create(path, config_map("a"))
    version = admin.get(path)["metadata"]["resourceVersion"]
    admin.create(path, config_map("b"))
    admin.patch(f"{path}/a", {"data": {"x": "y"}})
    admin.patch(f"{path}/a", {"data": {"x": "y"}})
    admin.delete(f"{path}/b")
    events = admin.watch(f"{path}?watch=1&resourceVersion={version}", 3)
    assert seen(events) == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
    assert versions(events) == sorted(set(versions(events)))
    assert events[0]["object"]["kind"] == "ConfigMap"


def test_without_a_version_it_begins_with_what_is_there(admin: Client, namespace: str) -> None:
    for name in "ba":
        admin.create(f"{namespace}/configmaps", config_map(name))
    assert seen(admin.watch(f"{namespace}/configmaps?watch=1", 2)) == [("ADDED", "a"), ("ADDED", "b")]


def test_what_leaves_a_selector_is_deleted_and_what_enters_it_added(admin: Client, namespace: str) -> None:
    path = f"{namespace}/configmaps"
    admin.create(path, config_map("a", {"on": "yes"}, k="1"))
    version = admin.get(path)["metadata"]["resourceVersion"]
    admin.create(path, config_map("b"))
    admin.patch(f"{path}/a", {"metadata": {"labels": {"on": "no"}}})
    admin.patch(f"{path}/a", {"data": {"k": "2"}})
    admin.patch(f"{path}/a", {"metadata": {"labels": {"on": "yes"}}})
    admin.patch(f"{path}/a", {"data": {"k": "3"}})
    events = admin.watch(f"{path}?watch=1&labelSelector=on=yes&resourceVersion={version}", 3)
    assert seen(events) == [("DELETED", "a"), ("ADDED", "a"), ("MODIFIED", "a")]
    assert events[0]["object"]["metadata"]["labels"] == {"on": "yes"}
    assert [int(version), *versions(events)] == sorted({int(version), *versions(events)})


def test_a_version_that_is_forgotten_ends_a_watch_with_an_event(lab: Lab, admin: Client, namespace: str) -> None:
    admin.create(f"{namespace}/configmaps", config_map("a", n="0"))
    writes = lab.cluster.store._log.maxlen or 0
    body = lab.cluster.store.get("configmaps", namespace.rpartition("/")[2], "a")
    assert body is not None

    def churn() -> None:
        for _ in range(writes + 1):
            lab.cluster.store.put("configmaps", {**body, "metadata": dict(body["metadata"])})

    subscribers, lab.cluster.store.subscribers = lab.cluster.store.subscribers, []
    lab.call(churn)
    lab.cluster.store.subscribers = subscribers
    (event,) = admin.watch(f"{namespace}/configmaps?watch=1&resourceVersion=1", 1)
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
    assert event["object"]["message"].startswith("too old resource version: 1 (")


def test_bookmarks_carry_a_version_and_nothing_else(admin: Client, namespace: str) -> None:
    admin.create(f"{namespace}/configmaps", config_map("a"))
    _, last = admin.watch(f"{namespace}/configmaps?watch=1&timeoutSeconds=1&allowWatchBookmarks=true", 2)
    assert last["type"] == "BOOKMARK"
    assert sorted(last["object"]) == ["apiVersion", "kind", "metadata"]
    assert int(last["object"]["metadata"]["resourceVersion"]) > 1


def test_the_end_of_what_was_there_is_marked_for_who_asks(admin: Client, namespace: str) -> None:
    path = f"{namespace}/configmaps?watch=1&sendInitialEvents=true&allowWatchBookmarks=true"
    code, words = admin.refusal("GET", path)
    assert (code, "requires setting resourceVersionMatch to NotOlderThan" in words) == (422, True)
    admin.create(f"{namespace}/configmaps", config_map("a"))
    first, mark = admin.watch(f"{path}&resourceVersionMatch=NotOlderThan", 2)
    assert (first["type"], mark["type"]) == ("ADDED", "BOOKMARK")
    assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_events_come_in_the_form_that_is_asked_for(admin: Client, namespace: str) -> None:
    for name in "ab":
        admin.create(f"{namespace}/configmaps", config_map(name))
    path = f"{namespace}/configmaps?watch=1"
    first, second = (each["object"] for each in admin.watch(path, 2, TABLE))
    assert (first["kind"], first["rows"][0]["cells"][:2]) == ("Table", ["a", 0])
    assert (bool(first["columnDefinitions"]), second["columnDefinitions"]) == (True, None)
    assert admin.watch(path, 1, METADATA)[0]["object"]["kind"] == "PartialObjectMetadata"


def test_events_come_as_they_happen(admin: Client, namespace: str) -> None:
    path = f"{namespace}/configmaps"

    def act() -> None:
        admin.create(path, config_map("a"))
        admin.delete(f"{path}/a")

    assert seen(admin.watch(f"{path}?watch=1", 2, meanwhile=act)) == [("ADDED", "a"), ("DELETED", "a")]


def test_a_watch_that_its_client_left_is_over(lab: Lab, admin: Client, namespace: str) -> None:
    before = len(lab.cluster.store.subscribers)
    path = f"{namespace}/configmaps"
    admin.watch(f"{path}?watch=1", 1, meanwhile=lambda: admin.create(path, config_map("a")))
    for _ in range(100):
        if lab.call(lambda: len(lab.cluster.store.subscribers)) == before:
            return
        time.sleep(0.02)
    raise AssertionError("it still hears")


def test_a_watch_ends_when_its_client_said(admin: Client, namespace: str) -> None:
    assert admin.watch(f"{namespace}/configmaps?watch=1&timeoutSeconds=1", 1) == []
