"""The lab as a whole: start, stop, its clock, its API server's crash and stall, and what it does not serve."""

import asyncio
import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from aiops.lab.clock import parse
from aiops.lab.lab import Lab
from tests.lab.client import Client, config_map
from tests.lab.conftest import QUICK

pytestmark = pytest.mark.xdist_group("own lab")  # they share a lab, and break it


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab that only these tests break."""
    with Lab(tmp_path_factory.mktemp("own") / "state", pace=QUICK, speed=50.0, context="another") as lab:
        yield lab


@pytest.fixture
def user(own: Lab) -> Iterator[Client]:
    client = Client(own.kubeconfig)
    yield client
    client.close()


def test_it_leaves_nothing_behind(tmp_path: Path) -> None:
    with Lab(tmp_path / "state") as lab:
        url = lab.server
        assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["kubeconfig", "viewer.kubeconfig"]
    assert list((tmp_path / "state").iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, verify=False)


def test_what_keeps_it_from_starting_is_said_where_it_was_started(own: Lab, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="address already in use"), Lab(tmp_path, port=own.api.port):
        pass


def test_a_new_cluster_has_nodes_and_an_argocd(user: Client) -> None:
    assert len(user.get("/api/v1/nodes")["items"]) == 2
    project = user.get("/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/default")
    assert project["spec"]["sourceRepos"] == ["*"]
    secret = user.get("/api/v1/namespaces/argocd/secrets/argocd-initial-admin-secret")
    assert secret["data"]["password"]


def test_its_time_is_in_every_answer_and_runs_as_fast_as_it_shall(own: Lab, user: Client) -> None:
    began = own.cluster.clock.elapsed()
    answer = user.ask("GET", "/version")
    assert answer.headers["Cache-Control"] == "no-cache, private"
    dated = parsedate_to_datetime(answer.headers["Date"])
    assert abs((own.cluster.clock.now() - dated).total_seconds()) < 1.0 + own.cluster.clock.elapsed() - began
    made = user.create("/api/v1/namespaces/default/configmaps", config_map("dated"))
    assert (parse(made["metadata"]["creationTimestamp"]) - dated).total_seconds() >= 0


def test_a_server_that_is_down_refuses_and_comes_back_as_it_was(own: Lab, user: Client) -> None:
    user.create("/api/v1/namespaces/default/configmaps", config_map("kept"))

    def down() -> None:
        own.call(lambda: own.cluster.parts.set("kube-apiserver", "down"))

    with pytest.raises(httpx.HTTPError):
        user.watch("/api/v1/namespaces?watch=1&resourceVersion=1000000", 1, meanwhile=down)
    with pytest.raises(httpx.ConnectError):
        user.get("/api/v1/nodes")
    own.call(lambda: own.cluster.parts.set("kube-apiserver", "up"))
    for _ in range(100):
        try:
            assert user.get("/api/v1/namespaces/default/configmaps/kept")["metadata"]["name"] == "kept"
            return
        except httpx.ConnectError:
            threading.Event().wait(0.02)
    raise AssertionError("it does not come back")


def test_a_server_that_stands_still_answers_once_it_goes_on(own: Lab, user: Client) -> None:
    own.call(lambda: own.cluster.parts.set("kube-apiserver", "stalled"))
    with pytest.raises(httpx.ReadTimeout):
        user._http.get("/api/v1/nodes", timeout=0.2)
    threading.Timer(0.2, lambda: own.call(lambda: own.cluster.parts.set("kube-apiserver", "up"))).start()
    assert len(user.get("/api/v1/nodes")["items"]) == 2


def test_what_is_not_served_is_said_and_remembered(own: Lab, user: Client) -> None:
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    user.create("/api/v1/namespaces/default/pods", pod)
    asked = (
        ("GET", "/metrics"), ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
        ("GET", "/apis/events.k8s.io/v1/events"),
        ("POST", "/api/v1/namespaces/default/pods/p/exec"), ("GET", "/api/v1/namespaces/default/pods/p/portforward"),
    )  # fmt: skip
    for method, path in asked:
        words = f"the lab does not serve {method} {path}"
        assert user.refusal(method, path, None if method == "GET" else {}) == (501, words)
    assert own.unserved == [f"{method} {path}" for method, path in asked]


def test_its_functions_are_run_where_it_runs(own: Lab) -> None:
    assert own.call(lambda: asyncio.get_running_loop() is own._loop)
    with pytest.raises(ZeroDivisionError):
        own.call(lambda: 1 // 0)
