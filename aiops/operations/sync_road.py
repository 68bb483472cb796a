"""The two roads by which a sync is started: Argo CD's own API, or the Application's `operation` field."""

from typing import Protocol

from aiops.clients.argocd import ArgoCD, check_server
from aiops.clients.kube import APPLICATION
from aiops.errors import TargetError
from aiops.operations.sync_request import request_sync
from aiops.session import Session
from aiops.snapshot import Json


class Road(Protocol):
    """A way to start a sync."""

    @property
    def name(self) -> str:
        """As in `by ...`."""

    def start(self, app: Json) -> Json:
        """Start the sync and return the Application as it is then; Conflict where another one is under way."""


def road(session: Session) -> Road:
    """Argo CD's API where a server and a token are given, else Kubernetes."""
    environ = session.environ
    server = environ.get("ARGOCD_SERVER") or session.config.aiops.argocd.server
    token = environ.get("ARGOCD_AUTH_TOKEN")
    if not server or not token:
        return ByKubernetes(session)
    timeout_s = session.config.aiops.timeouts.request
    opts = environ.get("ARGOCD_OPTS", "")
    return ByArgoCD(session, ArgoCD(check_server(server), token, opts, timeout_s=timeout_s))


class ByKubernetes:
    """The Application's own `operation` field."""

    name = "the Application's operation"

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(self, app: Json) -> Json:
        """Guarded by the resourceVersion of `app`."""
        session = self._session
        return request_sync(session.kube, session.namespace, app, session.run, as_auto_sync=False)


class ByArgoCD:
    """Argo CD's API: it knows the token's rights and the sync windows, and pins the commit."""

    def __init__(self, session: Session, argocd: ArgoCD) -> None:
        self._session, self._argocd = session, argocd
        self._proven = False
        self.name = f"Argo CD's API at {argocd.server}"

    def start(self, app: Json) -> Json:
        """TargetError where it is not the Argo CD of the session's cluster."""
        name, namespace = app["metadata"]["name"], self._session.namespace
        project = app["spec"].get("project") or "default"  # as Argo CD reads an empty one (types.go GetProject)
        self._prove(app, project)
        self._argocd.sync(name, project, namespace, run=self._session.run)
        return self._session.kube.get(APPLICATION, name, namespace)

    def _prove(self, app: Json, project: str) -> None:
        """Before the first sync: the API server and the kube context are one and the same Argo CD."""
        if self._proven:
            return
        name = app["metadata"]["name"]
        theirs = self._argocd.application(name, project, self._session.namespace)
        if theirs.get("metadata", {}).get("uid") != app["metadata"]["uid"]:
            raise TargetError(
                f"ARGOCD_SERVER {self._argocd.server} is not the Argo CD of context {self._session.kube.context}: "
                f"its application {name} is another object",
                "unset ARGOCD_SERVER, or name the one that belongs to this cluster",
            )
        self._proven = True
