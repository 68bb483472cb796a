"""One lab for all tests over HTTP, and a namespace of its own for each of them."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from aiops.lab.cluster import Cluster, Pace
from aiops.lab.lab import Lab
from tests.lab.argocd import NOTE, argocd, write
from tests.lab.client import Client

QUICK = Pace(node_joins_s=0.2, node_ready_s=0.0, gpu_ready_s=0.0, node_idle_s=0.5, image_s=0.0, start_s=0.0, stop_s=0.0)
NUMBERS = itertools.count(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What Argo CD reads: one ConfigMap."""
    write(tmp_path, "app/note.yaml", NOTE)
    return tmp_path


@pytest.fixture
def cluster(folder: Path) -> Cluster:
    """One with Argo CD's controllers, which read that folder, and without HTTP."""
    return argocd(folder)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab") / "state", pace=QUICK) as lab:
        yield lab


@pytest.fixture(scope="session")
def admin(lab: Lab) -> Iterator[Client]:
    client = Client(lab.kubeconfig)
    yield client
    client.close()


@pytest.fixture(scope="session")
def viewer(lab: Lab) -> Iterator[Client]:
    client = Client(lab.viewer_kubeconfig)
    yield client
    client.close()


@pytest.fixture
def login(lab: Lab) -> Iterator[Callable[[str], Client]]:
    """Makes a client with a token."""
    with ExitStack() as stack:

        def client(token: str) -> Client:
            made = Client(lab.kubeconfig, token)
            stack.callback(made.close)
            return made

        yield client


@pytest.fixture
def namespace(admin: Client) -> Iterator[str]:
    """The path of a namespace that is new."""
    name = f"test-{next(NUMBERS)}"
    admin.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield f"/api/v1/namespaces/{name}"
    admin.delete(f"/api/v1/namespaces/{name}")
