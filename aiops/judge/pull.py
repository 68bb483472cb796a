"""Why a container's image is not there yet, in the kubelet's words."""

import re
from dataclasses import dataclass
from typing import Literal

from aiops.judge.event import times_seen, words
from aiops.judge.finding import Evidence
from aiops.judge.pod import NO_PULL_HELPS
from aiops.judge.text import one_line
from aiops.snapshot import Json

Reason = Literal["denied", "missing", "no-space", "limited", "other"]
_STATUS = re.compile(r"\b(401|403|404)\b")
_LIMITED = re.compile(r"toomanyrequests|too many requests|\b429\b|rate limit")
"""Docker Hub's, ECR's and GHCR's words: nobody was refused, and a later pull brings it."""
_WRAPPING = re.compile(
    r"^(Back-off pulling image \S+|Failed to pull image \S+|ErrImagePull|rpc error: \S+ = \S+ desc =):? *"
)


@dataclass(frozen=True)
class Pull:
    """One image that a kubelet tried to pull."""

    image: str
    reason: Reason
    """What its last try ended with."""
    said: Evidence
    again: bool
    """It was tried more than once: what failed once may have been a moment's trouble."""


def pull_of(container: Json, events: tuple[Json, ...]) -> Pull:
    """Of a container's status that waits with one of judge.pod.PULLING; `events` are its pod's."""
    waiting = container["state"]["waiting"]
    tries = [event for event in own_events(container, events) if words(event).startswith("Failed to pull image")]
    # until Kubernetes 1.31 the back-off did not say what it is for
    cause = _cause(waiting.get("message") or "") or (_cause(words(tries[-1])) if tries else "")
    again = waiting["reason"] == "ImagePullBackOff" or any(times_seen(event) > 1 for event in tries)
    said = Evidence("kubelet", one_line(cause))
    return Pull(image=container.get("image", ""), reason=_reason(cause), said=said, again=again)


def own_events(container: Json, events: tuple[Json, ...]) -> list[Json]:
    """The events on one of the pod's containers; where one does not name it, by its image."""
    end, quoted = f"{{{container.get('name')}}}", f'"{container.get("image")}"'
    return [
        event
        for event in events
        if (path := (event.get("involvedObject") or {}).get("fieldPath", "")).endswith(end)
        or (not path and quoted in words(event))
    ]


def _reason(cause: str) -> Reason:
    low = cause.lower()
    if _LIMITED.search(low):
        return "limited"
    if not (any(sign in low for sign in NO_PULL_HELPS) or _STATUS.search(cause)):
        return "other"
    if "no space left" in low:
        return "no-space"
    return "missing" if "not found" in low or "manifest unknown" in low or "404" in low else "denied"


def _cause(message: str) -> str:
    """A pull's message without its wrapping, which differs from try to pause."""
    while (shorter := _WRAPPING.sub("", message)) != message:
        message = shorter
    return message
