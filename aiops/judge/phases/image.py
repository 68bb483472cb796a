"""Phase 5: the pod has a node. Are its volumes mounted, its image pulled, its containers made?"""

import re

from aiops.judge.event import events_of, happened, shown, times_seen, words
from aiops.judge.finding import Evidence
from aiops.judge.phases.stand import Stand, hopeless, waits
from aiops.judge.pod import AGAIN, MISCONFIGURED, NO_PULL_HELPS, PULLING, restarts, statuses, template
from aiops.judge.text import one_line
from aiops.snapshot import Json, ModelLook

_STEPS = ("Pulling", "Pulled", "SuccessfulAttachVolume")
_TROUBLE = ("FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox")
_STATUS = re.compile(r"\b(401|403|404)\b")
_WRAPPING = re.compile(
    r"^(Back-off pulling image \S+|Failed to pull image \S+|ErrImagePull|rpc error: \S+ = \S+ desc =):? *"
)
_ABSENT = re.compile(
    r"(secret|configmap) \"?([\w./-]+)\"? not found|key \S+ in (Secret|ConfigMap) ([\w./-]+)", re.IGNORECASE
)
"""How the kubelet names what a container's environment or volume refers to and the namespace does not hold."""


def image(look: ModelLook, pod: Json) -> Stand | None:
    """What its containers wait for before they can start; None once one has, and none waits for its image."""
    events = events_of(pod, look.events)
    for container in statuses(pod):
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason = waiting.get("reason", "")
        if reason == "InvalidImageName":
            detail = f"{reason}: {container.get('image', '')}"
            return hopeless("image", "image-name", detail, "Correct the image in the Deployment.", _own(container))
        if reason in PULLING:
            return _pull(container, events)
        if reason in MISCONFIGURED and restarts(container) < AGAIN:
            return _misconfigured(look, container)
    if any(has_started(container) for container in statuses(pod)):
        return _next_image(pod, events)
    return _before_start(look, pod, events)


def has_started(container: Json) -> bool:
    """It runs, or has run."""
    state = container.get("state") or {}
    return "running" in state or "terminated" in state or bool(container.get("lastState"))


def _pull(container: Json, events: tuple[Json, ...]) -> Stand:
    """A pull that failed once is tried again: credentials of a node that is new may come a moment later."""
    waiting = container["state"]["waiting"]
    tries = [event for event in _of(container, events) if words(event).startswith("Failed to pull image")]
    # until Kubernetes 1.31 the back-off did not say what it is for
    cause = _cause(waiting.get("message") or "") or (_cause(words(tries[-1])) if tries else "")
    said = Evidence("kubelet", one_line(cause))
    detail = f"{container.get('image', '')} cannot be pulled: {said.text or 'no reason given'}"
    again = waiting["reason"] == "ImagePullBackOff" or any(times_seen(event) > 1 for event in tries)
    low = cause.lower()
    if not again or not (any(sign in low for sign in NO_PULL_HELPS) or _STATUS.search(cause)):
        return waits("image", detail, said)
    if "no space left" in low:
        return hopeless("image", "image-no-space", detail, "Give the GPU node pool larger disks.", said)
    if "not found" in low or "manifest unknown" in low or "404" in low:
        return hopeless("image", "image-missing", detail, "Correct the image in the Deployment.", said)
    fix = "Give the pod an imagePullSecret for this registry, or the node's account the right to read it."
    return hopeless("image", "image-denied", detail, fix, said)


def _misconfigured(look: ModelLook, container: Json) -> Stand:
    waiting = container["state"]["waiting"]
    message = waiting.get("message") or ""
    detail = f"container {container['name']}: {waiting['reason']}: {one_line(message)}"
    absent = _absent(look, message, detail, _own(container))
    if absent and waiting["reason"] == "CreateContainerConfigError":
        return absent
    return waits("image", detail, _own(container))


def _before_start(look: ModelLook, pod: Json, events: tuple[Json, ...]) -> Stand:
    """By the newest event that says where it is; what failed before that is mended."""
    telling = [event for event in events if event.get("reason") in (*_STEPS, *_TROUBLE)]
    if not telling:
        return waits("image", "its containers are being made")
    last = telling[-1]
    if last["reason"] not in _TROUBLE:
        return waits("image", one_line(words(last)), shown(last))
    mended = max((happened(event) for event in telling if event["reason"] in _STEPS), default=None)
    for event in reversed(telling):
        fresh = mended is None or happened(event) > mended
        if event["reason"] in _TROUBLE and fresh and times_seen(event) > 1:
            detail = f"{event['reason']}: {one_line(words(event))}"
            if absent := _absent(look, words(event), detail, shown(event)):
                return absent
    return waits("image", f"{last['reason']}: {one_line(words(last))}", shown(last))


def _next_image(pod: Json, events: tuple[Json, ...]) -> Stand | None:
    """The image of a container that comes after init containers, where they have another one."""
    # by the template: once a container has started, its status names the image as the runtime does
    there = {_image(pod, container) for container in statuses(pod) if has_started(container)}
    for container in statuses(pod):
        own = _of(container, events)
        if own and own[-1]["reason"] == "Pulling" and _image(pod, container) not in there:
            return waits("image", one_line(words(own[-1])), shown(own[-1]))
    return None


def _image(pod: Json, container: Json) -> str:
    return str(template(pod, container["name"]).get("image", ""))


def _absent(look: ModelLook, message: str, detail: str, said: Evidence) -> Stand | None:
    found = _ABSENT.search(message)
    if found is None:
        return None
    kind, name = (found.group(1) or found.group(3)).lower(), (found.group(2) or found.group(4)).rpartition("/")[2]
    command = f"kubectl -n {look.deployment['metadata'].get('namespace', '')} get {kind} {name}"
    if kind == "secret":
        command = command.replace("get secret", "get externalsecret,secret")
    return hopeless("image", f"{kind}-missing", detail, command, said)


def _of(container: Json, events: tuple[Json, ...]) -> list[Json]:
    """The events on one of the pod's containers; where one does not name it, by its image."""
    end, quoted = f"{{{container.get('name')}}}", f'"{container.get("image")}"'
    return [
        event
        for event in events
        if (path := (event.get("involvedObject") or {}).get("fieldPath", "")).endswith(end)
        or (not path and quoted in words(event))
    ]


def _own(container: Json) -> Evidence:
    message = container["state"]["waiting"].get("message") or ""
    return Evidence(f"container {container.get('name', '')}", one_line(message))


def _cause(message: str) -> str:
    """A pull's message without its wrapping, which differs from try to pause."""
    while (shorter := _WRAPPING.sub("", message)) != message:
        message = shorter
    return message
