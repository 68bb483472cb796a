"""An HTTP server behind a port of a pod, asked through the Kubernetes API: no environment, redirect or retry."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiops.clients.kube import Kube
from aiops.clients.wording import one_line, without
from aiops.errors import NoAnswer, Refused

if TYPE_CHECKING:
    import httpcore

LONGEST_BODY = 1 << 20
SHORTEST_SECRET = 8
"""Characters of a key that is blotted out of an answer: a shorter one may stand in it by chance."""
EVENTS = "text/event-stream"


@dataclass(frozen=True)
class Reply:
    """A whole answer. Where it quotes the key, `***` stands instead."""

    status: int
    content_type: str
    body: bytes
    retry_after: str
    """The header Retry-After as it was sent; empty where there is none."""
    seconds: float
    """From the request until the last byte."""


class Endpoint:
    """One port of one pod; thread-safe, each request is a connection of its own.

    Errors: NoAnswer says of which kind; what the Kubernetes API says to the way there is Unreachable, LoginFailed,
    Forbidden, NotFound or Invalid; Refused is a key that cannot be sent.
    """

    def __init__(self, kube: Kube, namespace: str, pod: str, port: int) -> None:
        self._kube, self._namespace, self._pod, self._port = kube, namespace, pod, port

    def ask(self, method: str, path: str, body: object = None, *, key: str | None, timeout_s: float) -> Reply:
        """The whole answer, at most 1 MiB, within `timeout_s` from now. `body` is sent as JSON."""
        with self._asked(method, path, body, key, timeout_s) as answer:
            return answer.whole()

    @contextmanager
    def open_stream(self, path: str, body: object, *, key: str | None, timeout_s: float) -> Iterator["Stream"]:
        """POST whose answer is taken as it comes, at most 1 MiB, all of it within `timeout_s` from now."""
        with self._asked("POST", path, body, key, timeout_s) as answer:
            yield Stream(answer)

    @contextmanager
    def _asked(self, method: str, path: str, body: object, key: str | None, timeout_s: float) -> Iterator["_Answer"]:
        import httpcore

        from aiops.clients.forward import Forward

        who = f"pod {self._namespace}/{self._pod}, port {self._port}"
        request = _Request(f"{who}: cannot {method} {path}", self._hint, key, timeout_s)
        content = None if body is None else json.dumps(body).encode()
        headers = _headers(who, key, content)
        forward = Forward(self._kube, self._namespace, self._pod, self._port, time.monotonic() + timeout_s)
        url = f"http://localhost:{self._port}{path}"
        with ExitStack() as stack:
            pool = stack.enter_context(httpcore.ConnectionPool(network_backend=forward))
            with request.telling():
                response = stack.enter_context(pool.stream(method, url, headers=headers, content=content))
            yield _Answer(request, response, forward.opened_at)

    @property
    def _hint(self) -> str:
        return f"look at `kubectl --context {self._kube.context} -n {self._namespace} logs {self._pod}`"


class Stream:
    """An answer that is taken as it comes."""

    def __init__(self, answer: "_Answer") -> None:
        self._answer = answer
        self.reply: Reply | None = None if answer.streams else answer.whole()
        """The whole answer where it is no stream of events: another status than 200, or another Content-Type."""

    def lines(self) -> Iterator[tuple[float, bytes]]:
        """(seconds since the request, line without its end), blank ones too; of a `reply`, the lines of its body.

        NoAnswer, of the kinds `late` and `broken`, where the end does not come.
        """
        if self.reply:
            yield from ((self.reply.seconds, line) for line in self.reply.body.splitlines())
            return
        rest = b""
        for chunk in self._answer.chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            at = self._answer.seconds()
            yield from ((at, self._answer.clean(line.removesuffix(b"\r"))) for line in whole)
        if rest:
            yield self._answer.seconds(), self._answer.clean(rest)


@dataclass(frozen=True, repr=False)
class _Request:
    """What an error says of a request, and the key that it does not say."""

    cannot: str
    hint: str
    key: str | None
    timeout_s: float

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Every failure of the way to the pod and of HTTP, as NoAnswer."""
        import httpcore

        try:
            yield
        except httpcore.TimeoutException:
            raise NoAnswer(f"{self.cannot}: no whole answer in {self.timeout_s:g} s", self.hint, kind="late") from None
        except httpcore.ConnectError as error:
            raise NoAnswer(self._worded(error), self.hint, kind="refused") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise NoAnswer(self._worded(error), self.hint, kind="broken") from None

    def _worded(self, error: Exception) -> str:
        return f"{self.cannot}: {one_line(without(self.key or '', str(error)))}"


class _Answer:
    def __init__(self, request: _Request, response: "httpcore.Response", began: float) -> None:
        self._request, self._response, self._began = request, response, began
        self._headers = {name.lower(): value for name, value in response.headers}

    @property
    def streams(self) -> bool:
        kind = self._header(b"content-type").partition(";")[0].strip().lower()
        return self._response.status == 200 and kind == EVENTS

    def whole(self) -> Reply:
        body = self.clean(b"".join(self.chunks()))
        kind, after = self._header(b"content-type"), self._header(b"retry-after")
        return Reply(self._response.status, kind, body, after, self.seconds())

    def chunks(self) -> Iterator[bytes]:
        size = 0
        with self._request.telling():
            for chunk in self._response.iter_stream():
                size += len(chunk)
                if size > LONGEST_BODY:
                    words = f"{self._request.cannot}: the answer is longer than {LONGEST_BODY} bytes"
                    raise NoAnswer(words, self._request.hint, kind="broken")
                yield chunk

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def clean(self, data: bytes) -> bytes:
        """Without the key, which some servers quote where they do not like it."""
        key = (self._request.key or "").encode()
        return data.replace(key, b"***") if len(key) >= SHORTEST_SECRET else data

    def _header(self, name: bytes) -> str:
        return self.clean(self._headers.get(name, b"")).decode("latin-1")


def _headers(who: str, key: str | None, content: bytes | None) -> Mapping[str | bytes, str | bytes]:
    headers: dict[str | bytes, str | bytes] = {"User-Agent": "aiops", "Accept": "*/*", "Connection": "close"}
    if content is not None:
        headers["Content-Type"] = "application/json"
    if key is not None:
        if not re.fullmatch("[!-~]+", key):
            # h11 would raise an error that quotes the whole key
            words = f"{who}: the key for it is empty, or holds characters that no HTTP header may hold"
            raise Refused(words, "set it anew, without blanks and the end of a line")
        headers["Authorization"] = f"Bearer {key}"
    return headers
