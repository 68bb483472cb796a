"""Starts a sync through the Application's own `operation` field.

Nobody copies anything into an operation that is written through the Kubernetes API: without the application's own
syncOptions, RespectIgnoreDifferences among them, such a sync sets a running model back to the replicas of git
(argo-cd controller/sync.go; kargo#874; seen on 3.5.7).
"""

from aiops.clients.kube import APPLICATION, Kube
from aiops.errors import Conflict
from aiops.snapshot import Json

RUN_INFO = "aiops-run"
"""Name of the operation's info that holds the run that started it."""
AUTO_SYNC_RETRY = {"limit": 5}
"""What Argo CD's auto-sync uses where the application names no retry (appcontroller.go autoSync)."""


def sync_operation(app: Json, run: str, *, as_auto_sync: bool) -> Json:
    """The `operation` that syncs an application with its own options.

    `as_auto_sync`: with `prune` and `retry` as Argo CD's auto-sync would have them; else without prune, and with
    the application's own retry, as `argocd app sync` does.
    """
    policy = app["spec"].get("syncPolicy") or {}
    sync: Json = {}
    if options := policy.get("syncOptions"):
        sync["syncOptions"] = list(options)
    if as_auto_sync and (policy.get("automated") or {}).get("prune"):
        sync["prune"] = True
    operation: Json = {
        "initiatedBy": {"username": "aiops"},
        "info": [{"name": RUN_INFO, "value": run}],
        "sync": sync,
    }
    retry = policy.get("retry") or (AUTO_SYNC_RETRY if as_auto_sync else None)
    if retry:
        operation["retry"] = retry
    return operation


def request_sync(kube: Kube, namespace: str, app: Json, run: str, *, as_auto_sync: bool) -> Json:
    """Start the sync and return the Application; Conflict where it changed or another sync was faster.

    The resourceVersion of `app` guards it: whatever else happened to the application since it was judged, an
    operation somebody else started above all, makes the write fail instead of being overwritten. The state of the
    operation before goes, as Argo CD's own SetAppOperation lets it go (util/argo/argo.go): a leftover Running one
    would be resumed in place of this (appcontroller.go processRequestedAppOperation).
    """
    if app.get("operation"):
        raise Conflict(f"{app['metadata']['name']} is being synced already", "wait for it, then look again")
    body = {
        "metadata": {"resourceVersion": app["metadata"]["resourceVersion"]},
        "operation": sync_operation(app, run, as_auto_sync=as_auto_sync),
        "status": {"operationState": None},
    }
    return kube.merge_patch(APPLICATION, app["metadata"]["name"], namespace, body)


def is_ours(app: Json, run: str) -> bool:
    """The operation that is asked for or running, or else the last one, is the one that this run started."""
    last = (app.get("status", {}).get("operationState") or {}).get("operation")
    info = (app.get("operation") or last or {}).get("info") or ()
    return any(each.get("name") == RUN_INFO and each.get("value") == run for each in info)


def request_termination(kube: Kube, namespace: str, app: Json) -> Json:
    """End the application's operation, as `argocd app terminate-op` does; Conflict where it changed meanwhile."""
    body = {
        "metadata": {"resourceVersion": app["metadata"]["resourceVersion"]},
        "status": {"operationState": {"phase": "Terminating"}},
    }
    return kube.merge_patch(APPLICATION, app["metadata"]["name"], namespace, body)
