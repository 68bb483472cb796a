"""Argo CD's controllers in a part of the lab's world; the repository that they read is a plain folder."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import yaml

from aiops.lab.api import definitions
from aiops.lab.api.kinds import Json
from aiops.lab.argocd import names
from aiops.lab.argocd.applications import Applications
from aiops.lab.argocd.applicationsets import ApplicationSets
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.cluster import Cluster
from aiops.lab.world import garbage
from tests.lab.world import ADMIN, AT_ONCE, until, world

URL = "https://git.example.com/acme/platform.git"
HERE = {"server": names.IN_CLUSTER, "namespace": "x"}
CONTAINER = {"name": "c", "image": "r.io/c:1"}
WEB: Json = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
    "spec": {
        "replicas": 0, "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [CONTAINER]}},
    },
}  # fmt: skip
NOTE: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note"}, "data": {"a": "1"}}


def argocd(folder: Path, git_s: float = 100_000.0) -> Cluster:
    """A cluster with an Argo CD, an AppProject that permits everything, and this folder for its repository.

    `git_s`: how often Argo CD reads git without being asked.
    """
    cluster = world(definitions, garbage, pace=replace(AT_ONCE, git_s=git_s))
    cluster.repositories = {URL: folder}
    repo_server = RepoServer(cluster)
    ApplicationSets(cluster, repo_server)
    Applications(cluster, repo_server)
    cluster.objects.create("namespaces", {"metadata": {"name": "argocd"}}, ADMIN)
    project(cluster, "default")
    return cluster


def project(cluster: Cluster, name: str, **spec: object) -> Json:
    anything = [{"group": "*", "kind": "*"}]
    body = {
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}],
            "clusterResourceWhitelist": anything, **spec,
        },
    }  # fmt: skip
    return cluster.objects.create(names.APPPROJECTS, body, ADMIN)


def write(folder: Path, path: str, *bodies: Json) -> None:
    """A file of the repository."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(yaml.safe_dump_all(bodies))


def application(cluster: Cluster, name: str = "app", *, automated: Json | None = None, **spec: object) -> Json:
    """One that reads the folder `app`; synced by itself where `automated` is given."""
    policy = {"syncPolicy": {"automated": automated}} if automated is not None else {}
    source = {"repoURL": URL, "targetRevision": "main", "path": "app"}
    body = {
        "metadata": {"name": name, "namespace": "argocd", "finalizers": [names.FINALIZER]},
        "spec": {"project": "default", "source": source, "destination": HERE, **policy, **spec},
    }  # fmt: skip
    return cluster.objects.create(names.APPLICATIONS, body, ADMIN)


def app(cluster: Cluster, name: str = "app") -> Json:
    return cluster.objects.get(names.APPLICATIONS, name, "argocd")


def edit(cluster: Cluster, change: Callable[[Json], Json], name: str = "app") -> Json:
    return cluster.objects.edit(names.APPLICATIONS, name, "argocd", change, ADMIN)


def annotate(cluster: Cluster, key: str, value: str, name: str = "app", resource: str = names.APPLICATIONS) -> None:
    def change(was: Json) -> Json:
        was["metadata"].setdefault("annotations", {})[key] = value
        return was

    cluster.objects.edit(resource, name, "argocd", change, ADMIN)


async def once(cluster: Cluster, holds: Callable[[Json], object], name: str = "app") -> Json:
    """An Application, once something holds of it."""
    await until(lambda: holds(app(cluster, name)))
    return app(cluster, name)


async def refreshed(cluster: Cluster, name: str = "app") -> Json:
    """An Application after Argo CD has looked at it."""
    annotate(cluster, names.REFRESH, "normal", name)
    return await once(cluster, lambda body: not names.annotation(body, names.REFRESH), name)


def words(body: Json) -> tuple[str, str]:
    """Its sync and its health."""
    status = body.get("status", {})
    return status.get("sync", {}).get("status", ""), status.get("health", {}).get("status", "")


def state(body: Json) -> Json:
    """Of its operation."""
    return body.get("status", {}).get("operationState") or {}


async def ended(cluster: Cluster, phase: str = "Succeeded", name: str = "app") -> Json:
    """An Application whose operation ended so."""
    return await once(cluster, lambda body: state(body).get("phase") == phase, name)


def sync(cluster: Cluster, **more: object) -> None:
    """Ask for an operation, as a client of the Kubernetes API does."""
    retry = {"retry": more.pop("retry")} if "retry" in more else {}

    def change(was: Json) -> Json:
        status = {key: value for key, value in was.get("status", {}).items() if key != "operationState"}
        return {**was, "operation": {"sync": more, **retry}, "status": status}

    edit(cluster, change)


def conditions(body: Json) -> dict[str, str]:
    """By type, what each says."""
    return {each["type"]: each["message"] for each in body.get("status", {}).get("conditions") or ()}
