"""Why a pod is not ready: the phase it is in and the first cause that the evidence gives.

The order of evidence is scheduling, then the containers' waiting reason, then how they last ended; events only
add what conditions do not say (an autoscaler's decision is an event of type Normal: cluster-autoscaler FAQ).
"""

from collections.abc import Iterable, Iterator

from aiops.judge.event import happened, words
from aiops.judge.finding import Evidence, Finding, Hope
from aiops.judge.text import one_line
from aiops.snapshot import Json

AUTOSCALER = ("TriggeredScaleUp", "NotTriggerScaleUp", "FailedScaleUp")
PAUSES = ("in backoff after failed scale-up", "not ready for scale-up")
"""Of node groups that will be tried again (cluster-autoscaler core/scaleup/orchestrator/skippedreasons.go)."""
NO_PULL_HELPS = ("not found", "manifest unknown", "unauthorized", "denied", "forbidden", "no space left on device")
"""What is said of an image that no further pull brings (containerd's and docker's wording)."""
PULLING = ("ErrImagePull", "ImagePullBackOff")
"""The kubelet goes back and forth between them: a try that failed, and the pause before the next."""
MISCONFIGURED = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
LEFTOVER = frozenset({"Evicted", "Preempting", "NodeShutdown", "Shutdown", "Terminated", "NodeLost", "NodeAffinity"})
"""Why the kubelet ends a pod whose place another one takes (kubelet eviction and nodeshutdown managers)."""
AGAIN, GIVEN_UP = 2, 3
"""Restarts after which a container keeps ending, and after which it does not wait for its neighbours any more."""


def judge_pod(pod: Json, events: Iterable[Json] = ()) -> Finding | None:
    """The pod's own cause, or None where it is ready, done, or another has its place."""
    status = pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp") or status.get("phase") == "Succeeded":
        return None
    if status.get("phase") == "Failed" and status.get("reason") in LEFTOVER:
        return None
    name = f"Pod {pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"
    for finding in (*_scheduling(status, name, events), *_containers(pod, name), *_failure(status, name)):
        return finding
    return None


def statuses(pod: Json) -> tuple[Json, ...]:
    """What the kubelet says of the pod's containers, in the order in which they start."""
    status = pod.get("status", {})
    return (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))


def template(pod: Json, container: str) -> Json:
    """What the pod's spec says of a container; empty where it says nothing."""
    spec = pod.get("spec", {})
    containers = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    return next((each for each in containers if each.get("name") == container), {})


def ending(container: Json) -> Json:
    """How a container's run ended: this one, or the one before; empty where it has never ended."""
    runs = (container.get("state") or {}, container.get("lastState") or {})
    return next((run["terminated"] for run in runs if run.get("terminated")), {})


def restarts(container: Json) -> int:
    """How often the kubelet has started it again."""
    return int(container.get("restartCount") or 0)


def _finding(name: str, symptom: str, *evidence: Evidence, hope: Hope = "yes") -> Finding:
    said = tuple(each for each in evidence if each.text)
    return Finding(status="fail", symptom=symptom, about=name, evidence=said, hope=hope)


def _scheduling(status: Json, name: str, events: Iterable[Json]) -> Iterator[Finding]:
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            message = one_line(condition.get("message") or condition.get("reason") or "")
            said, hope = _autoscaler(events)
            yield _finding(name, f"no node takes it: {message}", *said, hope=hope)


def _autoscaler(events: Iterable[Json]) -> tuple[tuple[Evidence, ...], Hope]:
    """What the node autoscaler said last, and the hope it leaves.

    `PAUSES` aside, what NotTriggerScaleUp says (a group's size limit, a taint, too few GPUs) and a quota are limits
    that only change when something else goes.
    """
    found = [event for event in events if event.get("reason") in AUTOSCALER]
    if not found:
        return (), "yes"
    last = max(found, key=happened)
    message = words(last)
    refused = last["reason"] == "NotTriggerScaleUp" and not any(sign in message for sign in PAUSES)
    limited = last["reason"] == "FailedScaleUp" and "quota" in message.lower()
    said = Evidence(f"event {last['reason']}", one_line(message))
    return (said,), "while others move" if refused or limited else "yes"


def _containers(pod: Json, name: str) -> Iterator[Finding]:
    for container in statuses(pod):
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason, message = waiting.get("reason", ""), waiting.get("message", "")
        said = Evidence(f"container {container.get('name', '')}", one_line(message))
        if reason == "InvalidImageName":
            yield _finding(name, f"InvalidImageName: {container.get('image', '')}", said, hope="no")
        elif reason in PULLING:
            final = reason == "ImagePullBackOff" and any(sign in message.lower() for sign in NO_PULL_HELPS)
            yield _finding(name, f"ImagePullBackOff: {container.get('image', '')}", said, hope="no" if final else "yes")
        elif reason in MISCONFIGURED:
            yield _finding(name, f"{reason}: {said.text}", hope="while others move")
        elif reason == "CrashLoopBackOff" or _restarting(container):
            yield _crash(name, container)


def _restarting(container: Json) -> bool:
    """It runs again between two crashes: ready it is not, and it has ended often."""
    return not container.get("ready") and restarts(container) >= AGAIN


def _crash(name: str, container: Json) -> Finding:
    ended = ending(container)
    how = ended.get("reason") or "ended"
    symptom = f"container {container.get('name')} keeps ending: {how}, exit code {ended.get('exitCode', '?')}"
    hope: Hope = "while others move" if restarts(container) >= GIVEN_UP else "yes"
    return _finding(name, symptom, Evidence("its last words", one_line(ended.get("message") or "")), hope=hope)


def _failure(status: Json, name: str) -> Iterator[Finding]:
    if status.get("phase") == "Failed":
        text = status.get("message") or status.get("reason") or "it ended with an error"
        yield _finding(name, f"failed: {one_line(text)}")
        return
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Ready" and condition.get("status") != "True":
            text = condition.get("message") or condition.get("reason") or ""
            yield _finding(name, f"not ready: {one_line(text)}".rstrip(": "))
