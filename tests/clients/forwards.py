"""A port-forward as the API server and a kubelet make it, for the server of the tests to answer with.

Seen on the real stack (kube-apiserver 1.36.3, k8s.io/cri-streaming): the two ports come at once, one message for
each read of the pod's connection; after an error, or once the pod's side is done, a close frame and the end.
"""

import base64
import hashlib
import json
import struct
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
PORT = 8000
NOBODY = "error forwarding port 8000 to pod web, uid 1: dial tcp4 127.0.0.1:8000: connect: connection refused"


@dataclass(frozen=True)
class Pause:
    """Nothing for so long; at most until the server closes."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """The connection ends, without a close frame."""


def frame(opcode: int, payload: bytes, fin: bool = True) -> bytes:
    """One frame as servers send it, without a mask."""
    size = len(payload)
    if size < 126:
        length = bytes([size])
    else:
        length = struct.pack("!BH", 126, size) if size < 1 << 16 else struct.pack("!BQ", 127, size)
    return bytes([fin << 7 | opcode]) + length + payload


def data(content: bytes) -> bytes:
    return frame(BINARY, b"\0" + content)


def error(words: str) -> bytes:
    return frame(BINARY, b"\1" + words.encode())


def http(status: int, body: object = b"", **headers: str) -> bytes:
    """An answer of the server in the pod."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    known = {"Content-Length": str(len(raw)), "Content-Type": "application/json"}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Words", *(f"{name}: {value}" for name, value in (known | given).items())]
    return "\r\n".join([*lines, "", ""]).encode() + raw


def events(status: int = 200, kind: str = "text/event-stream; charset=utf-8") -> bytes:
    """The head of a stream in chunks."""
    return f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


def chunk(content: bytes) -> bytes:
    """Of such a stream; an empty one is its end."""
    return b"%x\r\n%s\r\n" % (len(content), content)


class Forward:
    """A port-forward: the handshake and the ports, then each step in turn."""

    def __init__(self, *steps: bytes | Pause | Cut, waits: bool = True, **headers: str) -> None:
        """The steps begin once a whole request has come, if it `waits`; `headers` stand instead of the handshake's."""
        self.steps, self.waits = steps, waits
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.writes: list[bytes] = []
        """The messages that came for the port."""
        self.control: list[tuple[int, bytes]] = []
        """The frames with other opcodes that came."""
        self.left = threading.Event()
        """The client ended the connection."""

    def speak(self, handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        ports = [frame(BINARY, bytes([channel]) + struct.pack("<H", PORT)) for channel in (0, 1)]
        handler.wfile.write(b"".join([self.head(handler.headers["Sec-WebSocket-Key"]), *ports]))
        try:
            self.play(handler, over)
        except ConnectionError:
            self.left.set()

    def play(self, handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        while self.waits and not self.asked():
            if not self.take(handler):
                return
        for step in self.steps:
            match step:
                case bytes():
                    handler.wfile.write(step)
                case Pause(seconds):
                    over.wait(seconds)
                case Cut():
                    return
        handler.wfile.write(frame(CLOSE, struct.pack("!H", 1000)))
        while self.take(handler):
            pass

    def head(self, key: str) -> bytes:
        proof = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": base64.b64encode(proof).decode(),
            "Sec-WebSocket-Protocol": "v4.channel.k8s.io",
            **self.headers,
        }
        lines = ["HTTP/1.1 101 Switching Protocols", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode()

    @property
    def request(self) -> bytes:
        """What came for the port, in one."""
        return b"".join(self.writes)

    def asked(self) -> bool:
        """Whether a whole request of HTTP has come."""
        head, end, body = self.request.partition(b"\r\n\r\n")
        sizes = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        return bool(end) and len(body) >= sum(map(int, sizes))

    def take(self, handler: BaseHTTPRequestHandler) -> bool:
        """Read one frame; whether there was one."""
        start = handler.rfile.read(2)
        if len(start) < 2:
            self.left.set()
            return False
        assert start[1] & 0x80, "a client masks what it sends"
        size = start[1] & 0x7F
        if size >= 126:
            size = int.from_bytes(handler.rfile.read(2 if size == 126 else 8), "big")
        mask = handler.rfile.read(4)
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(handler.rfile.read(size)))
        if start[0] == 0x80 | BINARY:
            assert payload[:1] == b"\0", "the channel of data"
            self.writes.append(payload[1:])
        else:
            self.control.append((start[0] & 0x0F, payload))
        return True
