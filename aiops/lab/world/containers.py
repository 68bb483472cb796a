"""What a kubelet says of a pod's containers, and what follows from it for the pod."""

from collections.abc import Iterable, Iterator
from copy import deepcopy

from aiops.lab.api.kinds import Json
from aiops.lab.world.pods import condition_of


def new_status(pod: Json, address: str, now: str) -> Json:
    """Of a pod that its kubelet has just taken up."""
    spec, own = pod["spec"], deepcopy(pod.get("status", {}))
    first = "PodInitializing" if spec.get("initContainers") else "ContainerCreating"
    status = own | {
        "phase": "Pending", "startTime": now, "hostIP": "127.0.0.1", "hostIPs": [{"ip": "127.0.0.1"}],
        "podIP": address, "podIPs": [{"ip": address}],
        "containerStatuses": [_waiting(each, first) for each in spec["containers"]],
    }  # fmt: skip
    if spec.get("initContainers"):
        status["initContainerStatuses"] = [_waiting(each, "PodInitializing") for each in spec["initContainers"]]
    return with_conditions(pod, status, now)


def _waiting(container: Json, reason: str) -> Json:
    return {
        "name": container["name"], "image": container["image"], "imageID": "", "ready": False, "started": False,
        "restartCount": 0, "state": {"waiting": {"reason": reason}}, "lastState": {},
    }  # fmt: skip


def changed(pod: Json, names: Iterable[str], now: str, **changes: object) -> Json:
    """The pod's status once these containers are so."""
    status = deepcopy(pod["status"])
    for container in statuses(status):
        if container["name"] in names:
            container |= changes
    return with_conditions(pod, status, now)


def statuses(status: Json) -> Iterator[Json]:
    """Of init containers and containers."""
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def with_conditions(pod: Json, status: Json, now: str) -> Json:
    """Phase and conditions as the containers are (kubelet, status/generate.go)."""
    containers = status["containerStatuses"]
    if all("terminated" in each["state"] for each in containers):
        status["phase"], unready = "Succeeded", {"reason": "PodCompleted"}
    else:
        unready = _unless_ready("ContainersNotReady", "unready", containers)
        if any("running" in each["state"] for each in containers):
            status["phase"] = "Running"
    found = {
        "Initialized": _unless_ready("ContainersNotInitialized", "incomplete", status.get("initContainerStatuses", ())),
        **dict.fromkeys(("Ready", "ContainersReady"), unready),
        **{gate["conditionType"]: {} for gate in pod["spec"].get("readinessGates") or ()},
    }
    conditions = [_condition(pod, kind, why_not, now) for kind, why_not in found.items()]
    status["conditions"] = [*conditions, *filter(None, [condition_of(pod, "PodScheduled")])]
    return status


def _unless_ready(reason: str, word: str, containers: Iterable[Json]) -> Json:
    """Reason and message, where one is not ready."""
    names = [each["name"] for each in containers if not each["ready"]]
    return {"reason": reason, "message": f"containers with {word} status: [{' '.join(names)}]"} if names else {}


def _condition(pod: Json, kind: str, why_not: Json, now: str) -> Json:
    was, word = condition_of(pod, kind), str(not why_not)
    since = was["lastTransitionTime"] if was.get("status") == word else now
    return {"type": kind, "status": word, "lastProbeTime": None, "lastTransitionTime": since, **why_not}
