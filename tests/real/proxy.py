"""A proxy on loopback before a Kubernetes API: it counts the calls, delays them, and breaks those it is told to.

    with Proxy(ApiServer(os.environ["KUBECONFIG"]), folder / "kubeconfig", "realstack", delay_s=0.3) as proxy:
        ...                                                     # KUBECONFIG=folder/kubeconfig aiops doctor
        print(proxy.calls)

Plain HTTP to who calls it. Answers are passed on whole, so a watch shows nothing until it ends, and an upgrade
(port-forward) does not work. The kubeconfig it writes holds no credential: that of the cluster stays in here.
"""

import contextlib
import json
import queue
import socket
import ssl
import struct
import threading
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPException, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOP = frozenset({"authorization", "connection", "content-length", "host", "keep-alive", "transfer-encoding"})
"""Headers that each side has of its own."""
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
UPSTREAM_S = 30.0
AT_ONCE = 128
"""Connections that may wait to be accepted: with the library's five, the sixth of a burst waits for a second."""


class Fault(Enum):
    """What can be wrong with an answer."""

    FORBIDDEN = "403"
    SILENT = "never answers"
    RESET = "connection reset"
    ARRAY = "a JSON []"
    EMPTY = "an empty list"
    MALFORMED = "malformed JSON"


@dataclass(frozen=True)
class Answer:
    """Of the API."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


Upstream = Callable[[str, str, Mapping[str, str], bytes], Answer]
"""The answer to a method, a path with its query, headers and a body."""
Struck = Callable[[str, str], bool]
"""Whether a fault strikes the calls of a method to a path (without its query)."""


def writes(method: str, path: str) -> bool:
    """Whether a call may change something: who am I, a POST, does not."""
    return method != "GET" and (method, path) != ("POST", REVIEW)


class ApiServer:
    """The API of a kubeconfig in JSON with one cluster and a token, as realstack writes them."""

    def __init__(self, kubeconfig: str | Path) -> None:
        config: Any = json.loads(Path(kubeconfig).read_text())
        where, self._token = config["clusters"][0]["cluster"], config["users"][0]["user"]["token"]
        self._url, self._trust = urlsplit(where["server"]), ssl.create_default_context()
        self._trust.load_verify_locations(cadata=b64decode(where["certificate-authority-data"]).decode())
        self._idle: queue.LifoQueue[HTTPSConnection] = queue.LifoQueue()
        self._over = False

    def __call__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        kept = {name: value for name, value in headers.items() if name.lower() not in HOP}
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:  # TCP_NODELAY is set by the library
            host = str(self._url.hostname)
            connection = HTTPSConnection(host, self._url.port, timeout=UPSTREAM_S, context=self._trust)
        try:
            connection.request(method, target, body or None, {**kept, "Authorization": f"Bearer {self._token}"})
            response = connection.getresponse()
            answer = Answer(response.status, response.read(), tuple(response.getheaders()))
        except BaseException:
            connection.close()
            raise
        self._idle.put(connection)
        if self._over:
            self.close()
        return answer

    def close(self) -> None:
        """Hang up."""
        self._over = True
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()


class Proxy:
    """`seen` is (method, path with its query) of every call, `struck` counts those that the fault met."""

    def __init__(
        self, upstream: Upstream, kubeconfig: Path, context: str, *, delay_s: float = 0.0,
        fault: Fault | None = None, strikes: Struck = lambda method, path: True,
    ) -> None:  # fmt: skip
        self.upstream, self.delay_s, self.fault, self.strikes = upstream, delay_s, fault, strikes
        self.seen: list[tuple[str, str]] = []
        self.slowest_s = 0.0
        """The longest that a call took, its delay included."""
        self.struck = 0
        self.met = threading.Event()
        """Set once the fault has met a call."""
        self.over = threading.Event()
        self.kubeconfig = kubeconfig
        self._server = _Server(self)
        self._write(context)

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        getattr(self.upstream, "close", lambda: None)()

    @property
    def calls(self) -> Counter[tuple[str, str]]:
        """How often each (method, path without its query) was called; the pages of one list are one call."""
        split = [(method, urlsplit(target)) for method, target in tuple(self.seen)]
        return Counter((method, url.path) for method, url in split if "continue" not in parse_qs(url.query))

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """What is said to a call; None: nothing, and the connection ends."""
        began = time.monotonic()
        self.seen.append((method, target))
        time.sleep(self.delay_s)
        fault = self.fault if self.strikes(method, urlsplit(target).path) else None
        found = self._broken(fault) if fault else None
        if fault in (None, Fault.EMPTY):
            found = self.upstream(method, target, headers, body)
            found = self._emptied(found) if fault else found
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        return found

    def _broken(self, fault: Fault) -> Answer | None:
        if fault is Fault.EMPTY:
            return None
        self._meets()
        if fault is Fault.SILENT:
            self.over.wait()
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "no", "code": 403}
        answers = {
            Fault.FORBIDDEN: Answer(403, json.dumps(status).encode()),
            Fault.ARRAY: Answer(200, b"[]"),
            Fault.MALFORMED: Answer(200, b'{"kind": "List", "items": [{"metad'),
        }
        return answers.get(fault)

    def _emptied(self, answer: Answer) -> Answer:
        """A list without its items; another answer, and a list that is empty already, as it is."""
        body: Any = json.loads(answer.body)
        if not body.get("items"):
            return answer
        self._meets()
        meta = {name: value for name, value in body["metadata"].items() if name == "resourceVersion"}
        return Answer(answer.status, json.dumps({**body, "metadata": meta, "items": []}).encode(), answer.headers)

    def _meets(self) -> None:
        self.struck += 1
        self.met.set()

    def _write(self, context: str) -> None:
        body = {
            "apiVersion": "v1", "kind": "Config", "current-context": context,
            "clusters": [{"name": "proxy", "cluster": {"server": f"http://127.0.0.1:{self._server.server_port}"}}],
            "users": [{"name": "proxy", "user": {"token": "the-proxy-has-it"}}],
            "contexts": [{"name": context, "context": {"cluster": "proxy", "user": "proxy"}}],
        }  # fmt: skip
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(json.dumps(body))


class _Server(ThreadingHTTPServer):
    request_queue_size = AT_ONCE

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(OSError, HTTPException):  # either side went away: so does this connection
            super().handle()

    def play(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.proxy.answer(self.command, self.path, dict(self.headers.items()), body)
        if answer is None:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
            return
        lines = [f"{name}: {value}" for name, value in answer.headers if name.lower() not in HOP]
        head = "\r\n".join((f"HTTP/1.1 {answer.status} .", *lines, f"Content-Length: {len(answer.body)}", "", ""))
        self.connection.sendall(head.encode() + answer.body)  # in one write

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = play

    def log_message(self, *_: object) -> None:
        """Nothing: `seen` has it."""
