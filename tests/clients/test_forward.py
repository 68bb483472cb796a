"""The connection itself: the handshake, the frames, and every way in which it ends."""

import base64
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest
import urllib3

from aiops.clients.forward import Forward as Backend
from aiops.clients.kube import Kube
from aiops.errors import AiopsError, ApiRefused, Forbidden, Invalid, LoginFailed, NotFound, Unreachable
from tests.clients.conftest import CANARY, Login
from tests.clients.forwards import (
    BINARY,
    NOBODY,
    PING,
    PONG,
    PORT,
    TEXT,
    Cut,
    Forward,
    Pause,
    data,
    error,
    frame,
)
from tests.clients.server import Answer, Reset, Server, Silence, Step
from tests.clients.test_errors import status

ASKED = b"GET / HTTP/1.1\r\n\r\n"
"""For the port."""
Open = Callable[..., httpcore.NetworkStream]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Connect to port 8000 of pod `web` in `serving`; what is sent at once."""
    streams: list[httpcore.NetworkStream] = []

    def connect(kube: Kube, sent: bytes = ASKED, seconds: float = 5.0) -> httpcore.NetworkStream:
        streams.append(Backend(kube, "serving", "web", PORT, time.monotonic() + seconds).connect_tcp("any", 1))
        if sent:
            streams[-1].write(sent)
        return streams[-1]

    yield connect
    for stream in streams:
        stream.close()


def whole(stream: httpcore.NetworkStream) -> bytes:
    return b"".join(iter(lambda: stream.read(1 << 16), b""))


def test_the_handshake_and_what_is_written(kube: Kube, api: Server, opened: Open) -> None:
    forward = Forward(data(b"answer"))
    api.answer(forward)
    assert whole(opened(kube)) == b"answer"
    (seen,) = api.seen
    assert (seen.method, seen.path) == ("GET", "/api/v1/namespaces/serving/pods/web/portforward")
    assert seen.query == {"ports": [str(PORT)]}
    assert seen.headers["Authorization"] == f"Bearer {CANARY}"
    assert seen.headers["Sec-WebSocket-Protocol"] == "v4.channel.k8s.io"
    assert seen.headers["Sec-WebSocket-Version"] == "13"
    assert len(base64.b64decode(seen.headers["Sec-WebSocket-Key"])) == 16
    assert seen.headers["Accept"] == "*/*"  # with JSON alone, KWOK's kubelet answers 406
    assert forward.writes == [ASKED]


def test_nothing_is_sent_for_nothing(kube: Kube, api: Server, opened: Open) -> None:
    forward = Forward(data(b"answer"))
    api.answer(forward)
    stream = opened(kube, b"")
    stream.write(b"")
    stream.write(ASKED)
    assert whole(stream) == b"answer"
    assert forward.writes == [ASKED]


@pytest.mark.parametrize("size", [125, 126, 0xFFFF, 0x10000, 200_000])
def test_frames_of_all_sizes(kube: Kube, api: Server, opened: Open, size: int) -> None:
    forward = Forward(data(b"x" * size), data(b"end"))
    api.answer(forward)
    question = b"y" * size + b"\r\n\r\n"
    assert whole(opened(kube, question)) == b"x" * size + b"end"
    assert forward.request == question


def test_a_message_in_fragments_and_pings_between_them(kube: Kube, api: Server, opened: Open) -> None:
    fragments = [frame(BINARY, b"\0one", fin=False), frame(0, b" two", fin=False), frame(0, b" three")]
    forward = Forward(fragments[0], frame(PING, b"there?"), *fragments[1:], frame(PONG, b"unasked"))
    api.answer(forward)
    stream = opened(kube)
    assert whole(stream) == b"one two three"
    stream.close()
    assert forward.left.wait(5)
    assert forward.control == [(PONG, b"there?")]


def test_no_more_is_read_than_asked_for(kube: Kube, api: Server, opened: Open) -> None:
    api.answer(Forward(data(b"answer")))
    stream = opened(kube)
    assert [stream.read(4), stream.read(4), stream.read(4), stream.read(4)] == [b"answ", b"er", b"", b""]


def test_closing_ends_the_connection(kube: Kube, api: Server, opened: Open) -> None:
    forward = Forward(data(b"answer"))
    api.answer(forward)
    stream = opened(kube)
    stream.read(1)
    stream.close()
    assert forward.left.wait(5)


@pytest.mark.parametrize(
    ("forward", "raised", "words"),
    [
        (Forward(error(NOBODY), waits=False), httpcore.ConnectError, NOBODY),
        (Forward(error("no such\ncontainer")), httpcore.ReadError, "no such container"),
        (Forward(Cut()), httpcore.ReadError, "the connection through the Kubernetes API ended"),
        (Forward(data(b"x")[:-1], Cut()), httpcore.ReadError, "the connection through the Kubernetes API ended"),
        (Forward(frame(BINARY, b"\7what")), httpcore.ReadError, "no message of v4.channel.k8s.io"),
        (Forward(frame(TEXT, b"hello")), httpcore.ReadError, "no message of v4.channel.k8s.io"),
        (Forward(frame(BINARY, b"")), httpcore.ReadError, "no message of v4.channel.k8s.io"),
        (Forward(frame(7, b"")), httpcore.ReadError, "Invalid opcode"),
        (Forward(Pause(9)), httpcore.ReadTimeout, "no answer in time"),
    ],
    ids=["refused", "error", "cut", "cut in a frame", "channel", "text", "empty", "opcode", "silence"],
)
def test_no_answer(
    kube: Kube, api: Server, opened: Open, forward: Forward, raised: type[Exception], words: str
) -> None:
    api.answer(forward)
    stream = opened(kube)
    start = time.monotonic()
    with pytest.raises(raised, match=words):
        stream.read(1, timeout=0.3)
    assert time.monotonic() - start < 2


def test_what_came_before_the_error_is_read_first(kube: Kube, api: Server, opened: Open) -> None:
    api.answer(Forward(data(b"half"), error("connection reset by peer")))
    stream = opened(kube)
    assert stream.read(99) == b"half"
    with pytest.raises(httpcore.ReadError, match="connection reset by peer"):
        stream.read(99)


def test_nothing_lasts_past_the_deadline(kube: Kube, api: Server, opened: Open) -> None:
    """Pings come all the time, so that no single wait is long."""
    api.answer(Forward(*(step for _ in range(100) for step in (frame(PING, b""), Pause(0.05)))))
    stream = opened(kube, seconds=0.4)
    start = time.monotonic()
    with pytest.raises(httpcore.ReadTimeout):
        stream.read(1, timeout=9)
    assert time.monotonic() - start < 1
    with pytest.raises(httpcore.WriteTimeout):
        stream.write(b"more")


def test_a_server_that_takes_nothing(kube: Kube, api: Server, opened: Open) -> None:
    api.answer(Forward(Pause(9), waits=False))
    stream = opened(kube, b"", seconds=20)
    start = time.monotonic()
    with pytest.raises(httpcore.WriteTimeout):
        stream.write(b"x" * (1 << 26), timeout=0.3)
    assert time.monotonic() - start < 9


def test_a_connection_that_is_gone_takes_nothing(kube: Kube, api: Server, opened: Open) -> None:
    api.answer(Forward(Cut(), waits=False))
    stream = opened(kube, b"")
    with pytest.raises(httpcore.WriteError):
        stream.write(b"x" * (1 << 26))


@pytest.mark.parametrize(
    ("step", "raised", "words"),
    [
        (status(401, f"Bearer {CANARY}"), LoginFailed, r"\(401\): Bearer \*\*\*"),
        (status(403, "User cannot"), Forbidden, r"get and create pods/portforward in serving \(403\): User cannot"),
        (status(404, 'pods "web" not found'), NotFound, r'\(404\): pods "web" not found'),
        (status(400, "pod web does not have a host assigned"), Invalid, "does not have a host"),
        (Answer(406, b"406"), ApiRefused, r"\(406\)"),
        (status(500, "error dialing backend"), Unreachable, r"\(500\): error dialing backend"),
        (Answer(502, b"<html>bad gateway</html>"), Unreachable, r"\(502\)"),
        (Answer(302, b"", {"Location": "https://sso.example/"}), Unreachable, r"a redirect \(302\)"),
        (Answer(200, b"<html>sign in</html>"), Unreachable, r"no other protocol \(200\), so this is not a Kubernetes"),
        (Forward(Sec_WebSocket_Protocol="v5.channel.k8s.io"), Unreachable, "no websocket of v4.channel.k8s.io"),
        (Forward(Sec_WebSocket_Accept="yes"), Unreachable, "no websocket of v4.channel.k8s.io"),
        (Reset(), Unreachable, "Connection reset by peer"),
        (Silence(), Unreachable, "no answer in time"),
    ],
    ids=lambda value: str(getattr(value, "status", "")) or None,
)
def test_the_api_says_no(
    kube: Kube, api: Server, opened: Open, step: Step, raised: type[AiopsError], words: str
) -> None:
    api.answer(step)
    start = time.monotonic()
    with pytest.raises(AiopsError, match=words) as caught:
        opened(kube, seconds=0.5)
    assert type(caught.value) is raised
    assert f"kubernetes {api.address}: cannot get and create pods/portforward in serving" in caught.value.message
    assert CANARY not in "".join(traceback.format_exception(caught.value)) + caught.value.hint
    assert time.monotonic() - start < 2
    assert len(api.seen) == 1


def test_the_time_for_the_handshake_is_for_all_of_it(
    kube: Kube, api: Server, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = urllib3.util.connection.create_connection

    def slowly(*words: Any, **more: Any) -> object:
        time.sleep(0.8)
        return connect(*words, **more)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", slowly)
    api.answer(Silence())
    start = time.monotonic()
    with pytest.raises(Unreachable, match="no answer in time"):
        opened(kube, seconds=1.0)
    assert time.monotonic() - start < 1.5


def test_the_name_of_a_pod_is_one_part_of_the_path(kube: Kube, api: Server, opened: Open) -> None:
    api.answer(status(404))
    with pytest.raises(NotFound):
        Backend(kube, "serving", "web/log?x=", PORT, time.monotonic() + 5).connect_tcp("any", 1)
    assert api.seen[0].path == "/api/v1/namespaces/serving/pods/web%2Flog%3Fx%3D/portforward"


def test_nobody_listens_where_the_api_should_be(login: Login, opened: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unreachable, match=f"kubernetes {address}: cannot get .*: Connection refused"):
        opened(login(server=f"http://{address}"))


def test_a_token_that_no_header_can_hold_goes_nowhere(login: Login, api: Server, opened: Open) -> None:
    with pytest.raises(LoginFailed, match="holds characters") as caught:
        opened(login({"token": f"{CANARY}\nmore"}))
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert api.seen == []


def test_tls_with_the_clusters_own_authority(login: Login, tls_api: Server, tmp_path: Path, opened: Open) -> None:
    tls_api.answer(Forward(data(b"x" * 100_000), data(b"end")))
    authority = base64.b64encode((tmp_path / "cert.pem").read_bytes()).decode()
    stream = opened(login(server=tls_api.url, **{"certificate-authority-data": authority}))
    assert whole(stream) == b"x" * 100_000 + b"end"


def test_tls_that_nobody_vouches_for(login: Login, tls_api: Server, opened: Open) -> None:
    with pytest.raises(Unreachable, match=r"TLS: .*self-signed certificate"):
        opened(login(server=tls_api.url))
    assert tls_api.seen == []
