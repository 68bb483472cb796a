"""Names that the objects of Argo CD carry."""

from aiops.lab.api.kinds import Json

APPLICATIONS, APPLICATIONSETS, APPPROJECTS = (
    f"{plural}.argoproj.io" for plural in ("applications", "applicationsets", "appprojects")
)
REFRESH = "argocd.argoproj.io/refresh"
SET_REFRESH = "argocd.argoproj.io/application-set-refresh"
SKIP_RECONCILE = "argocd.argoproj.io/skip-reconcile"
TRACKING = "argocd.argoproj.io/tracking-id"
WAVE = "argocd.argoproj.io/sync-wave"
HOOK, DELETE_POLICY = "argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
FINALIZER = "resources-finalizer.argocd.argoproj.io"
NAMESPACE = "argocd"
IN_CLUSTER = "https://kubernetes.default.svc"


def annotation(body: Json, name: str) -> str:
    """An annotation's value; empty where there is none."""
    return str((body["metadata"].get("annotations") or {}).get(name, ""))


def status_of(body: Json) -> Json:
    """An object's status; empty where it has none yet."""
    return body.get("status") or {}


def project_of(app: Json) -> str:
    """The name of an Application's AppProject."""
    return app["spec"].get("project") or "default"


def revisions_of(held: Json) -> list[str]:
    """The commits of an Application's sources, one or many, as its sync status or a sync's result holds them."""
    return held.get("revisions") or [held.get("revision", "")]


def empty_status() -> Json:
    """What an update of Argo CD's writes where there is no status yet: Go's types have no other way to be empty."""
    nowhere = {"destination": {}, "source": {"repoURL": ""}}
    return {"health": {}, "sourceHydrator": {}, "summary": {}, "sync": {"comparedTo": nowhere, "status": ""}}


def with_operation(app: Json, operation: Json | None) -> Json:
    """An Application for which an operation is asked; the state of the one before goes (util/argo, SetAppOperation)."""
    if "operation" in app:
        return app
    status = {**empty_status(), **status_of(app)}
    status.pop("operationState", None)
    return {**app, "operation": operation, "status": status}


def no_such_cluster(destination: Json) -> str:
    """Why an Application's destination is none; empty where it is the cluster itself."""
    server, name = destination.get("server"), destination.get("name")
    if server == IN_CLUSTER or (not server and name == "in-cluster"):
        return ""
    if server:
        why = f'rpc error: code = NotFound desc = cluster "{server}" not found'
        return f'error getting cluster by server "{server}": {why}'
    return f"unable to find destination server: there are no clusters with this name: {name or ''}"
