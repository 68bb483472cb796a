"""The state of an operation: begun, carried on, tried again, over (controller/appcontroller.go)."""

import re
from collections.abc import Sequence
from datetime import timedelta

from aiops.lab.api.kinds import Json
from aiops.lab.argocd import names
from aiops.lab.argocd.comparison import Comparison
from aiops.lab.argocd.projects import sources_of
from aiops.lab.argocd.sync import Step
from aiops.lab.clock import Clock

ENDED = ("Succeeded", "Failed", "Error")
HISTORY = 10
"""How many deployments are remembered."""
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def state_of(app: Json) -> Json:
    """That of an Application's last or running operation; empty where there was none."""
    return names.status_of(app).get("operationState") or {}


def is_running(state: Json) -> bool:
    """It has begun, and is to be carried on."""
    return bool(state) and state["phase"] not in ENDED


def pauses(state: Json) -> bool:
    """It failed, and is to be tried again."""
    return bool(state) and state["phase"] == "Running" and "finishedAt" in state


def begun(operation: Json, clock: Clock) -> Json:
    """Its state at the start."""
    whole = {"initiatedBy": {}, "retry": {}, **operation}
    return {"operation": whole, "phase": "Running", "startedAt": clock.stamp()}


def result_of(app: Json, sync: Json) -> Json:
    """What is to be synced, before anything was."""
    sources = sync.get("sources") or ([sync["source"]] if sync.get("source") else sources_of(app))
    if "sources" in app["spec"]:
        revisions = {"revisions": sync["revisions"]} if sync.get("revisions") else {}
        return {"revision": "", "source": {"repoURL": ""}, "sources": sources, **revisions}
    return {"revision": sync.get("revision", ""), "source": sources[0]}


def resolved(result: Json, comparison: Comparison) -> Json:
    """With the commits that the comparison found."""
    if "sources" in result:
        return {**result, "revisions": list(comparison.revisions)}
    return {**result, "revision": comparison.revisions[0]}


def wanted(result: Json) -> tuple[list[Json], Sequence[str]]:
    """Its sources and revisions."""
    if "sources" in result:
        return result["sources"], result.get("revisions") or ()
    return [result["source"]], (result["revision"],)


def after(state: Json, step: Step, clock: Clock) -> Json:
    """Its state after a step; where that failed and it may be tried again, it pauses: Running, and finished."""
    ending = state["phase"] == "Terminating"
    retry, count = state["operation"].get("retry") or {}, state.get("retryCount", 0)
    state = {**state, "phase": step.phase, "message": step.message}
    if step.phase not in ENDED:
        return state
    state["finishedAt"] = clock.stamp()
    if step.phase == "Succeeded":
        return state
    if not ending and (count < retry.get("limit", 0) or retry.get("limit", 0) < 0):
        at = clock.now() + timedelta(seconds=_pause_s(retry, count))
        message = f"{step.message}. Retrying attempt #{count + 1} at {at.strftime('%I:%M%p').lstrip('0')}."
        return {**state, "phase": "Running", "retryCount": count + 1, "message": message}
    return {**state, "message": f"{step.message} (retried {count} times)."} if count else state


def until_retry_s(state: Json, clock: Clock) -> float:
    """For how long it pauses still: longer than its message says, for the count has been raised since."""
    since = clock.since(state["finishedAt"])
    return _pause_s(state["operation"].get("retry") or {}, state["retryCount"]) - since


def retried(state: Json) -> Json:
    """Its state as it is tried again."""
    kept = {key: value for key, value in state.items() if key not in ("finishedAt", "syncResult")}
    return {**kept, "message": f"Retrying operation. Attempt #{state['retryCount']}"}


def remembered(before: list[Json], state: Json, clock: Clock) -> list[Json]:
    """The history with what was deployed now."""
    result = state["syncResult"]
    entry = {
        "id": before[-1]["id"] + 1 if before else 0, "deployStartedAt": state["startedAt"], "deployedAt": clock.stamp(),
        "initiatedBy": state["operation"].get("initiatedBy") or {},
        **{key: result[key] for key in ("source", "sources", "revision", "revisions") if result.get(key)},
    }  # fmt: skip
    return [*before, entry][-HISTORY:]


def _pause_s(retry: Json, count: int) -> float:
    backoff = retry.get("backoff") or {}
    first, longest = (_seconds(backoff.get(key) or plain) for key, plain in (("duration", "5s"), ("maxDuration", "3m")))
    return min(first * float(backoff.get("factor", 2)) ** count, longest or float("inf"))


def _seconds(text: str) -> float:
    """A duration as Go writes it, as `1m30s`; a plain number is seconds."""
    if text.isdigit():
        return float(text)
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))
