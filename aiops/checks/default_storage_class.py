"""Is exactly one StorageClass the default?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Finding
from aiops.snapshot import Json
from aiops.snapshot.look import Look

DEFAULT = "storageclass.kubernetes.io/is-default-class"
ANNOTATIONS = (DEFAULT, "storageclass.beta.kubernetes.io/is-default-class")
"""Kubernetes still honours the second (pkg/apis/storage/util)."""


def _judge(look: Look) -> Iterator[Finding]:
    classes = look.items("storage-classes")
    names = [body["metadata"]["name"] for body in classes]
    defaults = sorted(filter(_marks, classes), key=lambda body: body["metadata"].get("creationTimestamp") or "")
    if len(defaults) == 1:
        yield ok(f"StorageClass {defaults[0]['metadata']['name']} is the default")
    elif defaults:
        yield _several(defaults)
    elif names:
        yield Finding(
            status="fail",
            symptom=f"none of the StorageClasses is the default: {', '.join(names)}",
            cause="a volume that names no class stays Pending, and its pod with it",
            fix=f"kubectl annotate storageclass {names[0]} {DEFAULT}=true --overwrite",
        )
    else:
        yield Finding(
            status="fail",
            symptom="the cluster has no StorageClass",
            cause="no volume can be made: every claim stays Pending",
            fix="install the storage driver of your provider, then `kubectl get storageclass`",
        )


def _several(defaults: list[Json]) -> Finding:
    """The newest is what Kubernetes takes; its fix lets that stay so."""
    names = [body["metadata"]["name"] for body in defaults]
    marks = " ".join(f"{name}=false" for name in dict.fromkeys(name for body in defaults[:-1] for name in _marks(body)))
    return Finding(
        status="warn",
        symptom=f"{len(names)} StorageClasses are the default: {', '.join(names)}",
        cause=f"a volume without a class gets the newest of them, {names[-1]}",
        fix=f"kubectl annotate storageclass {' '.join(names[:-1])} {marks} --overwrite",
    )


def _marks(body: Json) -> list[str]:
    """The annotations that make it the default."""
    notes = body["metadata"].get("annotations") or {}
    return [name for name in ANNOTATIONS if notes.get(name) == "true"]


CHECK = Check(
    slug="default-storage-class",
    group="storage",
    title="exactly one StorageClass is the default",
    reads=("storage-classes",),
    needs=("cluster-reachable",),
    prerequisite=True,
    judge=_judge,
)
