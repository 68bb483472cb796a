"""How objects end: at once, or when finalizers and kubelets have done their part (apiserver/pkg/registry/rest)."""

from aiops.lab.api.kinds import Json, Kind

FINALIZERS = {"Foreground": ("foregroundDeletion",), "Orphan": ("orphan",)}
"""What a propagation policy leaves to the garbage collector."""
EMPTIED = ("CustomResourceDefinition", "Namespace")
"""Kinds that take what is in them along, and have no grace."""
CLEANUPS = {"customresourcedefinitions.apiextensions.k8s.io": ("customresourcecleanup.apiextensions.k8s.io",)}
"""What has to be done whenever an object of a kind goes: a definition takes all of its kind with it."""


def marked(body: Json, *, finalizers: tuple[str, ...], grace_s: int, at: str) -> Json:
    """An object that is to go, as soon as nothing holds it; a mark stays as it is, but for a shorter grace."""
    before, kind = body["metadata"], body["kind"]
    if "deletionTimestamp" in before and before.get("deletionGracePeriodSeconds", 0) <= grace_s:
        return body
    meta = {**before, "deletionTimestamp": at, "deletionGracePeriodSeconds": grace_s}
    if marks := (*before.get("finalizers", ()), *finalizers):
        meta["finalizers"] = list(dict.fromkeys(marks))
    if "generation" in meta and "deletionTimestamp" not in before:
        meta["generation"] += 1
    if kind in EMPTIED:
        del meta["deletionGracePeriodSeconds"]
    status = {"status": {**body["status"], "phase": "Terminating"}} if kind == "Namespace" else {}
    return {**body, "metadata": meta, **status}


def is_over(body: Json) -> bool:
    """Whether nothing holds an object that is marked."""
    meta = body["metadata"]
    return "deletionTimestamp" in meta and not meta.get("deletionGracePeriodSeconds") and not held(body)


def held(body: Json) -> bool:
    """Finalizers keep it; a namespace has one of its own that stands for all that is in it."""
    own = (body.get("spec") or {}).get("finalizers") if body["kind"] == "Namespace" else None
    return bool(body["metadata"].get("finalizers") or own)


def grace_of(kind: Kind, body: Json, asked_s: int | None) -> int:
    """Seconds in which a kubelet ends a pod; 0 for all else, and for a pod that has no node or has ended."""
    if kind.resource != "pods" or not body["spec"].get("nodeName"):
        return 0
    if body.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return int(body["spec"].get("terminationGracePeriodSeconds", 30)) if asked_s is None else asked_s
