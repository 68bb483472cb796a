"""What lies beneath a pod: its log, and connections to its ports, as aiops' own client makes them."""

import asyncio
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpcore
import pytest

from aiops.clients.forward import Forward
from aiops.clients.kube import connect
from aiops.clients.login import Patience
from aiops.errors import Forbidden, NotFound
from aiops.lab.api.refusals import bad_request
from aiops.lab.cluster import Connection
from aiops.lab.lab import Lab
from tests.lab.client import Client

LARGE = "x" * 200_000
CLOSED = 81


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers what it is sent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Kubelet:
    """Its pods have one port that somebody listens on, and a log."""

    def __init__(self, port: int) -> None:
        self._port = port

    def log(self, namespace: str, pod: str, container: str, *, previous: bool, tail: int | None) -> str:
        if previous:
            raise bad_request(f'previous terminated container "{container}" in pod "{pod}" not found')
        return f"{namespace} {pod} {container} {tail}\n"

    async def connect(self, namespace: str, pod: str, port: int) -> Connection:
        if port == CLOSED:
            raise ConnectionRefusedError(f"dial tcp4 127.0.0.1:{port}: connect: connection refused")
        return await asyncio.open_connection("127.0.0.1", self._port)


@pytest.fixture
def pod(lab: Lab, admin: Client, namespace: str) -> Iterator[str]:
    """The path of a pod with an echo server behind its ports."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    kubelet, lab.cluster.kubelet = lab.cluster.kubelet, Kubelet(server.server_address[1])
    admin.create(
        f"{namespace}/pods", {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    )
    yield f"{namespace}/pods/web"
    lab.cluster.kubelet = kubelet
    server.shutdown()
    thread.join()
    server.server_close()


def post(kubeconfig: Path, pod: str, port: int, body: str) -> str:
    kube = connect(None, str(kubeconfig), timeout_s=5.0, login=Patience(9))
    backend = Forward(kube, pod.split("/")[4], "web", port, time.monotonic() + 5.0)
    try:
        with httpcore.ConnectionPool(network_backend=backend) as pool:
            return pool.request("POST", "http://pod/", content=body.encode()).content.decode()
    finally:
        kube._transport._client.rest_client.pool_manager.clear()


def test_bytes_go_to_a_port_and_back(lab: Lab, pod: str) -> None:
    assert post(lab.kubeconfig, pod, 80, "hello") == "hello"
    assert post(lab.kubeconfig, pod, 80, LARGE) == LARGE


def test_a_port_on_which_nobody_listens_says_so(lab: Lab, pod: str) -> None:
    words = (
        f"error forwarding port {CLOSED} to pod web, uid : dial tcp4 127.0.0.1:{CLOSED}: connect: connection refused"
    )
    with pytest.raises(httpcore.ConnectError, match=words):
        post(lab.kubeconfig, pod, CLOSED, "hello")


def test_it_needs_a_pod_and_the_right(lab: Lab, pod: str) -> None:
    with pytest.raises(Forbidden):
        post(lab.viewer_kubeconfig, pod, 80, "hello")
    with pytest.raises(NotFound):
        post(lab.kubeconfig, "/api/v1/namespaces/default/pods/web", 80, "hello")


def test_a_log_is_text(admin: Client, pod: str) -> None:
    answer = admin.ask("GET", f"{pod}/log?container=c&tailLines=7")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == f"{pod.split('/')[4]} web c 7\n"
    assert admin.ask("GET", f"{pod}/log").text.endswith(" web  None\n")
    words = 'previous terminated container "c" in pod "web" not found'
    assert admin.refusal("GET", f"{pod}/log?container=c&previous=true") == (400, words)
    assert admin.refusal("GET", f"{pod}s/log") == (404, 'pods "webs" not found')
