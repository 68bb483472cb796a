"""A connection to a port of a pod: one websocket through the Kubernetes API, and no port listens on this machine.

The protocol is every kubelet's own v4.channel.k8s.io (k8s.io/cri-streaming, portforward/websocket.go): the first byte
of a message is its channel, and each channel's first message is the port. Not by `kubernetes.stream.portforward`:
its thread may end in a traceback on stderr, and it knows no time limit.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpcore
from websocket import ABNF, WebSocketException, frame_buffer

from aiops.clients.kube import PODS, Kube
from aiops.clients.wording import one_line, reason
from aiops.errors import Unreachable

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

PROTOCOL = "v4.channel.k8s.io"
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": PROTOCOL,
}
DATA, ERROR = 0, 1
SHORTEST_HANDSHAKE_S = 0.1
ACCEPTING = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, 1.3: with it a server proves that it knows what a websocket is."""


class Forward(httpcore.NetworkBackend):
    """Connects to one port of one pod, whatever a URL names, and lets nothing last past a deadline."""

    def __init__(self, kube: Kube, namespace: str, pod: str, port: int, deadline: float) -> None:
        """`deadline` by time.monotonic."""
        self._kube, self._deadline = kube, deadline
        self._path = f"{PODS.path(namespace, quote(pod, safe=''))}/portforward?ports={port}"
        # a websocket begins with GET, for which Kubernetes wants the verb `get`, and since 1.35 `create` too
        self._doing = f"get and create pods/portforward in {namespace}"
        self.opened_at = 0.0
        """When the latest connection stood, by time.monotonic."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A new forward. What the Kubernetes API says to it is the errors of `Kube`."""
        left = max(SHORTEST_HANDSHAKE_S, self._deadline - time.monotonic())
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        headers = {**WEBSOCKET, "Sec-WebSocket-Key": key}
        response = self._kube.upgrade(self._path, self._doing, headers, left if timeout is None else min(left, timeout))
        answered = (response.headers.get("Sec-WebSocket-Accept"), response.headers.get("Sec-WebSocket-Protocol"))
        if answered != (_accepting(key), PROTOCOL):
            response.close()
            raise Unreachable(
                f"kubernetes {self._kube.server}: cannot {self._doing}: the answer is no websocket of {PROTOCOL}",
                "does a proxy stand between here and the Kubernetes API?",
            )
        self.opened_at = time.monotonic()
        return ForwardStream(response, self._deadline)


class ForwardStream(httpcore.NetworkStream):
    """What goes to the port and comes from it. Errors: httpcore's, with the kubelet's words."""

    def __init__(self, response: "BaseHTTPResponse", deadline: float) -> None:
        connection: Any = response.connection
        self._response, self._socket = response, connection.sock
        # urllib3 has no public name for the reader that read the headers, and the first frames may be in it already
        self._reader = response._original_response.fp  # type: ignore[attr-defined]
        self._deadline, self._until = deadline, deadline
        self._frames = frame_buffer(self._receive, skip_utf8_validation=True)
        self._began: set[int] = set()
        self._message, self._data, self._ended = b"", b"", False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came from the port; nothing where its server ended the connection."""
        self._limit(timeout)
        while not self._data and not self._ended:
            try:
                self._take_frame()
            except TimeoutError as error:
                raise httpcore.ReadTimeout("no answer in time") from error
            except (OSError, WebSocketException) as error:
                raise httpcore.ReadError(reason(error)) from error
        data, self._data = self._data[:max_bytes], self._data[max_bytes:]
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send to the port."""
        if not buffer:  # httpcore's end of a request
            return
        self._limit(timeout)
        try:
            self._send(bytes([DATA]) + buffer, ABNF.OPCODE_BINARY)
        except TimeoutError as error:
            raise httpcore.WriteTimeout("nothing was taken in time") from error
        except OSError as error:
            raise httpcore.WriteError(reason(error)) from error

    def close(self) -> None:
        """End the forward; the kubelet then ends the connection in the pod."""
        self._response.close()

    def _limit(self, timeout: float | None) -> None:
        self._until = self._deadline if timeout is None else min(self._deadline, time.monotonic() + timeout)

    def _wait(self) -> None:
        """Let the next call of the socket take no longer than is left."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)

    def _send(self, payload: bytes, opcode: int) -> None:
        self._wait()
        self._socket.sendall(ABNF.create_frame(payload, opcode).format())

    def _receive(self, size: int) -> bytes:
        self._wait()
        data: bytes = self._reader.read1(size)
        if not data:
            raise ConnectionResetError("the connection through the Kubernetes API ended")
        return data

    def _take_frame(self) -> None:
        frame = self._frames.recv_frame()
        content: Any = frame.data
        match frame.opcode:
            case ABNF.OPCODE_CLOSE:
                self._ended = True
            case ABNF.OPCODE_PING:
                self._send(content, ABNF.OPCODE_PONG)
            case ABNF.OPCODE_TEXT | ABNF.OPCODE_BINARY | ABNF.OPCODE_CONT:
                self._message += content
                if frame.fin:
                    message, self._message = self._message, b""
                    self._take(message)

    def _take(self, message: bytes) -> None:
        if not message or message[0] not in (DATA, ERROR):
            raise httpcore.ReadError(f"what came is no message of {PROTOCOL}")
        channel, content = message[0], message[1:]
        if channel not in self._began:
            self._began.add(channel)
        elif channel == DATA:
            self._data = content  # of what came before, all is read
        else:
            words = one_line(content.decode(errors="replace"))
            # of no connection the kubelet tells late, when the request is sent: by its words only it is known
            raise (httpcore.ConnectError if "refused" in words.lower() else httpcore.ReadError)(words)


def _accepting(key: str) -> str:
    proof = hashlib.sha1(f"{key}{ACCEPTING}".encode(), usedforsecurity=False).digest()
    return base64.b64encode(proof).decode()
