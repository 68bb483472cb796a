"""Which nodes a pod may run on, and the scheduler's words for why not (kube-scheduler, framework/plugins).

Left out, as no tree here uses it: affinity between pods, of numbers (Gt, Lt) and of fields, spread, host ports,
volumes' zones, preemption.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aiops.lab.api.kinds import Json
from aiops.lab.api.quantities import parse
from aiops.lab.api.selectors import holds
from aiops.lab.world.pods import Amounts, requested

CORDON = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
CORDONED, TAINTED = "node(s) were unschedulable", "node(s) had untolerated taint(s)"
ELSEWHERE = "node(s) didn't match Pod's node affinity/selector"
NO_HELP, NO_VICTIM = "Preemption is not helpful for scheduling", "No preemption victims found for incoming pod"


@dataclass(frozen=True)
class Obstacle:
    """Why a node does not take a pod."""

    words: str
    held: bool = False
    """Others hold what it lacks: were they gone, it would take the pod."""


@dataclass(frozen=True)
class Room:
    """A node, and the pods on it."""

    node: Json
    pods: Sequence[Json]

    def lacks(self, wanted: Amounts) -> Iterator[Obstacle]:
        """What there is too little of."""
        size = self.node.get("status", {}).get("allocatable") or {}
        most = {name: parse(much) for name, much in size.items()}
        if len(self.pods) >= most.get("pods", 0):
            yield Obstacle("Too many pods", held=True)
        taken = [requested(pod) for pod in self.pods]
        for name, much in wanted.items():
            whole = most.get(name, Decimal(0))
            if much and much > whole - sum(each.get(name, Decimal(0)) for each in taken):
                yield Obstacle(f"Insufficient {name}", held=much <= whole)


def obstacles(pod: Json, room: Room) -> list[Obstacle]:
    """By the first filter that has one; none where the node takes the pod."""
    if room.node["spec"].get("unschedulable") and not _tolerates(pod, CORDON):
        return [Obstacle(CORDONED)]
    if not has_no_taint_for(pod, room.node):
        return [Obstacle(TAINTED)]
    if not is_meant(pod, room.node):
        return [Obstacle(ELSEWHERE)]
    return list(room.lacks(requested(pod)))


def explained(found: Sequence[Sequence[Obstacle]]) -> str:
    """What the scheduler says when no node takes a pod; `found`: of each node."""
    if not found:
        return "no nodes available to schedule pods"
    reasons = _counted(each.words for node in found for each in node)
    helps = _counted(NO_VICTIM if all(each.held for each in node) else NO_HELP for node in found)
    none = f"0/{len(found)} nodes are available"
    return f"{none}: {reasons}. no new claims to deallocate, preemption: {none}: {helps}."


def _counted(reasons: Iterable[str]) -> str:
    return ", ".join(sorted(f"{count} {reason}" for reason, count in Counter(reasons).items()))


def has_no_taint_for(pod: Json, node: Json) -> bool:
    """It tolerates the node's taints, as far as they keep pods away."""
    taints = node["spec"].get("taints") or ()
    return all(_tolerates(pod, taint) for taint in taints if taint["effect"] != "PreferNoSchedule")


def _tolerates(pod: Json, taint: Json) -> bool:
    return any(
        each.get("key", taint["key"]) == taint["key"]
        and each.get("effect", taint["effect"]) == taint["effect"]
        and (each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""))
        for each in pod["spec"].get("tolerations") or ()
    )


def is_meant(pod: Json, node: Json) -> bool:
    """Its nodeSelector and its required affinity choose the node."""
    labels, spec = node["metadata"].get("labels") or {}, pod["spec"]
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not (spec.get("nodeSelector") or {}).items() <= labels.items():
        return False
    return required is None or any(
        all(holds(each, labels.get(each["key"])) for each in term.get("matchExpressions") or ())
        for term in required["nodeSelectorTerms"]
    )
