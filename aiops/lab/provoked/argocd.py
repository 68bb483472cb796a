"""Faults of Argo CD, and of what it reads of the cluster."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from aiops.lab.api.kinds import Json
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.hands import (
    LONG_AGO_S,
    SOMEBODY,
    aged,
    annotate,
    made,
    put_back,
    whenever,
)

APPLICATIONS, SETS, PROJECTS = "applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io"
CRDS = "customresourcedefinitions.apiextensions.k8s.io"
SKIP, REFRESH = "argocd.argoproj.io/skip-reconcile", "argocd.argoproj.io/refresh"
SET_REFRESH = "argocd.argoproj.io/application-set-refresh"
ELSEWHERE = "https://git.example.com/another/platform.git"


@contextmanager
def without_kinds(cluster: Cluster) -> Iterator[None]:
    """The AppProject's CustomResourceDefinition is gone; what it defined comes back with it."""
    definition = cluster.objects.get(CRDS, PROJECTS)
    cluster.store.remove(CRDS, definition)
    yield
    put_back(cluster, CRDS, definition)


def old_version(cluster: Cluster) -> AbstractContextManager[None]:
    """An Argo CD of long ago."""
    labels = {"app.kubernetes.io/part-of": "argocd", "app.kubernetes.io/name": "argocd-server"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "server", "image": "quay.io/argoproj/argocd:v3.2.1"}]},
    }
    body = {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "argocd-server", "namespace": "argocd", "labels": labels},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
    }  # fmt: skip
    return made(cluster, "deployments.apps", body)


@contextmanager
def controller_down(cluster: Cluster) -> Iterator[None]:
    """The application controller is down, for an hour as it seems."""
    then = cluster.clock.stamp(LONG_AGO_S)

    def unseen(body: Json) -> None:
        status = body.get("status", {})
        if status.get("reconciledAt", then) > then:
            put_back(cluster, APPLICATIONS, {**body, "status": {**status, "reconciledAt": then}})

    cluster.parts.set("argocd-application-controller", "down")
    with whenever(cluster, APPLICATIONS, unseen):
        yield
    cluster.parts.set("argocd-application-controller", "up")
    for body in cluster.objects.list(APPLICATIONS):
        annotate(cluster, APPLICATIONS, body, {REFRESH: "normal"})


@contextmanager
def set_controller_down(cluster: Cluster) -> Iterator[None]:
    """The ApplicationSet controller is down, and somebody waits for it for an hour."""

    def ask(body: Json) -> None:
        if SET_REFRESH not in (body["metadata"].get("annotations") or {}):
            aged(cluster, SETS, annotate(cluster, SETS, body, {SET_REFRESH: "true"}))

    cluster.parts.set("argocd-applicationset-controller", "down")
    with whenever(cluster, SETS, ask):
        yield
    cluster.parts.set("argocd-applicationset-controller", "up")


@contextmanager
def of_another_platform(cluster: Cluster) -> Iterator[None]:
    """The ApplicationSets read another repository, which happens to hold the same."""
    before: dict[str, Json] = {}

    def point_elsewhere(body: Json) -> None:
        if ELSEWHERE not in str(body["spec"]["generators"]):
            before[body["metadata"]["name"]] = body["spec"]
            generators = [_elsewhere(each) for each in body["spec"]["generators"]]
            _respecify(cluster, body, {**body["spec"], "generators": generators})

    with whenever(cluster, SETS, point_elsewhere):
        yield
    for body in cluster.objects.list(SETS):
        if body["metadata"]["name"] in before:
            _respecify(cluster, body, before[body["metadata"]["name"]])


def _elsewhere(generator: Json) -> Json:
    return {**generator, "git": {**generator["git"], "repoURL": ELSEWHERE}} if "git" in generator else generator


def _respecify(cluster: Cluster, body: Json, spec: Json) -> None:
    meta = body["metadata"]
    cluster.objects.edit(SETS, meta["name"], meta["namespace"], lambda now: {**now, "spec": spec}, SOMEBODY)


@contextmanager
def without_project(cluster: Cluster) -> Iterator[None]:
    """Somebody deletes the platform's AppProject, as often as it is made."""
    gone: dict[str, Json] = {}

    def delete(body: Json) -> None:
        if (name := body["metadata"]["name"]) != "default":
            gone[name] = body
            cluster.store.remove(PROJECTS, body)  # its finalizer would wait for its applications

    with whenever(cluster, PROJECTS, delete):
        yield
    for body in gone.values():
        put_back(cluster, PROJECTS, body)


@contextmanager
def without_set(cluster: Cluster) -> Iterator[None]:
    """Somebody deletes an ApplicationSet, as often as it is made, and leaves its applications."""
    gone: dict[str, Json] = {}

    def delete(body: Json) -> None:
        meta = body["metadata"]
        if not gone or meta["name"] in gone:
            gone[meta["name"]] = body
            cluster.objects.delete(SETS, meta["name"], meta["namespace"], SOMEBODY, propagation="Orphan")

    with whenever(cluster, SETS, delete):
        yield
    for body in gone.values():
        put_back(cluster, SETS, body)


@contextmanager
def left_alone(cluster: Cluster) -> Iterator[None]:
    """An application that Argo CD shall not look at."""
    chosen: list[Json] = []

    def choose(body: Json) -> None:
        if not chosen and is_automatic(body):
            chosen.append(body)
            annotate(cluster, APPLICATIONS, body, {SKIP: "true"})

    with whenever(cluster, APPLICATIONS, choose):
        yield
    for body in chosen:
        annotate(cluster, APPLICATIONS, body, {SKIP: None})


def is_automatic(application: Json) -> bool:
    """It is synced by itself, and no ApplicationSet made it, so that it is no group."""
    automated = (application["spec"].get("syncPolicy") or {}).get("automated")
    return automated is not None and not application["metadata"].get("ownerReferences")
