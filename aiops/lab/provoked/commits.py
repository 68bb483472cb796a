"""Faults of the platform's repository: what somebody else pushed, and a server that is gone."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import yaml

from aiops.lab.api.kinds import Json
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.argocd import APPLICATIONS, is_automatic
from aiops.lab.provoked.hands import LONG_AGO_S, OFF, made, whenever, without_endpoint
from aiops.lab.repository import git, push

WIDGET = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: unknown}\n"
BROKEN = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: broken\n"
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: checked}\n"
KUSTOMIZATION = "kustomization.yaml"
SET_CONTROLLER = "argocd-applicationset-controller"


def bare_repository(cluster: Cluster) -> Path:
    """The repository; ValueError where the lab reads a plain folder, of which nobody else has a copy."""
    folder = next(iter(cluster.repositories.values()), None)
    if folder is None or not (folder / "HEAD").is_file():
        raise ValueError("it needs a git repository, and this lab reads a folder")
    return folder


def head(bare: Path) -> str:
    """The commit that its branch is at."""
    return git(bare, "rev-parse", "HEAD")


@contextmanager
def without_repository(cluster: Cluster) -> Iterator[None]:
    """Nobody can read it."""
    bare = bare_repository(cluster)
    away = bare.rename(bare.with_name(f"{bare.name}.away"))
    yield
    away.rename(bare)


@contextmanager
def pushed(bare: Path, files: Mapping[str, str]) -> Iterator[None]:
    """A commit that is there meanwhile."""
    before = head(bare)
    push(bare, files)
    yield
    git(bare, "update-ref", "HEAD", before)


@contextmanager
def fewer_groups(cluster: Cluster) -> Iterator[None]:
    """The last group is switched off, and nobody has acted on it yet."""
    bare = bare_repository(cluster)
    files = {}
    for name in _groups_files(bare):
        before, _, after = git(bare, "show", f"HEAD:{name}").rpartition('"true"')
        files[name] = f'{before}"false"{after}\n'
    cluster.parts.set(SET_CONTROLLER, "down")
    with pushed(bare, files):
        yield
    cluster.parts.set(SET_CONTROLLER, "up")


def groups_by_somebody_else(cluster: Cluster) -> AbstractContextManager[None]:
    """The groups file that Argo CD reads is not the one of the checkout."""
    bare = bare_repository(cluster)
    return pushed(bare, {name: git(bare, "show", f"HEAD:{name}") + "\n# by hand\n" for name in _groups_files(bare)})


def _groups_files(bare: Path) -> list[str]:
    names = git(bare, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    return [name for name in names if name.endswith("/groups.generated.yaml")]


def unknown_kind(cluster: Cluster) -> AbstractContextManager[None]:
    """A manifest of a kind that nothing brings."""
    return _in_an_application(cluster, "widget.yaml", WIDGET)


def broken_manifest(cluster: Cluster) -> AbstractContextManager[None]:
    """A manifest that is no YAML."""
    return _in_an_application(cluster, "broken.yaml", BROKEN)


@contextmanager
def unanswered_webhook(cluster: Cluster) -> Iterator[None]:
    """A commit brings an object for which a webhook is asked whose server is gone."""
    service = {"name": "checker", "namespace": "default", "port": 443}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    hook = {
        "name": "check.example.com", "clientConfig": {"service": service}, "rules": [rule],
        "sideEffects": "None", "admissionReviewVersions": ["v1"],
    }  # fmt: skip
    meta = {"name": "checker", "annotations": OFF}
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": meta, "webhooks": [hook],
    }  # fmt: skip
    nobody = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "checker", "namespace": "default"},
        "spec": {"ports": [{"port": 443}]},
    }  # fmt: skip
    asked = made(cluster, "validatingwebhookconfigurations.admissionregistration.k8s.io", body)
    served = made(cluster, "services", nobody, ago_s=LONG_AGO_S)
    silent = without_endpoint(cluster, "checker", "default")
    with served, silent, asked, _in_an_application(cluster, "checked.yaml", SETTINGS):
        yield


@contextmanager
def _in_an_application(cluster: Cluster, name: str, text: str) -> Iterator[None]:
    """A file more in the folder of the first application that Argo CD syncs by itself, once there is one."""
    bare = bare_repository(cluster)
    with ExitStack() as stack:
        chosen: list[Json] = []

        def choose(body: Json) -> None:
            folder = (body["spec"].get("source") or {}).get("path")
            if not chosen and folder and is_automatic(body) and _listed(bare, folder):
                chosen.append(body)
                stack.enter_context(pushed(bare, _with(bare, folder, name, text)))

        stack.enter_context(whenever(cluster, APPLICATIONS, choose))
        yield


def _listed(bare: Path, folder: str) -> list[str]:
    return git(bare, "ls-tree", "--name-only", f"HEAD:{folder}").splitlines()


def _with(bare: Path, folder: str, name: str, text: str) -> Mapping[str, str]:
    """The file, and the kustomization that lists it, where the folder has one."""
    if KUSTOMIZATION not in _listed(bare, folder):
        return {f"{folder}/{name}": text}
    body = yaml.safe_load(git(bare, "show", f"HEAD:{folder}/{KUSTOMIZATION}"))
    body["resources"] = [*(body.get("resources") or ()), name]
    return {f"{folder}/{name}": text, f"{folder}/{KUSTOMIZATION}": yaml.safe_dump(body)}
