"""Questions to a server in a pod: the whole answer, the stream, and what no answer means."""

import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator

import pytest

from aiops.clients.endpoint import LONGEST_BODY, Endpoint, Reply
from aiops.clients.kube import Kube
from aiops.errors import AiopsError, Forbidden, LoginFailed, NoAnswer, NotFound, Refused, Unreachable
from tests.clients.conftest import CANARY
from tests.clients.forwards import NOBODY, PORT, Cut, Forward, Pause, chunk, data, error, events, http
from tests.clients.server import Server, Silence, Step
from tests.clients.test_errors import status

KEY = "sk-canary-77aa"
"""The key of the server in the pod, which must never be seen either."""
CHAT = "/v1/chat/completions"


@pytest.fixture
def endpoint(kube: Kube) -> Endpoint:
    return Endpoint(kube, "serving", "web", PORT)


def asked(endpoint: Endpoint, timeout_s: float = 5.0, key: str | None = KEY) -> Reply:
    return endpoint.ask("POST", CHAT, {"model": "m"}, key=key, timeout_s=timeout_s)


def streamed(endpoint: Endpoint, timeout_s: float = 5.0, key: str | None = KEY) -> list[tuple[float, bytes]]:
    with endpoint.open_stream(CHAT, {"model": "m"}, key=key, timeout_s=timeout_s) as stream:
        return list(stream.lines())


both = pytest.mark.parametrize("ask", [asked, streamed])
Ask = Callable[..., object]


def said(failure: BaseException) -> str:
    """Everything that anybody may get to see of it."""
    hint = failure.hint if isinstance(failure, AiopsError) else ""
    return f"{failure!r} {hint} {''.join(traceback.format_exception(failure))}"


def request(forward: Forward) -> tuple[str, set[str], bytes]:
    """The request line, the header lines and the body that came for the pod."""
    head, _, body = forward.request.partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    return first, set(headers), body


def test_a_question_and_its_answer(endpoint: Endpoint, api: Server) -> None:
    forward = Forward(data(http(200, {"id": "1"}, Content_Type="application/json; charset=utf-8")))
    api.answer(forward)
    reply = asked(endpoint)
    assert (reply.status, reply.content_type) == (200, "application/json; charset=utf-8")
    assert (reply.body, reply.retry_after) == (b'{"id": "1"}', "")
    assert 0 < reply.seconds < 5
    assert api.seen[0].path == "/api/v1/namespaces/serving/pods/web/portforward"
    assert request(forward) == (
        f"POST {CHAT} HTTP/1.1",
        {
            f"Authorization: Bearer {KEY}",
            "Host: localhost:8000",
            "User-Agent: aiops",
            "Accept: */*",
            "Connection: close",
            "Content-Type: application/json",
            "Content-Length: 14",
        },
        b'{"model": "m"}',
    )
    assert forward.left.wait(5)


def test_a_question_without_a_key_and_a_body(endpoint: Endpoint, api: Server) -> None:
    forward = Forward(data(http(200)))
    api.answer(forward)
    endpoint.ask("GET", "/v1/models?a=b", key=None, timeout_s=5)
    line, headers, body = request(forward)
    assert (line, body) == ("GET /v1/models?a=b HTTP/1.1", b"")
    assert headers == {"Host: localhost:8000", "User-Agent: aiops", "Accept: */*", "Connection: close"}


@pytest.mark.parametrize(
    "answer",
    [
        http(401, {"error": "Unauthorized"}),
        http(429, {}, Retry_After="7"),
        http(307, b"", Location="http://127.0.0.1:1/"),
        http(502, b"<html>bad gateway</html>", Content_Type="text/html"),
        http(503, b"no healthy upstream", Content_Type="text/plain"),
        http(200, b""),
    ],
    ids=lambda answer: answer.split()[1].decode(),
)
def test_every_status_is_an_answer(endpoint: Endpoint, api: Server, answer: bytes) -> None:
    api.answer(Forward(data(answer)))
    reply = asked(endpoint)
    assert str(reply.status).encode() == answer.split()[1]
    assert answer.endswith(b"\r\n\r\n" + reply.body)
    assert f"Content-Type: {reply.content_type}".encode() in answer
    assert reply.retry_after == ("7" if reply.status == 429 else "")
    assert len(api.seen) == 1


def test_an_answer_in_many_pieces(endpoint: Endpoint, api: Server) -> None:
    answer = http(200, b"x" * 5000)
    api.answer(Forward(*(data(answer[at : at + 1]) for at in range(len(answer)))))
    assert asked(endpoint).body == b"x" * 5000


def test_an_answer_that_ends_with_the_connection(endpoint: Endpoint, api: Server) -> None:
    api.answer(Forward(data(b"HTTP/1.0 200 OK\r\n\r\nwhole")))
    assert asked(endpoint).body == b"whole"


def test_the_longest_answer(endpoint: Endpoint, api: Server) -> None:
    body = b"x" * LONGEST_BODY
    api.answer(Forward(data(http(200, body))))
    assert asked(endpoint).body == body


@both
@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
def test_one_that_is_too_long(endpoint: Endpoint, api: Server, ask: Ask, kind: str) -> None:
    api.answer(Forward(data(http(200, b"x" * (LONGEST_BODY + 1), Content_Type=kind))))
    with pytest.raises(NoAnswer, match="longer than 1048576 bytes") as caught:
        ask(endpoint)
    assert caught.value.kind == "broken"


BEGUN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: 1\n"
DRIP = [step for _ in range(100) for step in (data(b"."), Pause(0.05))]


@both
@pytest.mark.parametrize(
    ("forward", "kind", "words"),
    [
        (lambda: Forward(error(NOBODY), waits=False), "refused", NOBODY),
        (lambda: Forward(error("the container is not running")), "broken", "the container is not running"),
        (lambda: Forward(), "broken", "Server disconnected without sending a response"),
        (lambda: Forward(Cut()), "broken", "the connection through the Kubernetes API ended"),
        (lambda: Forward(data(BEGUN)), "broken", "peer closed connection without sending complete message body"),
        (lambda: Forward(data(BEGUN), Cut()), "broken", "the connection through the Kubernetes API ended"),
        (lambda: Forward(data(BEGUN), error("connection reset by peer")), "broken", "connection reset by peer"),
        (lambda: Forward(data(b"SSH-2.0-OpenSSH\r\n\r\n")), "broken", "SSH-2.0"),
        (lambda: Forward(data(f"HTTP/1.1 {KEY} {KEY}\r\n\r\n".encode())), "broken", r"\*\*\* \*\*\*"),
        (lambda: Forward(Pause(9)), "late", "no whole answer in 0.5 s"),
        (lambda: Forward(data(BEGUN), *DRIP), "late", "no whole answer in 0.5 s"),
    ],
    ids=["refused", "error", "closed", "cut", "short", "begun, cut", "begun, error", "SSH", "key", "silence", "drip"],
)
def test_no_answer_is_of_three_kinds(
    endpoint: Endpoint, api: Server, ask: Ask, forward: Callable[[], Forward], kind: str, words: str
) -> None:
    api.answer(forward())
    start = time.monotonic()
    with pytest.raises(NoAnswer, match=words) as caught:
        ask(endpoint, 0.5)
    assert caught.value.kind == kind
    assert caught.value.message.startswith(f"pod serving/web, port 8000: cannot POST {CHAT}: ")
    assert "kubectl --context here -n serving logs web" in caught.value.hint
    assert KEY not in said(caught.value)
    assert CANARY not in said(caught.value)
    assert time.monotonic() - start < 2
    assert len(api.seen) == 1


@both
@pytest.mark.parametrize(
    ("step", "raised"),
    [
        (status(401, f"Bearer {CANARY}"), LoginFailed),
        (status(403), Forbidden),
        (status(404), NotFound),
        (status(500), Unreachable),
        (Silence(), Unreachable),
    ],
    ids=["401", "403", "404", "500", "silence"],
)
def test_what_the_api_says_is_no_answer_of_the_pod(
    endpoint: Endpoint, api: Server, ask: Ask, step: Step, raised: type[AiopsError]
) -> None:
    api.answer(step)
    with pytest.raises(AiopsError, match="cannot get and create pods/portforward in serving") as caught:
        ask(endpoint, 0.5)
    assert type(caught.value) is raised
    assert KEY not in said(caught.value)
    assert CANARY not in said(caught.value)


@both
@pytest.mark.parametrize("odd", ["", "\n", " ", "\x00", "é", "\r\nX: y"])
def test_a_key_that_no_header_can_hold_goes_nowhere(endpoint: Endpoint, api: Server, ask: Ask, odd: str) -> None:
    with pytest.raises(Refused, match="pod serving/web, port 8000: the key for it is empty, or holds") as caught:
        ask(endpoint, key=odd and KEY + odd)
    assert KEY not in said(caught.value)
    assert api.seen == []


def test_an_answer_that_quotes_the_key(endpoint: Endpoint, api: Server) -> None:
    answer = http(401, {"error": f"{KEY} is wrong"}, Content_Type=f"text/{KEY}", Retry_After=KEY)
    api.answer(Forward(data(answer)))
    reply = asked(endpoint)
    assert reply.body == b'{"error": "*** is wrong"}'
    assert KEY not in repr(reply)


def test_a_key_so_short_that_it_stands_there_by_chance(endpoint: Endpoint, api: Server) -> None:
    api.answer(Forward(data(http(200, {"model": "qwen"}))))
    assert asked(endpoint, key="qwen").body == b'{"model": "qwen"}'


def test_no_proxy_of_the_environment_stands_between(
    endpoint: Endpoint, api: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    api.answer(Forward(data(http(200))))
    assert asked(endpoint).status == 200


def test_a_stream_comes_line_by_line(endpoint: Endpoint, api: Server) -> None:
    first, second = b"data: {}\n\nda", b"ta: [DO"
    api.answer(
        Forward(
            data(events() + chunk(first)),
            Pause(0.2),
            data(chunk(second)),
            data(chunk(b"NE]\r\n: end") + chunk(b"")),
        )
    )
    with endpoint.open_stream(CHAT, {"model": "m"}, key=KEY, timeout_s=5) as stream:
        assert stream.reply is None
        lines = list(stream.lines())
    assert [line for _, line in lines] == [b"data: {}", b"", b"data: [DONE]", b": end"]
    times = [at for at, _ in lines]
    assert times == sorted(times)
    assert times[1] < 0.2 <= times[2]


def test_a_line_is_there_before_the_next_one_comes(endpoint: Endpoint, api: Server) -> None:
    api.answer(Forward(data(events() + chunk(b"data: 1\n")), Pause(9)))
    with endpoint.open_stream(CHAT, {}, key=None, timeout_s=5) as stream:
        at, line = next(iter(stream.lines()))
    assert line == b"data: 1"
    assert at < 5


@pytest.mark.parametrize(
    ("ending", "kind"),
    [([], "broken"), ([Cut()], "broken"), ([error("reset")], "broken"), ([Pause(9)], "late"), (DRIP, "late")],
    ids=["closed", "cut", "error", "silence", "drip"],
)
def test_a_stream_that_breaks_gave_its_lines_before(
    endpoint: Endpoint, api: Server, ending: list[bytes | Pause | Cut], kind: str
) -> None:
    api.answer(Forward(data(events() + chunk(b"data: 1\ndata: 2\n") + b"999\r\n"), *ending))
    came = []
    with endpoint.open_stream(CHAT, {}, key=KEY, timeout_s=0.5) as stream:
        lines = stream.lines()
        came += [next(lines)[1], next(lines)[1]]
        with pytest.raises(NoAnswer) as caught:
            next(lines)
    assert came == [b"data: 1", b"data: 2"]
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(200, b"one\ntwo"), 200),
        (http(401, b"one\ntwo", Content_Type="text/event-stream"), 401),
        (events(200, "text/html") + chunk(b"one\n") + chunk(b"two") + chunk(b""), 200),
    ],
    ids=["JSON", "401", "HTML"],
)
def test_a_stream_that_is_none_is_a_reply(endpoint: Endpoint, api: Server, answer: bytes, code: int) -> None:
    api.answer(Forward(data(answer)))
    with endpoint.open_stream(CHAT, {}, key=KEY, timeout_s=5) as stream:
        assert stream.reply is not None
        assert (stream.reply.status, stream.reply.body) == (code, b"one\ntwo")
        assert list(stream.lines()) == [(stream.reply.seconds, b"one"), (stream.reply.seconds, b"two")]


def test_a_stream_that_quotes_the_key(endpoint: Endpoint, api: Server) -> None:
    api.answer(Forward(data(events() + chunk(f"data: {KEY}\n{KEY}".encode()) + chunk(b""))))
    assert [line for _, line in streamed(endpoint)] == [b"data: ***", b"***"]


def test_a_stream_that_is_left_ends_the_connection(endpoint: Endpoint, api: Server) -> None:
    forward = Forward(data(events() + chunk(b"data: 1\n")), Pause(0.2))
    api.answer(forward)

    def leave() -> Iterator[bytes]:
        with endpoint.open_stream(CHAT, {}, key=None, timeout_s=5) as stream:
            yield from (line for _, line in stream.lines())

    lines = leave()
    next(lines)
    lines.close()  # type: ignore[attr-defined]
    assert forward.left.wait(5)


def test_two_questions_at_once_are_two_connections(endpoint: Endpoint, api: Server) -> None:
    api.answer(Forward(data(events() + chunk(b"one\n")), Pause(0.2), data(chunk(b"two\n") + chunk(b""))))
    api.answer(Forward(data(http(200, b"quick"))))
    with endpoint.open_stream(CHAT, {}, key=None, timeout_s=5) as stream:
        lines = stream.lines()
        assert next(lines)[1] == b"one"
        assert asked(endpoint).body == b"quick"
        assert next(lines)[1] == b"two"


def test_http_is_loaded_with_the_first_question_only() -> None:
    code = (
        "import sys, aiops.clients.endpoint; print({'httpcore', 'httpx', 'websocket', 'kubernetes'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
