"""Probes of containers: how long each lets a container be silent, which one had it killed, and what it was answered."""

import re
from collections.abc import Iterable, Iterator

from aiops.gitops.parsing import Body
from aiops.judge.age import age_s
from aiops.judge.event import words
from aiops.judge.fields import condition
from aiops.snapshot import Json, moment

KILLERS = ("startup", "liveness")
"""The kubelet restarts a container that fails one of these; a readinessProbe only keeps requests away."""
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
_REFUSED = re.compile(r"probe failed with status ?code: (401|403)\b")
_CONTAINER = re.compile(r"spec\.\w+\{(.*)\}")
_AT_ONCE_S = 60.0
"""So soon after its place is found a pod has its first condition Ready, which is False."""


def budget_s(probe: Body) -> float:
    """From its container's start until the probe has failed often enough, with Kubernetes' defaults."""
    period, failures = probe.get("periodSeconds") or 10, probe.get("failureThreshold") or 3
    return float((probe.get("initialDelaySeconds") or 0) + period * failures)


def kills(container: str, events: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """(probe, event) of each time that the kubelet killed a container for its probe, the last first.

    The words are the kubelet's own (kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions).
    """
    for event in reversed([event for event in events if event.get("reason") == "Killing"]):
        said = words(event)
        yield from (
            (probe, event) for probe in KILLERS if said.startswith(f"Container {container} failed {probe} probe")
        )


def never_ready(pod: Json) -> bool:
    """It has not been ready once: its condition Ready is False since it has a node.

    The kubelet dates a condition anew only where its status changes.
    """
    ready, scheduled = condition(pod, "Ready"), condition(pod, "PodScheduled")
    then, now = scheduled.get("lastTransitionTime"), moment(ready.get("lastTransitionTime"))
    if ready.get("status") == "True" or now is None:
        return False
    since = age_s(now, then)
    return since is not None and since <= _AT_ONCE_S


def refused_with(event: Json) -> str:
    """401 or 403, where an event says that a probe was answered so; empty where it does not."""
    found = _REFUSED.search(words(event)) if event.get("reason") == "Unhealthy" else None
    return found[1] if found else ""


def is_liveness(event: Json) -> bool:
    """It is about a probe for which the kubelet restarts its container."""
    return words(event).lower().startswith(KILLERS)


def container_of(event: Json) -> str:
    """The container that an event is about; empty where it names none."""
    found = _CONTAINER.fullmatch(str((event.get("involvedObject") or {}).get("fieldPath") or ""))
    return found[1] if found else ""
