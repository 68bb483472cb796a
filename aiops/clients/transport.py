"""One request to the Kubernetes API and its answer, every failure in aiops' own words.

The transport is the urllib3 pool of the kubernetes library: it knows about certificates, proxies and tokens.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn

from aiops.clients.kubeconfig import overheard, refuse_silence
from aiops.errors import ApiRefused, Conflict, Forbidden, Invalid, LoginFailed, NotFound, Unreachable

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3.response import BaseHTTPResponse

Json = dict[str, Any]
CONNECT_S = 5.0
LONGEST_MESSAGE = 300
RETRY_STATUS = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Request:
    """One request, and what it is for in an operator's words."""

    method: str
    path: str
    doing: str
    """As `list applications.argoproj.io in argocd`; named in every error."""
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    content_type: str = "application/json"
    accept: str = "application/json"


class Retryable(Unreachable):
    """Nobody answered, or an answer that another try may change."""

    def __init__(self, message: str, hint: str = "", *, after_s: float | None = None, sent: bool = True) -> None:
        super().__init__(message, hint)
        self.after_s = after_s
        """What Retry-After asks for, in seconds."""
        self.sent = sent
        """The request may have reached the server: False only where no connection came about."""


class Transport:
    """Sends requests; thread-safe."""

    def __init__(self, client: "ApiClient", context: str) -> None:
        self._client, self._context = client, context
        self.server: str = client.configuration.host.removeprefix("https://").removeprefix("http://")
        self._clock: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """The time by the cluster's clock; before any answer, this machine's."""
        if self._clock is None:
            return datetime.now(UTC)
        at, then = self._clock
        return at + timedelta(seconds=time.monotonic() - then)

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

    def lines(self, request: Request, read_timeout_s: float) -> Iterator[bytes]:
        """Send the request; the answer's lines as they come. Unreachable where it breaks off in the middle."""
        response = self._open(request, read_timeout_s, stream=True)
        return self._lines(request, response)

    def _lines(self, request: Request, response: "BaseHTTPResponse") -> Iterator[bytes]:
        import urllib3

        rest = b""
        try:
            for chunk in response.stream(amt=None):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from (line for line in whole if line.strip())
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"{self._who(request)}: {_reason(error)}", self._look) from error
        finally:
            response.close()

    def _open(self, request: Request, timeout_s: float, *, stream: bool) -> "BaseHTTPResponse":
        import urllib3

        headers = {"Accept": request.accept, "Content-Type": request.content_type, "User-Agent": "aiops"}
        with overheard() as words:
            self._client.update_params_for_auth(headers, [], ["BearerToken"], request.path, request.method, None)
        refuse_silence(words, self._context)
        try:
            response = self._client.rest_client.pool_manager.request(
                request.method,
                self._client.configuration.host + request.path,
                fields=None,
                headers=headers,
                body=None if request.body is None else json.dumps(request.body).encode(),
                preload_content=not stream,
                timeout=urllib3.Timeout(connect=min(CONNECT_S, timeout_s), read=timeout_s),
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._unanswered(request, error) from error
        if "Date" in response.headers:
            self._clock = (parsedate_to_datetime(response.headers["Date"]), time.monotonic())
        if response.status >= 300:
            self._refused(request, response)
        return response

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

        if isinstance(error, urllib3.exceptions.SSLError):
            return Unreachable(
                f"{self._who(request)}: TLS: {_reason(error)}",
                "the kubeconfig's certificate-authority is not the one that signed this server's certificate",
            )
        sent = not isinstance(error, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)
        return Retryable(f"{self._who(request)}: {_reason(error)}", self._look, sent=sent)

    def _refused(self, request: Request, response: "BaseHTTPResponse") -> NoReturn:
        status, body = _status_of(response)
        said = _one_line(body.get("message") or response.reason or "")
        who = f"{self._who(request)} ({status}): {said}"
        match status:
            case 401:
                raise LoginFailed(who, f"log in again: context {self._context} is not accepted by the server")
            case 403:
                raise Forbidden(who, f"ask for the right to {request.doing}")
            case 404:
                raise NotFound(who, status=status)
            case 409:
                causes = (body.get("details") or {}).get("causes") or ()
                pairs = tuple((each.get("field", ""), _one_line(each.get("message", ""))) for each in causes)
                raise Conflict(who, "somebody else changed it meanwhile: look, then try again", causes=pairs)
            case 400 | 422:
                raise Invalid(who, "the API server does not accept it as it is", status=status)
            case _ if status in RETRY_STATUS:
                after = response.headers.get("Retry-After", "")
                raise Retryable(who, self._look, after_s=float(after) if after.isdigit() else None)
            case _ if 300 <= status < 400:
                raise self._no_api(request, f"a redirect ({status})")
        raise ApiRefused(who, status=status)


def _status_of(response: "BaseHTTPResponse") -> tuple[int, Json]:
    """The HTTP status and the Status object, if there is one; other bodies (HTML of a proxy) are left out."""
    try:
        body = json.loads(response.data if response.data else response.read())
    except (ValueError, OSError):
        body = {}
    return response.status, body if isinstance(body, dict) and body.get("kind") == "Status" else {}


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 3]}..."


def _reason(error: Exception) -> str:
    """The innermost words of a urllib3 error: `Connection refused`, not three layers of wrapping."""
    import urllib3

    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return "no answer in time"
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError):
        return "no connection in time"
    innermost: BaseException = error
    while (deeper := innermost.__cause__ or getattr(innermost, "reason", None)) and isinstance(deeper, BaseException):
        innermost = deeper
    if isinstance(innermost, OSError) and innermost.strerror:
        return innermost.strerror
    return _one_line(str(innermost)) or type(innermost).__name__
