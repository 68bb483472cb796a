"""GPU pods that no node takes, for longer than a node takes that comes quickly."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiops.gitops.models import GPU
from aiops.judge.age import age_s, since
from aiops.judge.fields import condition
from aiops.judge.finding import Evidence, Finding
from aiops.judge.lineage import is_going
from aiops.judge.phases.autoscaler import TRIGGERED, heard, is_adding, report_of
from aiops.judge.phases.capacity import unscheduled
from aiops.judge.phases.denied import Denied, Why, denied
from aiops.judge.stoppable import gpu_pods
from aiops.snapshot import Json, Ref, moment, ref_of
from aiops.snapshot.look import Look

PATIENCE_S = 300.0
"""Until then the autoscaler may be looking, and the cloud making a machine."""
NODE_COMES = timedelta(minutes=15)
"""cluster-autoscaler's --max-node-provision-time."""


@dataclass(frozen=True)
class Unplaced:
    """A pod that waits for a node."""

    pod: Json
    said: Evidence
    """By the scheduler."""
    seconds: float

    @property
    def ref(self) -> Ref:
        """Which pod."""
        return ref_of(self.pod)

    @property
    def lacks_gpu(self) -> bool:
        """Some node would take it, but for its GPUs, which others have."""
        return f"Insufficient {GPU}" in str(condition(self.pod, "PodScheduled").get("message"))


def unplaced(pods: Iterable[Json], now: datetime) -> tuple[Unplaced, ...]:
    """Of all GPU pods. One that is gated waits for its queue, and is none of them."""
    found = (_unplaced(pod, now) for pod in gpu_pods(pods) if _is_refused(pod))
    return tuple(each for each in found if each.seconds > PATIENCE_S)


def denied_pods(look: Look, why: Why) -> tuple[tuple[Unplaced, Denied], ...]:
    """Those for which the cloud has given no node, and why."""
    report, events = report_of(look.value("autoscaler")), look.items("events")
    pairs = (
        (each, denied(heard(each.pod, events), report, _created(each.pod, look.at)))
        for each in unplaced(look.items("pods"), look.at)
    )
    return tuple((each, found) for each, found in pairs if found is not None and found.why == why)


def denials(look: Look, why: Why, *, so: str, fix: str, none: str) -> Iterator[Finding]:
    """A finding for each GPU pod to which the cloud gives no node for this reason; else that there is none.

    `so`: what the cloud says, as a clause; `none`: what no pod waits for then.
    """
    found = denied_pods(look, why)
    for each, told in found:
        yield Finding(
            status="fail",
            symptom=f"{each.ref} waits for a GPU node for {since(each.seconds)}: {so}",
            cause=told.said[0].text,
            about=str(each.ref),
            fix=fix,
            evidence=(*told.said, each.said),
        )
    waiting = unplaced(look.items("pods"), look.at)
    if not waiting:
        yield Finding(status="skip", symptom="no GPU pod waits for a node")
    elif not found:
        yield Finding(status="ok", symptom=f"of {len(waiting)} GPU pods that wait for a node none waits for {none}")


def node_is_coming(waiting: Unplaced, events: Iterable[Json], report: Json | None, now: datetime) -> bool:
    """The autoscaler has ordered a node, for this pod or at least now, and it may still join."""
    words = heard(waiting.pod, events)
    ordered = words.last is not None and words.last["reason"] == TRIGGERED
    return is_adding(report) or (ordered and not words.gave_up(now, NODE_COMES))


def _is_refused(pod: Json) -> bool:
    said = condition(pod, "PodScheduled")
    return said.get("status") == "False" and said.get("reason") == "Unschedulable" and not is_going(pod)


def _unplaced(pod: Json, now: datetime) -> Unplaced:
    words, began = unscheduled(pod)
    seconds = age_s(now, began) if began else age_s(now, pod["metadata"].get("creationTimestamp"))
    return Unplaced(pod, Evidence("scheduler", words, began), seconds or 0.0)


def _created(pod: Json, now: datetime) -> datetime:
    return moment(pod["metadata"].get("creationTimestamp")) or now
