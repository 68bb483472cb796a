"""Faults of syncs, by hand in the status of an Application: Argo CD writes its own over it, again and again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from aiops.lab.api.kinds import Json
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.argocd import APPLICATIONS, REFRESH, is_automatic
from aiops.lab.provoked.commits import bare_repository, head, pushed
from aiops.lab.provoked.hands import LONG_AGO_S, OFF, annotate, made, put_back, whenever, without_endpoint

TRACKING, WAVE = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/sync-wave"
TOO_EARLY = 'namespaces "elsewhere" not found'
NOTE = "clusters/NOTE"
KUEUE, BATCH = {"apiGroups": ["kueue.x-k8s.io"]}, {"apiGroups": ["batch"]}


@contextmanager
def told(cluster: Cluster, choose: Callable[[Json], bool], change: Callable[[Json], Json]) -> Iterator[None]:
    """One application's status with a change in it, as often as Argo CD writes its own."""
    chosen: dict[str, Json] = {}

    def tell(body: Json) -> None:
        name = body["metadata"]["name"]
        if name in chosen or (not chosen and choose(body)):
            chosen.setdefault(name, body)
            if (status := change(body["status"])) != body["status"]:
                put_back(cluster, APPLICATIONS, {**body, "status": status})

    with whenever(cluster, APPLICATIONS, tell):
        yield
    for name, before in chosen.items():
        meta = before["metadata"]
        if (now := cluster.objects.find(APPLICATIONS, name, meta["namespace"])) is not None:
            put_back(cluster, APPLICATIONS, {**now, "status": before["status"]})
            annotate(cluster, APPLICATIONS, now, {REFRESH: "normal"})


def has_stood(app: Json) -> bool:
    """It is synced by itself, from one source, and its last sync was well."""
    state = (app.get("status") or {}).get("operationState") or {}
    return is_automatic(app) and "source" in app["spec"] and state.get("phase") == "Succeeded"


def gave_up(cluster: Cluster) -> AbstractContextManager[None]:
    """A sync failed an hour ago, for something that came too late."""
    return told(cluster, has_stood, lambda status: _failed(cluster, status))


def _failed(cluster: Cluster, status: Json) -> Json:
    done = {"phase": "Failed", "message": TOO_EARLY, "retryCount": 5, "finishedAt": cluster.clock.stamp(LONG_AGO_S)}
    state = status.get("operationState") or {}
    return status if state.get("phase") == "Failed" else {**status, "operationState": {**state, **done}}


@contextmanager
def old_commit(cluster: Cluster) -> Iterator[None]:
    """Argo CD does not see a commit, and calls an application synced."""
    bare = bare_repository(cluster)
    before = head(bare)

    def unseen(status: Json) -> Json:
        return {**status, "sync": {**status["sync"], "revision": before}}

    with pushed(bare, {NOTE: "a commit that changes nothing\n"}), told(cluster, has_stood, unseen):
        yield


def queue_differs(cluster: Cluster) -> AbstractContextManager[None]:
    """A ClusterQueue is never what git says, however often it is synced."""
    queue = {"group": "kueue.x-k8s.io", "version": "v1beta2", "kind": "ClusterQueue", "name": "gpu"}
    return told(cluster, has_stood, lambda status: _differs(status, queue))


def job_gone(cluster: Cluster) -> AbstractContextManager[None]:
    """A Job that Argo CD has synced has deleted itself."""
    job = {"group": "batch", "version": "v1", "kind": "Job", "namespace": "default", "name": "mint"}
    return told(cluster, has_stood, lambda status: _differs(status, job))


def _differs(status: Json, resource: Json) -> Json:
    """It was synced again and again, and one thing of it is OutOfSync."""
    others = [each for each in status.get("resources") or () if each.get("name") != resource["name"]]
    state = status["operationState"]
    sync = {**state["operation"].get("sync", {}), "autoHealAttemptsCount": 5}
    return {
        **status,
        "sync": {**status["sync"], "status": "OutOfSync"},
        "resources": [*others, {**resource, "status": "OutOfSync"}],
        "operationState": {**state, "operation": {**state["operation"], "sync": sync}},
    }


@contextmanager
def overtaken(cluster: Cluster) -> Iterator[None]:
    """An application failed because one of an earlier wave was not there yet."""

    def early(app: Json) -> bool:
        return has_stood(app) and any(_wave(app) < _wave(each) for each in _siblings(cluster, app))

    def late(app: Json) -> bool:
        return has_stood(app) and any(_wave(each) < _wave(app) for each in _siblings(cluster, app))

    def coming(status: Json) -> Json:
        return {**status, "health": {**status["health"], "status": "Progressing"}}

    with told(cluster, late, lambda status: _failed(cluster, status)), told(cluster, early, coming):
        yield


def _siblings(cluster: Cluster, app: Json) -> list[Json]:
    """What the same application deploys and Argo CD syncs by itself."""
    parent = _note(app, TRACKING).partition(":")[0]
    every = cluster.objects.list(APPLICATIONS)
    return [each for each in every if is_automatic(each) and _note(each, TRACKING).partition(":")[0] == parent]


def _wave(app: Json) -> int:
    return int(_note(app, WAVE) or 0)


def _note(app: Json, name: str) -> str:
    return str((app["metadata"].get("annotations") or {}).get(name, ""))


@contextmanager
def kueue_for_all(cluster: Cluster) -> Iterator[None]:
    """Kueue is asked for the Jobs of all namespaces, and is not there. The lab calls no mutating webhook."""
    service = {"name": "webhook-service", "namespace": "default"}
    asked = {"apiVersions": ["*"], "operations": ["CREATE"]}
    rules = {"mjob.kb.io": {**BATCH, **asked, "resources": ["jobs"]},
             "mclusterqueue.kb.io": {**KUEUE, **asked, "resources": ["clusterqueues"]}}  # fmt: skip
    hooks = [
        {"name": name, "clientConfig": {"service": service}, "rules": [rule], "failurePolicy": "Fail",
         "sideEffects": "None", "admissionReviewVersions": ["v1"]}
        for name, rule in rules.items()
    ]  # fmt: skip
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "queueing", "annotations": OFF}, "webhooks": hooks,
    }  # fmt: skip
    written = made(cluster, "mutatingwebhookconfigurations.admissionregistration.k8s.io", body)
    with without_endpoint(cluster, service["name"], service["namespace"]), written:
        yield
