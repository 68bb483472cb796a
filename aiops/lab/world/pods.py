"""What controllers, scheduler and kubelets ask of a pod, and how it is made."""

from decimal import Decimal

from aiops.lab.api.kinds import Json
from aiops.lab.api.quantities import parse
from aiops.lab.world.ownership import reference

GPU = "nvidia.com/gpu"
Amounts = dict[str, Decimal]


def has_ended(pod: Json) -> bool:
    """All of its containers are over, for good."""
    return pod["status"]["phase"] in ("Succeeded", "Failed")


def is_going(body: Json) -> bool:
    """It is being deleted."""
    return "deletionTimestamp" in body["metadata"]


def is_active(pod: Json) -> bool:
    """It counts as a replica."""
    return not has_ended(pod) and not is_going(pod)


def is_ready(pod: Json) -> bool:
    """By its condition."""
    return condition_of(pod, "Ready").get("status") == "True"


def condition_of(body: Json, kind: str) -> Json:
    """A condition of its status; empty where it is not there."""
    conditions = body.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind), {})


def asks_for_gpu(pod: Json) -> bool:
    """One of its containers does."""
    return any(GPU in limits(each) for each in pod["spec"]["containers"])


def limits(container: Json) -> Json:
    """The most that it may use."""
    found: Json = (container.get("resources") or {}).get("limits") or {}
    return found


def requested(pod: Json) -> Amounts:
    """What the scheduler sets aside for it: all its containers, or the one init container that asks for more."""
    spec, found = pod["spec"], Amounts()
    for container in spec["containers"]:
        for name, much in _requests(container).items():
            found[name] = found.get(name, Decimal(0)) + much
    for container in spec.get("initContainers") or ():
        for name, much in _requests(container).items():
            found[name] = max(found.get(name, Decimal(0)), much)
    return found


def _requests(container: Json) -> Amounts:
    asked = {**limits(container), **((container.get("resources") or {}).get("requests") or {})}
    return {name: parse(much) for name, much in asked.items()}


def pod_of(template: Json, owner: Json, name: str, labels: Json | None = None) -> Json:
    """A pod by a template; a name that ends in a hyphen is completed by the API server."""
    meta = template.get("metadata") or {}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName" if name.endswith("-") else "name": name, "namespace": owner["metadata"]["namespace"],
            "labels": {**(meta.get("labels") or {}), **(labels or {})},
            "annotations": dict(meta.get("annotations") or {}), "ownerReferences": [reference(owner)],
        },
        "spec": template["spec"],
    }  # fmt: skip
