import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest

from aiops.clients.kube import Kube, connect
from aiops.clients.login import Patience
from tests.clients.repositories import commit, git
from tests.clients.server import Server

CANARY = "canary-5e1f"
"""The token that must never be seen."""
Login = Callable[..., Kube]
PATIENT = Patience(9.0)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine: no proxy, no kubeconfig, no git settings, a home of its own."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def api() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def tls_api(tmp_path: Path) -> Iterator[Server]:
    """With a certificate for 127.0.0.1 that signs itself: `tmp_path / "cert.pem"`."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *words.split(), *files], check=True, capture_output=True)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(context)
    yield server
    server.close()


def kubeconfig(path: Path, server: str, user: dict[str, Any], **cluster: object) -> str:
    """A kubeconfig of one context, `here`, in JSON, which is YAML too."""
    body = {
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(json.dumps(body))
    return str(path)


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[int]:
    """The reading end of `tmp_path / "pipe"`."""
    os.mkfifo(tmp_path / "pipe")
    end = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    yield end
    os.close(end)


@pytest.fixture
def login(api: Server, tmp_path: Path) -> Iterator[Login]:
    """Connect as a user (by default with the canary for a token) to `api`, or to another server."""
    opened: list[Kube] = []

    def connected(
        user: dict[str, Any] | None = None, server: str = api.url, timeout_s: float = 5.0,
        login: Patience = PATIENT, **more: Any,
    ) -> Kube:  # fmt: skip
        path = kubeconfig(tmp_path / "kubeconfig", server, user or {"token": CANARY}, **more)
        opened.append(connect(None, path, timeout_s=timeout_s, login=login))
        return opened[-1]

    yield connected
    for kube in opened:
        kube._transport._client.rest_client.pool_manager.clear()


@pytest.fixture
def kube(login: Login) -> Kube:
    return login()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository with one commit on main."""
    bare, first = tmp_path / "origin.git", tmp_path / "first"
    first.mkdir()
    git(tmp_path, "init", "-q", "--bare", str(bare))
    git(first, "init", "-q")
    commit(first, apps__web_yaml="replicas: 1\n", README="words\n")
    git(first, "push", "-q", str(bare), "main")
    return bare


@pytest.fixture
def checkout(tmp_path: Path, origin: Path) -> Path:
    git(tmp_path, "clone", "-q", str(origin), "checkout")
    return tmp_path / "checkout"


@pytest.fixture
def elsewhere(tmp_path: Path, origin: Path) -> Path:
    """A colleague's checkout, from which is pushed."""
    git(tmp_path, "clone", "-q", str(origin), "elsewhere")
    return tmp_path / "elsewhere"


@pytest.fixture
def pushed(elsewhere: Path) -> str:
    """A commit on main that the checkout does not have."""
    sha = commit(elsewhere, apps__web_yaml="replicas: 2\n")
    git(elsewhere, "push", "-q")
    return sha
