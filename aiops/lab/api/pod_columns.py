"""The columns of pods, of which STATUS says in a word what six fields say (printers.go, printPod)."""

from aiops.lab.api.durations import Age
from aiops.lab.api.kinds import Json


def pod(body: Json, age: Age) -> list[object]:
    """Its row."""
    meta, spec, status = body["metadata"], body["spec"], body.get("status") or {}
    statuses = status.get("containerStatuses") or ()
    ready = f"{sum(bool(each.get('ready')) for each in statuses)}/{len(spec['containers'])}"
    restarts: int = sum(each.get("restartCount", 0) for each in statuses)
    ends = [((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for each in statuses]
    ago = f" ({age(max(filter(None, ends)))} ago)" if restarts and any(ends) else ""
    word = "Terminating" if meta.get("deletionTimestamp") else _beginning(body) or _running(status)
    where = [
        value or "<none>" for value in (status.get("podIP"), spec.get("nodeName"), status.get("nominatedNodeName"))
    ]
    return [meta["name"], ready, word, f"{restarts}{ago}", age(meta.get("creationTimestamp")), *where, "<none>"]


def _beginning(body: Json) -> str:
    """While its init containers run."""
    for number, each in enumerate((body.get("status") or {}).get("initContainerStatuses") or ()):
        state = each.get("state") or {}
        if (state.get("terminated") or {}).get("exitCode") != 0:
            word = _word(state)
            of = f"{number}/{len(body['spec']['initContainers'])}"
            return f"Init:{of if word in ('', 'PodInitializing') else word}"
    return ""


def _running(status: Json) -> str:
    """By the first container that has something to say."""
    statuses = status.get("containerStatuses") or ()
    said = next(filter(None, (_word(each.get("state") or {}) for each in statuses)), "")
    if said == "Completed" and any(each.get("ready") for each in statuses):
        return "Running"
    return str(said or status.get("reason") or status.get("phase") or "Unknown")


def _word(state: Json) -> str:
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    if ended and not ended.get("reason"):
        return f"ExitCode:{ended.get('exitCode', 0)}"
    return str(waiting.get("reason") or ended.get("reason") or "")
