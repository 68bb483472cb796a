"""What a change may change: not what the API server keeps itself, and by each road only what is to be reached by it
(kubernetes/pkg/registry/*/*/strategy.go)."""

from aiops.lab.api.kinds import Json, Kind

KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion")
"""Fields of metadata that no client sets."""
ALLOTTED = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
"""Fields of a Service's spec that it got when it was created, and keeps if nobody says otherwise."""


def changed(kind: Kind, old: Json, new: Json, subresource: str) -> Json:
    """The object as it comes to be: of a change of its status only that, and of any other all but that."""
    before, meta = old["metadata"], new.get("metadata") or {}
    if subresource == "status":
        more = ("annotations",) if kind.resource == "deployments.apps" else ()
        meta = {**before, **{key: meta[key] for key in ("managedFields", *more) if key in meta}}
        new = {**old, "status": new.get("status")}
    elif kind.keeps_status_apart:
        new = {**new, "status": old.get("status")}
    own = {key: before[key] for key in KEPT if key in before}
    meta = {key: value for key, value in meta.items() if key not in KEPT} | own
    return {key: value for key, value in {**new, "metadata": meta}.items() if value is not None}


def settled(kind: Kind, old: Json, new: Json, subresource: str) -> Json:
    """The changed object with what it keeps, and with the next generation where that counts."""
    if kind.resource == "services":
        given = {key: old["spec"][key] for key in ALLOTTED if key in old["spec"]}
        new = {**new, "spec": {**given, **new["spec"]}}
    if "generation" not in old["metadata"] or subresource not in ("", "scale") or not _counts(kind, old, new):
        return new
    return {**new, "metadata": {**new["metadata"], "generation": old["metadata"]["generation"] + 1}}


def _counts(kind: Kind, old: Json, new: Json) -> bool:
    """All counts but metadata, and a status that has a place of its own; of a Deployment also its annotations, which
    its ReplicaSets get."""
    apart = {"metadata"} | ({"status"} if "status" in kind.subresources else set())
    if any(old.get(key) != new.get(key) for key in (old.keys() | new.keys()) - apart):
        return True
    notes = [body["metadata"].get("annotations", {}) for body in (old, new)]
    return kind.resource == "deployments.apps" and notes[0] != notes[1]
