"""Argo CD's own API, for what it does better than its custom resources: starting a sync.

Through argocd-python-client, generated from Argo CD 2.0: its models are never read, printed or compared, because
they raise on what newer servers send; answers are read as raw JSON (argocd-python-client 1.0.2).
"""

import json
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiops.clients.wording import distrusts, one_line, reason, without
from aiops.errors import (
    AiopsError,
    ApiRefused,
    Conflict,
    Forbidden,
    LoginFailed,
    NotFound,
    Refused,
    Unreachable,
    WrongUse,
)

if TYPE_CHECKING:
    from argocd_python_client.api_client import ApiClient

Json = dict[str, Any]
PRECONDITION = 9
"""gRPC FailedPrecondition, sent as HTTP 400: another operation is already in progress."""


class ArgoCD:
    """The API server at `server` (host:port, without scheme), with a token; `opts` as in ARGOCD_OPTS."""

    def __init__(self, server: str, token: str, opts: str = "", *, timeout_s: float = 10.0) -> None:
        options = _options(opts)
        scheme = "http" if "--plaintext" in options else "https"
        path = options.get("--grpc-web-root-path", "").strip("/")
        self.server = server
        self._url = f"{scheme}://{server}" + (f"/{path}" if path else "")
        self._token, self._insecure, self._timeout_s = token.strip(), "--insecure" in options, timeout_s
        if not (self._token.isascii() and self._token.isprintable()):
            # http.client would raise a ValueError that quotes the whole token
            raise WrongUse("ARGOCD_AUTH_TOKEN holds characters that no HTTP header may hold", "set it anew")

    def version(self) -> str:
        """The server's version, as `v3.5.7`."""
        from argocd_python_client.api.version_service_api import VersionServiceApi

        return str(self._call("read the version", VersionServiceApi, "version_service_version").get("Version", ""))

    def application(self, name: str, project: str, namespace: str) -> Json:
        """One Application; with its project named, an absent one is NotFound instead of a 403.

        The server looks in its own namespace: the library cannot name another.
        """
        from argocd_python_client.api.application_service_api import ApplicationServiceApi

        return self._call(
            f"get application {name}", ApplicationServiceApi, "application_service_get",
            name, project=[project],
        )  # fmt: skip

    def sync(self, name: str, project: str, namespace: str, *, run: str) -> Json:
        """Start a sync. Neither syncOptions nor a retry is sent: the server then takes the application's own."""
        from argocd_python_client.api.application_service_api import ApplicationServiceApi
        from argocd_python_client.model.v1alpha1_info import V1alpha1Info
        from argocd_python_client.models import ApplicationApplicationSyncRequest

        request = ApplicationApplicationSyncRequest(
            infos=[V1alpha1Info(name="aiops-run", value=run)],
            prune=False,
            appNamespace=namespace,
            project=project,
        )
        return self._call(f"sync application {name}", ApplicationServiceApi, "application_service_sync", name, request)

    def _call(
        self, doing: str, api: Callable[["ApiClient"], object], method: str, *words: object, **more: object
    ) -> Json:
        import urllib3
        from argocd_python_client.exceptions import ApiException

        client = self._client()
        try:
            call = getattr(api(client), method)
            answer = call(*words, **more, _preload_content=False, _request_timeout=self._timeout_s)
            return self._json(doing, answer.data)
        except (ApiException, AttributeError, UnicodeDecodeError) as error:
            # the library stumbles over its own exception where that has no body (TLS), or one that is not UTF-8
            refused = error if isinstance(error, ApiException) else error.__context__
            if not isinstance(refused, ApiException):
                raise
            if isinstance(refused.__context__, urllib3.exceptions.SSLError):
                raise self._unanswered(doing, refused.__context__) from error
            raise self._refusal(doing, refused.status, refused.body) from error
        except urllib3.exceptions.HTTPError as error:
            raise self._unanswered(doing, error) from error
        finally:
            client.close()

    def _client(self) -> "ApiClient":
        import urllib3
        from argocd_python_client.api_client import ApiClient
        from argocd_python_client.configuration import Configuration

        configuration = Configuration(host=self._url)
        configuration.retries = False
        configuration.verify_ssl = not self._insecure
        if self._insecure:  # the operator said so: no warning each time
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return ApiClient(configuration, header_name="Authorization", header_value=f"Bearer {self._token}")

    @property
    def _look(self) -> str:
        return f"look whether ARGOCD_SERVER={self.server} and ARGOCD_OPTS are right"

    def _unanswered(self, doing: str, error: Exception) -> Unreachable:
        hint = self._look
        if distrusts(error):
            hint = "where the server's certificate is its own (Argo CD's default): ARGOCD_OPTS=--insecure"
        return Unreachable(f"argocd {self.server}: cannot {doing}: {reason(error)}", hint)

    def _json(self, doing: str, data: bytes) -> Json:
        if (body := _object(data)) is not None:
            return body
        words = f"argocd {self.server}: cannot {doing}: the answer is no JSON object (a login page?)"
        raise Unreachable(words, self._look)

    def _refusal(self, doing: str, status: int, raw: bytes) -> AiopsError:
        body = _object(raw) or {}
        said = one_line(without(self._token, str(body.get("message") or body.get("error") or "")))
        message = f"argocd {self.server}: cannot {doing} ({status})" + (f": {said}" if said else "")
        if "sync window" in said:
            return Refused(message, "wait for the window, or change it in the AppProject")
        match status:
            case 401:
                return LoginFailed(message, "ARGOCD_AUTH_TOKEN is not accepted: make a new one with `argocd account`")
            case 403:
                return Forbidden(message, "the token's account lacks this right in Argo CD's RBAC")
            case 404:
                return NotFound(message, status=status)
            case 400 if body.get("code") == PRECONDITION:
                return Conflict(message, "wait for the running operation", status)
            case 409:
                return Conflict(message, "somebody else changed it meanwhile: look, then try again")
            case _ if (
                status < 400 or status == 429 or status >= 500
            ):  # a redirect is plain HTTP sent to TLS, or a login
                return Unreachable(message, self._look)
        return ApiRefused(message, status=status)


def _object(data: bytes) -> Json | None:
    try:
        body = json.loads(data)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _options(opts: str) -> dict[str, str]:
    """ARGOCD_OPTS as a mapping; WrongUse for what is not supported here."""
    known = {"--plaintext", "--insecure", "--grpc-web", "--grpc-web-root-path"}
    found: dict[str, str] = {}
    try:
        words = iter(shlex.split(opts))
    except ValueError as error:
        raise WrongUse(f"ARGOCD_OPTS cannot be read: {error}", "close the quotes") from error
    for word in words:
        name, equals, value = word.partition("=")
        if name not in known:
            raise WrongUse(f"ARGOCD_OPTS: {name} is not supported", f"supported: {', '.join(sorted(known))}")
        if name == "--grpc-web-root-path" and not equals:
            value = next(words, "")
        if value != "false":
            found[name] = value
    return found


def check_server(server: str) -> str:
    """The server as host:port; WrongUse for a URL, which the argocd CLI does not take either."""
    if "://" in server or urlsplit(f"//{server}").path:
        raise WrongUse(f"ARGOCD_SERVER is `{server}`", "write host:port, without scheme and path")
    return server
