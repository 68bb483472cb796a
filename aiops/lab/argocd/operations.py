"""The operation of an Application: begun, carried on, tried again, ended (controller/appcontroller.go)."""

import re
from collections.abc import Sequence
from datetime import timedelta

from aiops.lab.api.kinds import Json
from aiops.lab.argocd.comparison import Comparison
from aiops.lab.argocd.projects import sources_of
from aiops.lab.argocd.sync import Step
from aiops.lab.clock import Clock, parse

ENDED = ("Succeeded", "Failed", "Error")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def is_running(state: Json) -> bool:
    """It has begun, and is to be carried on."""
    return bool(state) and state.get("phase") not in ENDED


def begun(operation: Json, clock: Clock) -> Json:
    """Its state at the start."""
    return {"operation": operation, "phase": "Running", "startedAt": clock.stamp()}


def result_of(app: Json, sync: Json) -> Json:
    """What is to be synced, before anything was."""
    sources = sync.get("sources") or ([sync["source"]] if sync.get("source") else sources_of(app))
    if app["spec"].get("sources"):
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
    """Its state after a step; where that failed and it may try again, it pauses: Running, and finished."""
    state = {**state, "phase": step.phase, "message": step.message}
    retry, count = state["operation"].get("retry") or {}, state.get("retryCount", 0)
    if step.phase in ("Failed", "Error") and not (0 <= retry.get("limit", 0) <= count):
        at = clock.now() + timedelta(seconds=_pause_s(retry, count))
        hour = at.strftime("%I:%M%p").lstrip("0")
        message = f"{step.message}. Retrying attempt #{count + 1} at {hour}."
        state |= {"phase": "Running", "retryCount": count + 1, "message": message, "finishedAt": clock.stamp()}
    elif step.phase in ENDED:
        state["finishedAt"] = clock.stamp()
        if step.phase != "Succeeded" and count:
            state["message"] = f"{step.message} (retried {count} times)."
    return state


def until_retry_s(state: Json, clock: Clock) -> float:
    """For how long it pauses still; only where it is finished and Running."""
    retry = state["operation"].get("retry") or {}
    # the count has been raised already, so this pause is the next one (NextRetryAt, as the controller calls it)
    since = (clock.now() - parse(state["finishedAt"])).total_seconds()
    return _pause_s(retry, state.get("retryCount", 0)) - since


def retried(state: Json) -> Json:
    """Its state as it is tried again."""
    kept = {key: value for key, value in state.items() if key not in ("finishedAt", "syncResult")}
    return {**kept, "message": f"Retrying operation. Attempt #{state['retryCount']}"}


def _pause_s(retry: Json, count: int) -> float:
    backoff = retry.get("backoff") or {}
    first, longest = seconds(backoff.get("duration") or "5s"), seconds(backoff.get("maxDuration") or "3m")
    return min(first * float(backoff.get("factor", 2)) ** count, longest or float("inf"))


def seconds(text: str) -> float:
    """A duration as Go writes it, as `1m30s`; a plain number is seconds."""
    if text.isdigit():
        return float(text)
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))
