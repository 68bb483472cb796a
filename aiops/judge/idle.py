"""Whether anybody uses a model, by what its own server has counted since its start."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from aiops.judge.age import age_s, since
from aiops.judge.pod import statuses
from aiops.judge.raised import when_scaled
from aiops.judge.stoppable import pods_of
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

IDLE_S = 1800.0
"""A model that has answered nobody for so long was forgotten, or is kept for somebody who should say so."""


@dataclass(frozen=True)
class Use:
    """Of one Deployment."""

    kind: Literal["new", "used", "idle", "unknown"]
    """`new`: it is up for too short to tell."""
    up_s: float
    words: str


def use_of(look: Look, deployment: Json) -> Use:
    """Uses the reads `pods` and `usage`."""
    when = when_scaled(deployment)
    up_s = (look.at - when).total_seconds() if when else _oldest_s(look, deployment)
    usage: Json = look.value("usage").get(str(ref_of(deployment)), {"problem": "none of its pods is ready"})
    if min(up_s, _running_s(look, deployment)) < IDLE_S:
        return Use("new", up_s, f"is up for {since(up_s)}")
    if usage.get("problem"):
        return Use("unknown", up_s, f"could not tell whether anybody uses it: {usage['problem']}")
    if usage["running"] or usage["finished"]:
        words = f"is up for {since(up_s)}: {usage['finished']} requests answered, {usage['running']} running"
        return Use("used", up_s, words)
    return Use("idle", up_s, "its server has answered no request since its start")


def _running_s(look: Look, body: Json) -> float:
    """Since its server was started last, which is when it began to count; endless where none runs."""
    states = (each.get("state") or {} for pod in pods_of(body, look.items("pods")) for each in statuses(pod))
    started = (state["running"].get("startedAt") for state in states if state.get("running"))
    return min((age for time in started if (age := age_s(look.at, time)) is not None), default=inf)


def _oldest_s(look: Look, body: Json) -> float:
    """Since when its oldest pod is there, where nobody noted who scaled it."""
    created = (pod["metadata"].get("creationTimestamp") for pod in pods_of(body, look.items("pods")))
    return max((age for time in created if (age := age_s(look.at, time)) is not None), default=0.0)
