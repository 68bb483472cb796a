"""Phase 5: the pod has a node. Are its volumes mounted, its image pulled, its containers made?"""

import re

from aiops.judge.event import events_of, happened, shown, times_seen, words
from aiops.judge.finding import Evidence
from aiops.judge.phases.stand import Stand, hopeless, waits
from aiops.judge.pod import AGAIN, MISCONFIGURED, PULLING, restarts, statuses, template
from aiops.judge.pull import own_events, pull_of
from aiops.judge.text import one_line
from aiops.snapshot import Json, ModelLook

_STEPS = ("Pulling", "Pulled", "SuccessfulAttachVolume")
_TROUBLE = ("FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox")
_HOPELESS = {
    "no-space": "Give the GPU node pool larger disks.",
    "missing": "Correct the image in the Deployment.",
    "denied": "Give the pod an imagePullSecret for this registry, or the node's account the right to read it.",
}
"""What brings an image that no further pull brings."""
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
    pull = pull_of(container, events)
    detail = f"{pull.image} cannot be pulled: {pull.said.text or 'no reason given'}"
    if not pull.again or pull.reason not in _HOPELESS:
        return waits("image", detail, pull.said)
    return hopeless("image", f"image-{pull.reason}", detail, _HOPELESS[pull.reason], pull.said)


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
        own = own_events(container, events)
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


def _own(container: Json) -> Evidence:
    message = container["state"]["waiting"].get("message") or ""
    return Evidence(f"container {container.get('name', '')}", one_line(message))
