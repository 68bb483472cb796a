"""The HTTP side: a server on loopback, in a test or as a program of its own.

python -m tests.serving.server --port 0 --kind vllm --model tiny-qwen2 --key sk-1 [--fault blank]
prints its port, and serves until it is ended.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.serving.exchange import Answer, App, Events, Seen, Silent
from tests.serving.faults import ALL
from tests.serving.litellm import Alias, Litellm
from tests.serving.vllm import Vllm


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them, and leaves no socket open

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)


class Server:
    """An app on a port of loopback. `seen` has every request; `late_s` and `pace_s` may be changed at any time."""

    def __init__(self, app: App, port: int = 0, host: str = "127.0.0.1") -> None:
        self.app = app
        self.seen: list[Seen] = []
        self.late_s = 1.0
        """Before each answer to a POST of /v1/*, with the fault `late`."""
        self.pace_s = 0.0
        """Before each event of a stream."""
        self._over = threading.Event()
        self._http = _HTTPServer((host, port), self._handler())
        self.port = int(self._http.server_address[1])
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def fault(self) -> str:
        """One of `faults.ALL`; empty: none."""
        return self.app.fault

    @fault.setter
    def fault(self, fault: str) -> None:
        if fault not in ALL:
            raise ValueError(f"no such fault: {fault}; there are {', '.join(sorted(ALL))}")
        self.app.fault = fault

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """It ends every connection, the silent and the idle ones too."""
        self._over.set()
        self._http.shutdown()
        self._thread.join()
        for connection in tuple(self._http.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                with contextlib.suppress(OSError):  # the client went away
                    super().handle()

            def play(self) -> None:
                url = urlsplit(self.path)
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen = Seen(self.command, url.path, parse_qs(url.query), self.headers, raw)
                server.seen.append(seen)
                if server.fault == "late" and self.command == "POST" and url.path.startswith("/v1/"):
                    server._over.wait(server.late_s)
                match server.app.answer(seen):
                    case Answer(status, body, headers):
                        self.say(status, body, headers)
                    case Events() as events:
                        self.stream(events)
                    case Silent():
                        server._over.wait()
                        self.close_connection = True

            do_GET = do_POST = play  # noqa: N815

            def say(self, status: int, body: object, headers: Mapping[str, str]) -> None:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                kind = {} if isinstance(body, bytes) else {"Content-Type": "application/json"}
                self.send_response_only(status)
                for name, value in {"Server": "uvicorn", "Content-Length": str(len(data)), **kind, **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def stream(self, events: Events) -> None:
                self.send_response_only(200)
                for name, value in {"Content-Type": "text/event-stream; charset=utf-8", **events.headers}.items():
                    self.send_header(name, value)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for line in events.lines:
                    server._over.wait(server.pace_s)
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.write(b"" if events.cut else b"0\r\n\r\n")
                self.close_connection = events.cut

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m tests.serving.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--kind", choices=["vllm", "litellm"], default="vllm")
    parser.add_argument("--model", action="append", required=True, help="litellm: an alias, or ALIAS=MODEL; repeatable")
    parser.add_argument(
        "--key", default=os.environ.get("SERVING_KEY", ""), help="vllm: its key; litellm: the master key [SERVING_KEY]"
    )
    parser.add_argument("--fault", choices=sorted(ALL), default="")
    parser.add_argument("--late", type=float, default=1.0, metavar="SECONDS")
    options = parser.parse_args()
    over = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: over.set())
    with Server(_app(options), options.port, options.host) as server:
        server.late_s = options.late
        print(server.port, flush=True)
        over.wait()


def _app(options: argparse.Namespace) -> Vllm | Litellm:
    if options.kind == "vllm":
        return Vllm(options.model[0], options.key, options.fault)
    aliases = {}
    for each in options.model:
        name, _, model = each.partition("=")
        aliases[name] = Alias(model or name)
    return Litellm(options.key, aliases, options.fault)


if __name__ == "__main__":
    main()
