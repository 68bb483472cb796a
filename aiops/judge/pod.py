"""Why a pod is not ready: the phase it is in and the first cause that the evidence gives.

The order of evidence is scheduling, then the containers' waiting reason, then how they last ended; events only
add what conditions do not say (an autoscaler's decision is an event of type Normal: cluster-autoscaler FAQ).
"""

from collections.abc import Iterable, Iterator

from aiops.judge.finding import Evidence, Finding, Hope
from aiops.judge.text import one_line
from aiops.snapshot import Json

AUTOSCALER = ("TriggeredScaleUp", "NotTriggerScaleUp", "FailedScaleUp")
NO_SUCH_IMAGE = ("not found", "manifest unknown", "unauthorized", "denied", "forbidden")
"""What registries say of an image that no further pull brings (containerd's and docker's wording)."""
GIVEN_UP = 3
"""Restarts after which a crash loop is no longer a component waiting for its neighbours."""


def judge_pod(pod: Json, events: Iterable[Json] = ()) -> Finding | None:
    """The pod's own cause, or None where it is ready or done."""
    status = pod.get("status", {})
    if status.get("phase") == "Succeeded" or pod["metadata"].get("deletionTimestamp"):
        return None
    name = f"Pod {pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"
    for finding in (*_scheduling(status, name, events), *_containers(status, name), *_failure(status, name)):
        return finding
    return None


def _finding(name: str, symptom: str, *evidence: Evidence, hope: Hope = "yes") -> Finding:
    said = tuple(each for each in evidence if each.text)
    return Finding(status="fail", symptom=symptom, about=name, evidence=said, hope=hope)


def _scheduling(status: Json, name: str, events: Iterable[Json]) -> Iterator[Finding]:
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            said = [event for event in events if event.get("reason") in AUTOSCALER]
            said.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
            autoscaler = (
                Evidence(f"event {event['reason']}", one_line(event.get("message", ""))) for event in said[-1:]
            )
            message = one_line(condition.get("message") or condition.get("reason") or "")
            yield _finding(name, f"no node takes it: {message}", *autoscaler)


def _containers(status: Json, name: str) -> Iterator[Finding]:
    for container in (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ):
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason, message = waiting.get("reason", ""), waiting.get("message", "")
        said = Evidence(f"container {container.get('name', '')}", one_line(message))
        image = f"{reason}: {container.get('image', '')}"
        if reason == "InvalidImageName" or (
            reason == "ImagePullBackOff" and any(sign in message.lower() for sign in NO_SUCH_IMAGE)
        ):
            yield _finding(name, image, said, hope="no")
        elif reason in ("ErrImagePull", "ImagePullBackOff"):
            yield _finding(name, image, said)
        elif reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
            yield _finding(name, f"{reason}: {said.text}", hope="while others move")
        elif reason == "CrashLoopBackOff":
            yield _crash(name, container)


def _crash(name: str, container: Json) -> Finding:
    ended = (container.get("lastState") or {}).get("terminated") or {}
    restarts = int(container.get("restartCount") or 0)
    how = ended.get("reason") or "ended"
    symptom = f"container {container.get('name')} keeps ending: {how}, exit code {ended.get('exitCode', '?')}"
    hope: Hope = "while others move" if restarts >= GIVEN_UP else "yes"
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
