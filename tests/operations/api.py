"""A loopback server that gives prepared objects and notes what is written to them. It is no Kubernetes."""

import contextlib
import copy
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.clients.forwards import CLOSE, NOBODY, Forward, data, error, frame

Json = dict[str, Any]
ARGO = "/apis/argoproj.io/v1alpha1/namespaces/argocd"
APPLICATIONS, APPLICATIONSETS, PROJECTS = (
    f"{ARGO}/{plural}" for plural in ("applications", "applicationsets", "appprojects")
)


class Refusal(Exception):
    def __init__(self, status: int, message: str, causes: tuple[tuple[str, str], ...] = ()) -> None:
        details = {"causes": [{"field": field, "message": words} for field, words in causes]}
        self.status, self.body = status, {"kind": "Status", "message": message, "details": details}


def merged(body: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    body = dict(body) if isinstance(body, dict) else {}
    for key, value in patch.items():
        if value is None:
            body.pop(key, None)
        else:
            body[key] = merged(body.get(key), value)
    return body


class Unanswered(Exception):
    """The connection ends without an answer."""


class Behind(Forward):
    """A port-forward to a server of the tests."""

    def __init__(self, port: int | None) -> None:
        super().__init__()
        self.port = port

    def play(self, handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        while not self.asked():
            if not self.take(handler):
                return
        if self.port is None:
            handler.wfile.write(error(NOBODY))
        else:
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                connection.sendall(self.request)
                while content := connection.recv(1 << 16):
                    handler.wfile.write(data(content))
        handler.wfile.write(frame(CLOSE, struct.pack("!H", 1000)))
        while self.take(handler):
            pass


class Api:
    """`objects` by path; `seen` is (method, path) of every request, `patches` what was written.

    A watch is seen and refused as the method WATCH, and stays open until the server closes.
    """

    def __init__(self) -> None:
        self.objects: dict[str, Json] = {}
        self.refused: dict[tuple[str, str], Refusal] = {}
        """What is answered to a method on a path instead."""
        self.conflict: dict[str, Refusal] = {}
        """What is answered to an apply without force on a path."""
        self.seen: list[tuple[str, str]] = []
        self.patches: list[tuple[str, dict[str, list[str]], Any]] = []
        self.meanwhile: Json = {}
        """What somebody else changed before a dry run."""
        self.discovery: Json = {"kind": "APIGroupDiscoveryList", "items": []}
        self.before: Callable[[str, str], None] = lambda method, path: None
        """Called before each request is answered: changes objects, or raises a Refusal or Unanswered."""
        self.after: Callable[[str], None] = lambda path: None
        """Called once something is written: what a cluster makes of it. May raise Unanswered."""
        self.denied: set[str] = set()
        """Verbs that a SelfSubjectAccessReview answers with no."""
        self.behind: dict[str, int] = {}
        """Namespace: the port of the server behind its pods; without one nobody listens there."""
        self._version = 100
        self._changes: list[tuple[int, str, Json]] = []
        self._moved = threading.Condition()
        self._over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._over.set()
        with self._moved:
            self._moved.notify_all()
        self._http.shutdown()
        self._http.server_close()

    def put(self, collection: str, body: Json) -> None:
        body = copy.deepcopy(body)
        if namespace := re.search("/namespaces/([^/]+)/", collection):
            body["metadata"].setdefault("namespace", namespace[1])
        self._happens("MODIFIED", f"{collection}/{body['metadata']['name']}", body)

    def remove(self, path: str) -> None:
        if path in self.objects:
            self._happens("DELETED", path, self.objects.pop(path))

    def _happens(self, what: str, path: str, body: Json) -> None:
        with self._moved:
            self._version += 1
            body["metadata"]["resourceVersion"] = str(self._version)
            if what != "DELETED":
                self.objects[path] = body
            self._changes.append((self._version, path, {"type": what, "object": copy.deepcopy(body)}))
            self._moved.notify_all()

    def serves(self, group: str, version: str, kind: str, plural: str) -> None:
        """Discovery knows one kind more."""
        resource = {"resource": plural, "responseKind": {"kind": kind}, "scope": "Namespaced"}
        served = {"metadata": {"name": group}, "versions": [{"version": version, "resources": [resource]}]}
        self.discovery["items"].append(served)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Json:
        with self._moved:
            self.meet(method, path)
            if method == "PATCH":
                after = self._patch(path, query, body)
                self.after(path)
                return after
            if path.endswith("/selfsubjectaccessreviews"):
                return {"status": {"allowed": body["spec"]["resourceAttributes"]["verb"] not in self.denied}}
            if path in ("/api", "/apis"):
                return self.discovery
            if path == "/version" or path in self.objects:
                return self.objects.get(path, {})
            if path.rpartition("/")[2] in LISTS:
                items = [body for name, body in self.objects.items() if _within(name, path)]
                version = {"resourceVersion": str(self._version)}
                return {"kind": "List", "apiVersion": "v1", "metadata": version, "items": items}
            raise Refusal(404, "not found")

    def meet(self, method: str, path: str) -> None:
        """Note a request; raises what is said to it instead."""
        self.seen.append((method, path))
        self.before(method, path)
        if refusal := self.refused.get((method, path)):
            raise refusal

    def changes(self, path: str, version: int) -> Iterator[Json]:
        """What happens to a list's objects from a version on."""
        known = 0
        while not self._over.is_set():
            with self._moved:
                fresh, known = self._changes[known:], len(self._changes)
            yield from (event for at, name, event in fresh if at > version and _within(name, path))
            with self._moved:
                while len(self._changes) == known and not self._over.is_set():
                    self._moved.wait()

    def forward(self, path: str, handler: BaseHTTPRequestHandler) -> None:
        """A port-forward to a pod."""
        with self._moved:
            self.meet("GET", path)
            pod = path.removesuffix("/portforward")
            if pod not in self.objects:
                raise Refusal(404, "not found")
        Behind(self.behind.get(self.objects[pod]["metadata"]["namespace"])).speak(handler, self._over)

    def _patch(self, path: str, query: dict[str, list[str]], patch: Any) -> Json:
        self.patches.append((path, query, patch))
        if path in self.conflict and query.get("force") == ["false"]:
            raise self.conflict[path]
        before = self.objects.get(path, {})
        if isinstance(patch, list):
            return before
        if not before and "fieldManager" not in query:
            raise Refusal(404, "not found")
        guard = patch["metadata"].get("resourceVersion")
        if guard and guard != before["metadata"]["resourceVersion"]:
            raise Refusal(409, "the object has been modified")
        after: Json = merged(before, patch)
        if "dryRun" in query:
            dry: Json = merged(after, self.meanwhile)
            return dry
        self.put(path.rpartition("/")[0], after)
        return self.objects[path]


LISTS = (
    "applications", "applicationsets", "appprojects", "deployments", "replicasets", "pods", "nodes", "events",
    "services", "gauges", "scaledobjects", "externalsecrets", "inferenceservices",
)  # fmt: skip


def _within(name: str, path: str) -> bool:
    """An object is of a list: of its namespace's, or of the whole cluster's."""
    collection = name.rpartition("/")[0]
    return path in (collection, re.sub("/namespaces/[^/]+", "", collection))


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # the client went away
                super().handle()

        def play(self) -> None:
            url = urlsplit(self.path)
            query, raw = parse_qs(url.query), self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                if url.path.endswith("/portforward"):
                    api.forward(url.path, self)
                    self.close_connection = True
                elif "watch" in query:
                    api.meet("WATCH", url.path)
                    self.stream(api.changes(url.path, int(query["resourceVersion"][0])))
                else:
                    self.say(200, api.answer(self.command, url.path, query, json.loads(raw or b"null")))
            except Refusal as refusal:
                self.say(refusal.status, refusal.body)
            except Unanswered:
                self.close_connection = True

        do_GET = do_PATCH = do_POST = play  # noqa: N815

        def stream(self, events: Iterator[Json]) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for event in events:
                line = json.dumps(event).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.write(b"0\r\n\r\n")

        def say(self, status: int, body: Json) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
