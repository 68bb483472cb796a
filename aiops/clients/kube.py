"""The Kubernetes API: raw JSON in, raw JSON out."""

import base64
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiops import clock
from aiops.clients.kinds import (
    APISERVICES,
    APPLICATION,
    APPLICATIONSET,
    APPPROJECT,
    AUTOSCALERS,
    CLAIMS,
    CONFIGMAPS,
    DAEMONSETS,
    DEPLOYMENTS,
    ENDPOINTSLICES,
    EVENTS,
    JOBS,
    MUTATING,
    NAMESPACES,
    NETWORKPOLICIES,
    NODES,
    PODS,
    REPLICASETS,
    SECRETS,
    SERVICES,
    STORAGECLASSES,
    VALIDATING,
    Kind,
    Kinds,
    parse_discovery,
)
from aiops.clients.kubeconfig import load
from aiops.clients.login import Patience
from aiops.clients.patience import patiently
from aiops.clients.transport import Json, Request, Retryable, Transport
from aiops.clients.wording import masked
from aiops.errors import ApiRefused, NotFound, Refused, Unreachable, WrongUse

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

__all__ = [
    "APISERVICES",
    "APPLICATION",
    "APPLICATIONSET",
    "APPPROJECT",
    "AUTOSCALERS",
    "CLAIMS",
    "CONFIGMAPS",
    "DAEMONSETS",
    "DEPLOYMENTS",
    "DISCOVERY",
    "ENDPOINTSLICES",
    "EVENTS",
    "JOBS",
    "METADATA",
    "MUTATING",
    "NAMESPACES",
    "NETWORKPOLICIES",
    "NODES",
    "PODS",
    "REPLICASETS",
    "SECRETS",
    "SERVICES",
    "STORAGECLASSES",
    "VALIDATING",
    "Kind",
    "Kinds",
    "Kube",
    "Listing",
    "connect",
]  # fmt: skip

FIELD_MANAGER = "aiops"
WATCH_SLACK_S = 5.0
"""How long after its end a watch may stay silent before the connection counts as dead."""
PAGE = 500
"""Objects asked for at once, kubectl's own chunk size."""
METADATA = "application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadataList"
DISCOVERY = ("/api", "/apis")
"""Its parts: the core group, and all others."""
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


@dataclass(frozen=True)
class Listing:
    """All objects of a kind, and the moment they were so."""

    items: tuple[Json, ...]
    resource_version: str


def connect(context: str | None, kubeconfig: str | None, *, timeout_s: float, login: Patience) -> "Kube":
    """The API of a context (None: the current one). `timeout_s` bounds each call, retries of reads included, and
    `login` the kubeconfig's login program.

    From then on this process measures time as that cluster does.
    """
    name, configuration, pace = load(context, kubeconfig, login)
    clock.follow(pace or clock.OURS)
    from kubernetes.client import ApiClient

    configuration.connection_pool_maxsize = 16
    try:
        client = ApiClient(configuration)
    except ImportError as error:  # urllib3 needs PySocks for a SOCKS proxy
        who = f"context {name}: proxy-url {masked(configuration.proxy or '')}"
        raise WrongUse(f"{who}: {error}", "pip install pysocks") from error
    return Kube(Transport(client, name, login.limit_s), name, timeout_s)


class Kube:
    """One cluster. Thread-safe. Errors: Unreachable, LoginFailed, Forbidden, NotFound, Conflict, Invalid."""

    def __init__(self, transport: Transport, context: str, timeout_s: float) -> None:
        self._transport, self._timeout_s = transport, timeout_s
        self.context = context
        self.server = transport.server

    def now(self) -> datetime:
        """The time by the cluster's clock (the Date of its latest answer), aware, UTC."""
        return self._transport.now()

    def log_in(self) -> None:
        """Renew a credential that has expired, so that no read waits for that; LoginFailed where there is none."""
        self._transport.log_in()

    def raw(self, path: str, accept: str = "application/json") -> Json:
        """GET of a path."""
        return self._read(Request("GET", path, f"read {path}", accept=accept))

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Json:
        """One object."""
        path = kind.path(namespace, name)
        return self._read(Request("GET", path, f"get {_what(kind, name, namespace)}"))

    def text(self, path: str, doing: str) -> str:
        """GET of a path that answers in plain text: its last 64 KiB. `doing` as in `get pods/log web in serving`."""
        return patiently(partial(self._transport.text, Request("GET", path, doing, accept="*/*")), self._timeout_s)

    def log(self, namespace: str, pod: str, container: str, *, lines: int, previous: bool) -> str:
        """The end of a container's log, at most `lines` and 64 KiB; of the container before it with `previous`.

        Invalid where there is none (yet).
        """
        query = {"container": container, "tailLines": str(lines), "previous": str(previous).lower()}
        path = f"{PODS.path(namespace, pod)}/log?{urlencode(query)}"
        return self.text(path, f"get pods/log {pod} in {namespace}")

    def secret(self, namespace: str, name: str, key: str) -> str:
        """One value of a Secret, decoded and otherwise as it is. NotFound where there is no such Secret or key."""
        data = self.get(SECRETS, name, namespace).get("data") or {}
        who = f"kubernetes {self.server}: Secret {namespace}/{name}"
        if key not in data:
            hint = f"its keys are {', '.join(sorted(data))}" if data else "it has no keys at all"
            raise NotFound(f"{who} has no key `{key}`", hint, status=404)
        try:
            return base64.b64decode(data[key]).decode()
        except ValueError:
            raise Refused(f"{who}: the value of `{key}` is no text", "set it anew") from None

    def may(self, verb: str, resource: str, namespace: str) -> bool:
        """Whether the API server lets this user do it; `resource` as `pods/portforward`, of the core group."""
        name, _, subresource = resource.partition("/")
        wanted = {"verb": verb, "resource": name, "subresource": subresource, "namespace": namespace}
        body = {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": wanted},
        }  # fmt: skip
        doing = "ask what this user may do"
        answer = self._read(Request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", doing, body))
        return bool((answer.get("status") or {}).get("allowed"))

    def user(self) -> str:
        """Who the API server takes this context for."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        answer = self._read(Request("POST", path, "create selfsubjectreviews.authentication.k8s.io", body))
        name = ((answer.get("status") or {}).get("userInfo") or {}).get("username")
        if not name:
            raise Unreachable(
                f"kubernetes {self.server}: the answer does not say who this user is", "is it a Kubernetes?"
            )
        return str(name)

    def upgrade(self, path: str, doing: str, headers: Mapping[str, str], timeout_s: float) -> "BaseHTTPResponse":
        """GET that asks for another protocol, once; the answer's connection is the caller's to use and to close."""
        request = Request("GET", path, doing, accept="*/*", headers=headers)  # a kubelet may have no JSON (406)
        try:
            return self._transport.upgrade(request, timeout_s)
        except Retryable as error:
            raise Unreachable(error.message, error.hint) from error

    def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        labels: str = "",
        fields: str = "",
        keep: Callable[[Json], Json] | None = None,
        accept: str = "application/json",
    ) -> Listing:
        """All objects of a kind as they are now, in a namespace or everywhere; `fields` as `spec.nodeName=gpu-0`.

        `keep` makes of each object what is worth its memory, page by page; `accept` METADATA asks for metadata alone.
        """
        selectors = {"labelSelector": labels, "fieldSelector": fields}
        query = {name: value for name, value in selectors.items() if value}
        page = partial(self._list_page, kind, namespace, accept)
        try:
            return self._list_pages(kind, page, query | {"limit": str(PAGE)}, keep)
        except ApiRefused as error:
            if error.status != 410:
                raise
            # the pages' moment has passed: all in one, as kubectl does
            return self._list_pages(kind, page, query, keep)

    def _list_pages(
        self,
        kind: Kind,
        read: Callable[[Mapping[str, str]], Json],
        query: Mapping[str, str],
        keep: Callable[[Json], Json] | None,
    ) -> Listing:
        items: list[Json] = []
        token = ""
        while True:
            page = read({**query, **({"continue": token} if token else {})})
            meta = page["metadata"]
            whole = ({"apiVersion": page["apiVersion"], **body, "kind": kind.kind} for body in page["items"] or ())
            items += map(keep, whole) if keep else whole
            token = meta.get("continue") or ""
            if not token:
                return Listing(tuple(items), meta.get("resourceVersion", ""))

    def _list_page(self, kind: Kind, namespace: str | None, accept: str, query: Mapping[str, str]) -> Json:
        path = f"{kind.path(namespace)}?{urlencode(query)}"
        page = self._read(Request("GET", path, f"list {_what(kind, None, namespace)}", accept=accept))
        if not str(page.get("kind", "")).endswith("List") or not isinstance(page.get("metadata"), dict):
            raise Unreachable(
                f"kubernetes {self.server}: the answer to a list of {kind} is no list",
                "is this a Kubernetes API?",
            )
        return {"items": None, "apiVersion": "", **page}

    def kinds(self) -> Kinds:
        """Everything that discovery knows."""
        return Kinds(kind for path in DISCOVERY for kind in self.discovery(path))

    def discovery(self, path: str) -> Sequence[Kind]:
        """What one part of discovery knows."""
        answer = self.raw(path, AGGREGATED)
        if answer.get("kind") != "APIGroupDiscoveryList":
            raise Unreachable(
                f"kubernetes {self.server}: no aggregated discovery",
                "upgrade the control plane: Kubernetes 1.27 is the oldest that aiops works with",
            )
        try:
            return parse_discovery(answer)
        except (AttributeError, KeyError, TypeError) as error:
            words = f"kubernetes {self.server}: its discovery cannot be understood: {error!r} in a kind"
            raise Unreachable(words, "is this a Kubernetes API?") from error

    def apply(self, manifest: Json, kind: Kind, *, force: bool, dry_run: bool) -> Json:
        """Server-side apply as field manager `aiops`; Conflict names the other owners unless `force`."""
        meta = manifest["metadata"]
        query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower(), "fieldValidation": "Strict"}
        path = f"{kind.path(meta.get('namespace'), meta['name'])}?{urlencode(query | _dry(dry_run))}"
        doing = f"apply {_what(kind, meta['name'], meta.get('namespace'))}"
        return self._write(Request("PATCH", path, doing, manifest, "application/apply-patch+yaml"))

    def merge_patch(self, kind: Kind, name: str, namespace: str | None, body: Json) -> Json:
        """JSON merge patch of one object."""
        path, doing = kind.path(namespace, name), f"patch {_what(kind, name, namespace)}"
        return self._write(Request("PATCH", path, doing, body, "application/merge-patch+json"))

    def json_patch(self, kind: Kind, name: str, namespace: str | None, operations: Sequence[Json]) -> Json:
        """JSON patch of one object."""
        path, doing = kind.path(namespace, name), f"patch {_what(kind, name, namespace)}"
        return self._write(Request("PATCH", path, doing, operations, "application/json-patch+json"))

    def watch(
        self, kind: Kind, namespace: str | None, resource_version: str, seconds: int
    ) -> Generator[bytes, None, None]:
        """Open a watch from a resourceVersion on; its lines come until the server ends it after `seconds`."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(seconds),
        }
        path = f"{kind.path(namespace)}?{urlencode(query)}"
        request = Request("GET", path, f"watch {_what(kind, None, namespace)}")
        return self._transport.lines(request, seconds + WATCH_SLACK_S)

    def _read(self, request: Request) -> Json:
        """A read is repeated while there is time: with backoff, or as long as the server asks for."""
        return patiently(partial(self._transport.json, request), self._timeout_s)

    def _write(self, request: Request) -> Json:
        """A write is repeated only where it cannot have reached the server, or was turned away (429)."""
        return patiently(partial(self._transport.json, request), self._timeout_s, lambda error: error.turned_away)


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _what(kind: Kind, name: str | None, namespace: str | None) -> str:
    where = f" in {namespace}" if namespace and kind.namespaced else ""
    return f"{kind}{f' {name}' if name else ''}{where}"
