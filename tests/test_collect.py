"""Taking the look: what is asked of the cluster, and what becomes of a read that fails."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.clients.kube import Kind, Kinds, Kube, connect
from aiops.clients.login import Patience
from aiops.collect import AT_ONCE, gather, read_details
from aiops.collect.once import Once
from aiops.errors import Unreachable
from aiops.snapshot import Ref
from tests.clients.conftest import kubeconfig
from tests.operations.api import Api, Refusal

KINDS = Kinds(
    Kind(group, "v1", kind, f"{kind.lower()}s", kind != "Node")
    for group, kind in [
        ("apps", "Deployment"), ("", "Pod"), ("", "Service"), ("", "Secret"), ("", "ConfigMap"), ("meter.io", "Gauge"),
    ]
)  # fmt: skip


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    yield server
    server.close()


@pytest.fixture
def kube(api: Api, tmp_path: Path) -> Iterator[Kube]:
    cluster = connect(
        None,
        kubeconfig(tmp_path / "kubeconfig", api.url, {"token": "token-of-the-tests"}),
        timeout_s=5.0,
        login=Patience(9),
    )
    yield cluster
    cluster._transport._client.rest_client.pool_manager.clear()


def application(*resources: tuple[str, str, str]) -> dict[str, Any]:
    found = [
        {"group": group, "kind": kind, "namespace": namespace, "name": "x"} for group, kind, namespace in resources
    ]
    return {"status": {"resources": found}}


def fails(error: BaseException) -> Callable[[], str]:
    def read() -> str:
        raise error

    return read


def test_a_failed_read_is_kept_beside_the_answers() -> None:
    error = Unreachable("nobody there")
    assert gather({"a": lambda: 1, "b": fails(error), "c": lambda: 3}) == ({"a": 1, "c": 3}, {"b": error})


def test_nothing_to_read_is_nothing_read() -> None:
    assert gather({}) == ({}, {})


def test_a_bug_is_raised_where_it_was_asked() -> None:
    with pytest.raises(KeyError, match="bug"):
        gather({"a": lambda: "1", "b": fails(KeyError("bug"))})


def test_reads_run_side_by_side() -> None:
    """Each waits for the others here: in a row they would wait for ever."""
    together = threading.Barrier(AT_ONCE, timeout=60)
    answers, failures = gather(dict.fromkeys(range(2 * AT_ONCE), together.wait))
    assert (len(answers), failures) == (2 * AT_ONCE, {})


def lists(api: Api) -> list[str]:
    return sorted(path for _, path in api.seen)


def test_one_list_for_each_kind_and_namespace(kube: Kube, api: Api) -> None:
    apps = [
        application(("apps", "Deployment", "web"), ("apps", "Deployment", "web"), ("", "Service", "web")),
        application(("apps", "Deployment", "web"), ("apps", "Deployment", "db"), ("meter.io", "Gauge", "web")),
    ]
    read_details(kube, KINDS, apps)
    assert lists(api) == [
        "/api/v1/namespaces/db/events",
        "/api/v1/namespaces/db/pods",
        "/api/v1/namespaces/web/events",
        "/api/v1/namespaces/web/pods",
        "/api/v1/namespaces/web/services",
        "/apis/apps/v1/namespaces/db/deployments",
        "/apis/apps/v1/namespaces/web/deployments",
        "/apis/meter.io/v1/namespaces/web/gauges",
    ]


@pytest.mark.parametrize(
    "resource",
    [
        ("", "Secret", "web"),
        ("", "ConfigMap", "web"),
        ("argoproj.io", "Application", "argocd"),
        ("nobody", "Knows", "web"),
    ],
)
def test_what_has_no_health_is_not_read(kube: Kube, api: Api, resource: tuple[str, str, str]) -> None:
    """Secrets above all."""
    found = read_details(kube, KINDS, [application(resource), {"status": {"resources": None}}, {}])
    assert (lists(api), found.objects, found.unread) == ([], {}, ())


def test_objects_and_events_are_told_apart(kube: Kube, api: Api) -> None:
    for plural in ("deployments", "pods", "events"):
        base = "/apis/apps/v1" if plural == "deployments" else "/api/v1"
        api.put(f"{base}/namespaces/web/{plural}", {"metadata": {"name": f"one-of-{plural}", "namespace": "web"}})
    found = read_details(kube, KINDS, [application(("apps", "Deployment", "web"))])
    assert {(ref.kind, ref.name) for ref in found.objects} == {
        ("Deployment", "one-of-deployments"),
        ("Pod", "one-of-pods"),
    }
    assert Ref("", "Pod", "web", "one-of-pods") in found.objects
    assert [event["metadata"]["name"] for event in found.events] == ["one-of-events"]


@pytest.mark.parametrize(("status", "unread"), [(403, True), (404, False)])
def test_what_could_not_be_read_is_named(kube: Kube, api: Api, status: int, unread: bool) -> None:
    """A kind that went away meanwhile holds nothing; what is forbidden may hold anything."""
    api.refused["GET", "/api/v1/namespaces/web/services"] = Refusal(status, "no")
    found = read_details(kube, KINDS, [application(("", "Service", "web"))])
    assert [each.what for each in found.unread] == (["services in web"] if unread else [])
    assert all("(403): no" in each.why for each in found.unread)


def test_what_several_rest_on_is_asked_for_once() -> None:
    asked: list[int] = []

    def read() -> int:
        asked.append(1)
        return len(asked)

    answers, _ = gather(dict.fromkeys("abc", Once(read)))
    assert (answers, asked) == ({"a": 1, "b": 1, "c": 1}, [1])


@pytest.mark.parametrize("error", [Unreachable("gone"), KeyError("a bug")])
def test_all_of_them_get_the_same_end(error: Exception) -> None:
    def read() -> int:
        raise error

    once = Once(read)
    for _ in range(2):
        with pytest.raises(type(error)) as raised:
            once()
        assert raised.value is error
