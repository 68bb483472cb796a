"""A small HTTP server on loopback that plays a script and writes down what it was asked."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """`body` goes out as JSON, or as it is where it is bytes."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lines:
    """A stream of chunks; `broken` ends the connection without the last, empty chunk."""

    chunks: Sequence[bytes]
    broken: bool = False


@dataclass(frozen=True)
class Reset:
    """The connection is reset before any answer."""


@dataclass(frozen=True)
class Silence:
    """No answer for as long as the server lives."""


class Other(Protocol):
    """Another protocol, spoken on the connection until it ends; `over` is set when the server closes."""

    def speak(self, handler: BaseHTTPRequestHandler, over: threading.Event) -> None: ...


Step = Answer | Lines | Reset | Silence | Other
OVER = Answer(403, {"kind": "Status", "message": "the script is over"})
"""What is answered after the script: ends a watch, and is not what a test of anything else expects."""


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: Message
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class _HTTPServer(ThreadingHTTPServer):
    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # without the polite end of the base class: a reset stays one


class Server:
    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.script: list[Step] = []
        self.seen: list[Seen] = []
        self._over = threading.Event()
        self._http = _HTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"127.0.0.1:{self._http.server_address[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.address}"
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._http.serve_forever, args=(0.01,)).start()

    def answer(self, *steps: Step) -> None:
        self.script += steps

    def close(self) -> None:
        self._over.set()
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # the client went away, or does not like the certificate
                    self.close_connection = True

            def play(self) -> None:
                url = urlsplit(self.path)
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.seen.append(Seen(self.command, url.path, parse_qs(url.query), self.headers, raw))
                match server.script.pop(0) if server.script else OVER:
                    case Answer(status, body, headers):
                        self.say(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)
                    case Lines(chunks, broken):
                        self.stream(chunks, broken)
                    case Reset():
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        self.close_connection = True
                    case Silence():
                        server._over.wait()
                        self.close_connection = True
                    case other:
                        other.speak(self, server._over)
                        self.close_connection = True

            do_GET = do_POST = do_PATCH = play  # noqa: N815

            def say(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
                self.send_response_only(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def stream(self, chunks: Sequence[bytes], broken: bool) -> None:
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for chunk in chunks:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.write(b"" if broken else b"0\r\n\r\n")
                self.close_connection = broken

            def log_message(self, *_: object) -> None:
                pass

        return Handler
