"""An operator with the sample tree in a checkout, before an API that is not a cluster's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.clients.kube import Kube
from aiops.progress.events import Event
from aiops.session import Session
from tests.clients.conftest import environment, kubeconfig  # noqa: F401 - nothing of this machine
from tests.operations.api import Api
from tests.operations.checkout import checkout
from tests.operations.cluster import KEY, SERVED, Cluster
from tests.serving.server import Server
from tests.serving.vllm import Vllm

RUN = "20260131T120000-3f9a"


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    yield server
    server.close()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return checkout(tmp_path / "work")


@pytest.fixture
def told() -> list[Event]:
    """What was reported."""
    return []


@pytest.fixture
def session(api: Api, work: Path, tmp_path: Path, told: list[Event]) -> Iterator[Session]:
    path = kubeconfig(tmp_path / "kubeconfig", api.url, {"token": "token-of-the-tests"})
    operator = Session({}, work, told.append, kubeconfig=path, run=RUN)
    yield operator
    operator.kube._transport._client.rest_client.pool_manager.clear()


@pytest.fixture
def kube(session: Session) -> Kube:
    return session.kube


@pytest.fixture
def cluster(api: Api) -> Cluster:
    return Cluster(api)


@pytest.fixture
def server(api: Api) -> Iterator[Server]:
    """A server like vLLM behind every pod of namespace serving."""
    with Server(Vllm(SERVED, KEY)) as running:
        api.behind["serving"] = running.port
        yield running
