"""One request to the Kubernetes API and its answer, every failure in aiops' own words.

The transport is the urllib3 pool of the kubernetes library: it knows about certificates, proxies and tokens.
"""

import contextlib
import json
import threading
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn

from aiops import clock
from aiops.clients.kubeconfig import overheard, refuse_silence
from aiops.clients.wording import distrusts, masked, one_line, reason, without
from aiops.errors import ApiRefused, Conflict, Forbidden, Invalid, LoginFailed, NotFound, Unreachable

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3.response import BaseHTTPResponse

Json = dict[str, Any]
CONNECT_S = 5.0
LONGEST_TEXT = 1 << 16
"""Bytes that are kept of an answer in plain text: its last ones."""
SWITCHING_PROTOCOLS = 101
RETRY_STATUS = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Request:
    """One request, and what it is for in an operator's words."""

    method: str
    path: str
    doing: str
    """As `list applications.argoproj.io in argocd`; named in every error."""
    body: object = None
    content_type: str = "application/json"
    accept: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further ones."""


class Retryable(Unreachable):
    """Nobody answered, or an answer that another try may change."""

    def __init__(
        self, message: str, hint: str = "", *, after_s: float | None = None, turned_away: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.after_s = after_s
        """What Retry-After asks for, in seconds."""
        self.turned_away = turned_away
        """The server cannot have acted on it: no connection came about, or it was one too many (429)."""


class Transport:
    """Sends requests; thread-safe."""

    def __init__(self, client: "ApiClient", context: str, login_s: float) -> None:
        self._client, self._context, self._login_s = client, context, login_s
        self.server: str = masked(client.configuration.host).removeprefix("https://").removeprefix("http://")
        self._clock: tuple[datetime, float] | None = None
        self._login = threading.Lock()

    def now(self) -> datetime:
        """The time by the cluster's clock; before any answer, this machine's."""
        if self._clock is None:
            return clock.now()
        at, then = self._clock
        return at + timedelta(seconds=clock.monotonic() - then)

    def log_in(self) -> None:
        """Renew a credential that has expired; LoginFailed where that gives none."""
        self._headers(Request("GET", "/", "log in"))

    def json(self, request: Request, timeout_s: float) -> Json:
        """The answer as an object."""
        response = self._open(request, timeout_s, stream=False)
        try:
            body = json.loads(response.data)
        except ValueError as error:
            raise self._no_api(request, "not JSON") from error
        if not isinstance(body, dict):
            raise self._no_api(request, f"a JSON {type(body).__name__}")
        return body

    def text(self, request: Request, timeout_s: float) -> str:
        """The answer as text, its last `LONGEST_TEXT` bytes."""
        end = b""
        for chunk in self._chunks(request, self._open(request, timeout_s, stream=True), LONGEST_TEXT):
            end = (end + chunk)[-LONGEST_TEXT:]
        return end.decode(errors="replace")

    def upgrade(self, request: Request, timeout_s: float) -> "BaseHTTPResponse":
        """Ask for another protocol; the answer's connection then is the caller's, to speak on and to close."""
        response = self._open(request, timeout_s, stream=True, total_s=timeout_s)
        if response.status != SWITCHING_PROTOCOLS:
            response.close()
            raise self._no_api(request, f"no other protocol ({response.status})")
        return response

    def lines(self, request: Request, read_timeout_s: float) -> Generator[bytes, None, None]:
        """Send the request; the answer's lines as they come. Unreachable where it breaks off in the middle."""
        return self._lines(self._chunks(request, self._open(request, read_timeout_s, stream=True)))

    def _lines(self, chunks: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
        rest = b""
        with contextlib.closing(chunks):
            for chunk in chunks:
                *whole, rest = (rest + chunk).split(b"\n")
                yield from (line for line in whole if line.strip())

    def _chunks(
        self, request: Request, response: "BaseHTTPResponse", most: int | None = None
    ) -> Generator[bytes, None, None]:
        import urllib3

        try:
            yield from response.stream(amt=most)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"{self._who(request)}: {reason(error)}", self._look) from error
        finally:
            response.close()

    def _open(
        self, request: Request, timeout_s: float, *, stream: bool, total_s: float | None = None
    ) -> "BaseHTTPResponse":
        import urllib3

        headers = self._headers(request)
        try:
            response: BaseHTTPResponse = self._client.rest_client.pool_manager.request(
                request.method,
                self._client.configuration.host + request.path,
                fields=None,
                headers=headers,
                body=None if request.body is None else json.dumps(request.body).encode(),
                preload_content=not stream,
                timeout=urllib3.Timeout(total=total_s, connect=min(CONNECT_S, timeout_s), read=timeout_s),
                retries=False,  # neither a second try nor a redirect: both are judged here
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._unanswered(request, error) from error
        self._read_clock(response)
        if response.status >= 300:
            self._refused(request, response)
        return response

    def _headers(self, request: Request) -> dict[str, str]:
        """The request's headers with a credential that is still good."""
        headers = {"Accept": request.accept, "Content-Type": request.content_type, "User-Agent": "aiops"}
        headers.update(request.headers)
        with self._logging_in(), overheard() as words:
            self._client.update_params_for_auth(headers, [], ["BearerToken"], request.path, request.method, None)
        refuse_silence(words, self._context)
        headers = {name: value.strip() for name, value in headers.items()}
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            # http.client would raise a ValueError that quotes the whole token
            raise LoginFailed(
                f"context {self._context}: its token holds characters that no HTTP header may hold",
                "look at the kubeconfig's token or token file",
            )
        return headers

    @contextlib.contextmanager
    def _logging_in(self) -> Iterator[None]:
        """One thread at a time: it may run the login program, which may ask the operator something."""
        from kubernetes.config import ConfigException

        if not self._login.acquire(timeout=self._login_s):
            raise LoginFailed(
                f"context {self._context}: the login program of the kubeconfig does not answer in {self._login_s:g} s",
                "log in with it by hand (kubectl uses the same program), then run this again",
            )
        try:
            yield
        except (OSError, ConfigException) as error:
            raise LoginFailed(
                f"context {self._context}: its credential cannot be read: {one_line(str(error))}",
                "look at the kubeconfig's token file (in a pod: the service account's)",
            ) from error
        finally:
            self._login.release()

    def _read_clock(self, response: "BaseHTTPResponse") -> None:
        with contextlib.suppress(ValueError):  # no Date, or one that is none
            at = parsedate_to_datetime(response.headers.get("Date", ""))
            self._clock = (at.replace(tzinfo=at.tzinfo or UTC), clock.monotonic())

    @property
    def _look(self) -> str:
        return f"look whether `kubectl --context {self._context} version` gets an answer"

    def _who(self, request: Request) -> str:
        return f"kubernetes {self.server}: cannot {request.doing}"

    def _no_api(self, request: Request, what: str) -> Unreachable:
        return Unreachable(
            f"{self._who(request)}: the answer is {what}, so this is not a Kubernetes API (a proxy or login page?)",
            self._look,
        )

    def _unanswered(self, request: Request, error: Exception) -> Unreachable:
        import urllib3

        if not isinstance(error, urllib3.exceptions.SSLError):
            turned_away = isinstance(error, urllib3.exceptions.ConnectTimeoutError)  # NewConnectionError is one
            return Retryable(f"{self._who(request)}: {reason(error)}", self._look, turned_away=turned_away)
        hint = self._look
        if distrusts(error):
            hint = "the kubeconfig's certificate-authority or server name does not fit this server's certificate"
        return Unreachable(f"{self._who(request)}: TLS: {reason(error)}", hint)

    def _refused(self, request: Request, response: "BaseHTTPResponse") -> NoReturn:
        status, body = response.status, _status_of(response)
        token = self._client.configuration.api_key.get("BearerToken") or ""
        said = one_line(without(token, body.get("message") or response.reason or ""))
        who = f"{self._who(request)} ({status}): {said}"
        match status:
            case 401:
                raise LoginFailed(who, f"log in again: context {self._context} is not accepted by the server")
            case 403:
                raise Forbidden(who, f"ask for the right to {request.doing}", right=request.doing)
            case 404:
                raise NotFound(who, status=status)
            case 409:
                causes = (body.get("details") or {}).get("causes") or ()
                pairs = tuple((each.get("field", ""), one_line(each.get("message", ""))) for each in causes)
                raise Conflict(who, "somebody else changed it meanwhile: look, then try again", causes=pairs)
            case 400 | 422:
                raise Invalid(who, "the API server does not accept it as it is", status=status)
            case _ if status in RETRY_STATUS:
                after = response.headers.get("Retry-After", "")
                after_s = float(after) if after.isdigit() else None
                raise Retryable(who, self._look, after_s=after_s, turned_away=status == 429)
            case _ if 300 <= status < 400:
                raise self._no_api(request, f"a redirect ({status})")
        raise ApiRefused(who, status=status)


def _status_of(response: "BaseHTTPResponse") -> Json:
    """The Status object that says why; empty for other bodies (HTML of a proxy) and for broken ones."""
    import urllib3

    try:
        body = json.loads(response.data)
    except (ValueError, urllib3.exceptions.HTTPError):
        return {}
    return body if isinstance(body, dict) and body.get("kind") == "Status" else {}
