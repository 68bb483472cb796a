"""Which nodes a pod may run on, and the scheduler's words for why not (kube-scheduler, framework/plugins).

Left out, as no tree here uses it: affinity between pods, spread, host ports, volumes' zones, preemption.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aiops.lab.api.kinds import Json
from aiops.lab.api.quantities import parse
from aiops.lab.world.pods import Amounts, requested

CORDON = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
CORDONED, TAINTED = "node(s) were unschedulable", "node(s) had untolerated taint(s)"
ELSEWHERE = "node(s) didn't match Pod's node affinity/selector"
NO_HELP, NO_VICTIM = "Preemption is not helpful for scheduling", "No preemption victims found for incoming pod"


@dataclass(frozen=True)
class Room:
    """A node, and what its pods have taken of it."""

    node: Json
    pods: Sequence[Json]

    def lacks(self, wanted: Amounts) -> Iterator[tuple[str, bool]]:
        """What there is too little of; whether others hold it, and the node would have enough."""
        size = self.node.get("status", {}).get("allocatable") or {}
        most = {name: parse(much) for name, much in size.items()}
        if len(self.pods) + 1 > most.get("pods", 0):
            yield "Too many pods", True
        taken = [requested(pod) for pod in self.pods]
        for name, much in wanted.items():
            whole = most.get(name, Decimal(0))
            if much and much > whole - sum(each.get(name, Decimal(0)) for each in taken):
                yield f"Insufficient {name}", much <= whole


def tolerates(pod: Json, taint: Json) -> bool:
    """One of its tolerations covers the taint."""
    return any(
        each.get("key", taint["key"]) == taint["key"]
        and each.get("effect", taint["effect"]) in ("", taint["effect"])
        and (each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""))
        for each in pod["spec"].get("tolerations") or ()
    )


def is_meant(pod: Json, node: Json) -> bool:
    """Its nodeSelector and its required affinity take the node."""
    labels = node["metadata"].get("labels") or {}
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms")
    if not (pod["spec"].get("nodeSelector") or {}).items() <= labels.items():
        return False
    names = {"metadata.name": node["metadata"]["name"]}
    return terms is None or any(
        _match(term.get("matchExpressions"), labels) and _match(term.get("matchFields"), names) for term in terms
    )


def _match(expressions: Iterable[Json] | None, labels: Json) -> bool:
    return all(_holds(each, labels.get(each["key"])) for each in expressions or ())


def _holds(expression: Json, value: str | None) -> bool:
    values = expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and int(value) > int(values[0])
        case _:
            return value is not None and int(value) < int(values[0])


def obstacles(pod: Json, room: Room) -> list[tuple[str, bool]]:
    """Why a node does not take a pod, by the first filter that says so; whether the end of another pod would help."""
    spec = room.node["spec"]
    if spec.get("unschedulable") and not tolerates(pod, CORDON):
        return [(CORDONED, False)]
    taints = [each for each in spec.get("taints") or () if each["effect"] in ("NoSchedule", "NoExecute")]
    if not all(tolerates(pod, taint) for taint in taints):
        return [(TAINTED, False)]
    if not is_meant(pod, room.node):
        return [(ELSEWHERE, False)]
    return list(room.lacks(requested(pod)))


def explained(found: Sequence[Sequence[tuple[str, bool]]]) -> str:
    """What the scheduler says when no node takes a pod: `found` of each node."""
    if not found:
        return "no nodes available to schedule pods"
    reasons = _counted(why for each in found for why, _ in each)
    helps = _counted(NO_VICTIM if all(by_others for _, by_others in each) else NO_HELP for each in found)
    none = f"0/{len(found)} nodes are available"
    return f"{none}: {reasons}. no new claims to deallocate, preemption: {none}: {helps}."


def _counted(reasons: Iterable[str]) -> str:
    return ", ".join(sorted(f"{count} {reason}" for reason, count in Counter(reasons).items()))
