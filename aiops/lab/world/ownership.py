"""Who made what: owner references."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Objects


def reference(owner: Json) -> Json:
    """What an object's controller writes into the object."""
    meta = owner["metadata"]
    names = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": meta["name"], "uid": meta["uid"]}
    return {**names, "controller": True, "blockOwnerDeletion": True}


def controller_of(body: Json) -> Json | None:
    """The reference to its controller."""
    refs = body["metadata"].get("ownerReferences") or ()
    return next((ref for ref in refs if ref.get("controller")), None)


def owned(objects: Objects, resource: str, owner: Json) -> list[Json]:
    """All of a kind that it controls, the oldest first."""
    meta = owner["metadata"]
    found = [
        body
        for body in objects.list(resource, meta["namespace"])
        if (ref := controller_of(body)) is not None and ref["uid"] == meta["uid"]
    ]
    return sorted(found, key=lambda body: (body["metadata"]["creationTimestamp"], body["metadata"]["name"]))
