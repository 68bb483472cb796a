"""Phase 6: its containers have started. Are the weights loaded, or does it end before they are?"""

from collections.abc import Iterator
from dataclasses import replace

from aiops.gitops.parsing import Body, items, value
from aiops.judge.event import events_of, shown
from aiops.judge.finding import Evidence
from aiops.judge.hub import OFFLINE, is_on
from aiops.judge.model import Model
from aiops.judge.phases.last_words import meaning_of, quoted
from aiops.judge.phases.stand import Stand, hopeless, waits
from aiops.judge.pod import AGAIN, ending, restarts, statuses, template
from aiops.judge.probe import kills
from aiops.snapshot import Json, ModelLook

_KILLED = 137
"""128 and SIGKILL."""
_LOST = "ContainerStatusUnknown"
"""Its node went down, or started anew, under it: the kubelet then gives that code to what it does not know."""
_MORE_TIME = {
    "startup": "Raise failureThreshold of its startupProbe: loading takes longer than it allows.",
    "liveness": "Give it a startupProbe: loading takes longer than its livenessProbe allows.",
}


def startup(model: Model, look: ModelLook, pod: Json) -> Stand:
    """Of a pod that is not Ready. Its startupProbe says how long it may take: the kubelet ends what takes longer."""
    events = events_of(pod, look.events)
    failed = [container for container in statuses(pod) if _has_failed(container)]
    found = [stand for container in failed for stand in _causes(look, pod, container, events)]
    stand = next((each for each in found if each.hope == "no"), found[0] if found else _under_way(model, pod, events))
    return replace(stand, wants_log=tuple(container["name"] for container in failed))


def _has_failed(container: Json) -> bool:
    """It ended in another way than it should, in this run or the one before, and is not over that yet."""
    return not container.get("ready") and bool(ending(container).get("exitCode") or restarts(container))


def _causes(look: ModelLook, pod: Json, container: Json, events: tuple[Json, ...]) -> Iterator[Stand]:
    """The most exact first."""
    name, ended, spec = container["name"], ending(container), template(pod, container["name"])
    code, reason, often = ended.get("exitCode", "?"), ended.get("reason") or "Error", restarts(container) >= AGAIN
    how = f"container {name} ended ({reason}, exit code {code})"
    yield from out_of_memory(name, ended, spec)
    lines = (*look.logs.get(name, "").splitlines(), *(ended.get("message") or "").splitlines())
    if found := meaning_of(lines, offline=_is_offline(spec)):
        meaning, line = found
        detail = f"{how}: {meaning.cause}"
        if meaning.patient and not often:
            yield waits("weights", f"{detail}; it starts again", quoted(name, line))
        else:
            yield hopeless("weights", meaning.id, detail, meaning.fix, quoted(name, line))
    yield from _by_probe(name, events)
    logs = f"kubectl -n {pod['metadata'].get('namespace', '')} logs {pod['metadata']['name']} -c {name} --previous"
    if code == _KILLED and reason != _LOST:
        yield hopeless("weights", "killed", f"{how}: something killed it, and no probe did", logs)
    elif often:
        yield hopeless("weights", "crash", f"{how} again and again", logs)
    else:
        yield waits("weights", f"{how} and starts again")


def out_of_memory(name: str, ended: Json, spec: Body) -> Iterator[Stand]:
    """A container that the kernel killed for its memory."""
    if ended.get("reason") != "OOMKilled":
        return
    limit = value(spec, "resources", "limits", "memory")
    most = f"its memory limit is {limit}" if limit else "it has no memory limit, so its node's memory was used up"
    fix = "Raise limits.memory of the container, on nodes that have as much: weights pass through the host's memory."
    said = Evidence(f"container {name}", "OOMKilled", ended.get("finishedAt") or "")
    yield hopeless("weights", "memory", f"container {name} was OOMKilled: {most}", fix, said)


def _by_probe(name: str, events: tuple[Json, ...]) -> Iterator[Stand]:
    """The kubelet killed it, whatever code it ended with then."""
    for probe, event in kills(name, events):
        detail = f"container {name} was killed by its {probe}Probe before it was ready"
        yield hopeless("weights", "probe", detail, _MORE_TIME[probe], shown(event), *_unhealthy(events))


def _under_way(model: Model, pod: Json, events: tuple[Json, ...]) -> Stand:
    said = [shown(event) for event in events if event.get("reason") == "Pulled"][-1:]
    by_name = {container["name"]: container for container in statuses(pod)}
    if "running" in ((by_name.get(model.container) or {}).get("state") or {}):
        return waits("weights", f"container {model.container} runs and is not ready yet", *_unhealthy(events), *said)
    for container in statuses(pod):
        if "running" in (container.get("state") or {}):
            return waits("weights", f"container {container['name']} runs before {model.container}", *said)
    return waits("weights", f"container {model.container} is being started", *said)


def _unhealthy(events: tuple[Json, ...]) -> list[Evidence]:
    return [shown(event) for event in events if event.get("reason") == "Unhealthy"][-1:]


def _is_offline(spec: Body) -> bool:
    return any(variable.get("name") in OFFLINE and is_on(variable.get("value", "")) for variable in items(spec, "env"))
