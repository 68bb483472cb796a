"""A loopback server that gives prepared objects and notes what is written to them. It is no Kubernetes."""

import copy
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

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


class Api:
    """`objects` by path; `seen` is (method, path) of every request, `patches` what was written."""

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
        self._lock = threading.Lock()
        self._versions = iter(range(100, 10_000))
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def put(self, collection: str, body: Json) -> None:
        body = copy.deepcopy(body)
        body["metadata"]["resourceVersion"] = str(next(self._versions))
        self.objects[f"{collection}/{body['metadata']['name']}"] = body

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Json:
        with self._lock:
            self.seen.append((method, path))
            if refusal := self.refused.get((method, path)):
                raise refusal
            if method == "PATCH":
                return self._patch(path, query, body)
            if path in ("/api", "/apis"):
                return self.discovery
            if path == "/version" or path in self.objects:
                return self.objects.get(path, {})
            if path.rpartition("/")[2] in LISTS:
                items = [body for name, body in self.objects.items() if name.rpartition("/")[0] == path]
                return {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}
            raise Refusal(404, "not found")

    def _patch(self, path: str, query: dict[str, list[str]], patch: Any) -> Json:
        self.patches.append((path, query, patch))
        if path in self.conflict and query.get("force") == ["false"]:
            raise self.conflict[path]
        before = self.objects.get(path, {})
        if isinstance(patch, list):
            return before
        guard = patch["metadata"].get("resourceVersion")
        if guard and guard != before["metadata"]["resourceVersion"]:
            raise Refusal(409, "the object has been modified")
        after: Json = merged(before, patch)
        if "dryRun" in query:
            dry: Json = merged(after, self.meanwhile)
            return dry
        self.put(path.rpartition("/")[0], after)
        return self.objects[path]


LISTS = ("applications", "applicationsets", "appprojects", "deployments", "pods", "events", "services", "gauges")


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def play(self) -> None:
            url = urlsplit(self.path)
            query, raw = parse_qs(url.query), self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                self.say(200, api.answer(self.command, url.path, query, json.loads(raw or b"null")))
            except Refusal as refusal:
                self.say(refusal.status, refusal.body)

        do_GET = do_PATCH = play  # noqa: N815

        def say(self, status: int, body: Json) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
