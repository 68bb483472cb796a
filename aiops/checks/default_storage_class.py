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
    defaults = [body["metadata"]["name"] for body in classes if _is_default(body)]
    if len(defaults) == 1:
        yield ok(f"StorageClass {defaults[0]} is the default")
    elif defaults:
        yield Finding(
            status="warn",
            symptom=f"{len(defaults)} StorageClasses are the default: {', '.join(defaults)}",
            cause="a volume without a class gets the newest of them, whichever that is",
            fix=f"kubectl annotate storageclass {defaults[-1]} {DEFAULT}=false --overwrite",
        )
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


def _is_default(body: Json) -> bool:
    notes = body["metadata"].get("annotations") or {}
    return any(notes.get(name) == "true" for name in ANNOTATIONS)


CHECK = Check(
    slug="default-storage-class",
    group="storage",
    title="exactly one StorageClass is the default",
    reads=("storage-classes",),
    needs=("cluster-reachable",),
    prerequisite=True,
    judge=_judge,
)
