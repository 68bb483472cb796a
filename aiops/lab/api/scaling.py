"""The subresource `scale`: how many replicas of a workload there shall be, in one form for all kinds."""

from aiops.lab.api import causes
from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.refusals import invalid

SCALE = Kind(
    group="autoscaling", version="v1", kind="Scale", plural="scales", namespaced=True,
)  # fmt: skip


def scale(body: Json) -> Json:
    """A workload's Scale."""
    meta = {
        key: body["metadata"].get(key) for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    }
    labels = ((body["spec"].get("selector") or {}).get("matchLabels") or {}).items()
    status = {"replicas": (body.get("status") or {}).get("replicas", 0)}
    if labels:
        status["selector"] = ",".join(f"{key}={value}" for key, value in sorted(labels))
    return {
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta,
        "spec": {"replicas": body["spec"].get("replicas", 0)}, "status": status,
    }  # fmt: skip


def scaled(body: Json, wanted: Json) -> Json:
    """The workload as its Scale says."""
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if replicas < 0:
        why = causes.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid(SCALE, body["metadata"]["name"], [why])
    version = (wanted.get("metadata") or {}).get("resourceVersion", body["metadata"]["resourceVersion"])
    meta = {**body["metadata"], "resourceVersion": version}
    return {**body, "metadata": meta, "spec": {**body["spec"], "replicas": replicas}}
