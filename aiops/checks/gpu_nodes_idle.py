"""Is a GPU node paid for on which nothing asks for its GPU?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import since
from aiops.judge.bill import VENDOR, Bill, bills, is_leaving
from aiops.judge.finding import Finding
from aiops.judge.model import asks_for_gpu
from aiops.judge.raised import when_scaled
from aiops.judge.stoppable import ENDED
from aiops.snapshot import Json
from aiops.snapshot.look import Look

DRAINS_S = 900.0
"""cluster-autoscaler takes a node away that was not needed for 10 minutes."""


def _judge(look: Look) -> Iterator[Finding]:
    found = bills(look.items("nodes"), look.at, look.value("config")["prices"])
    if not found:
        yield skip("no GPU node is up")
        return
    leaving = {node["metadata"]["name"] for node in look.items("nodes") if is_leaving(node)}
    used = {(pod.get("spec") or {}).get("nodeName") for pod in look.items("pods") if _holds_gpu(pod)}
    idle = [bill for bill in found if bill.node not in used | leaving]
    late = [bill for bill in idle if min(bill.age_s, _since_scaled_s(look)) > DRAINS_S]
    for bill in late:
        yield _finding(bill)
    if not late:
        going = leaving & {bill.node for bill in found}
        words = [f"{len(idle)} of them idle for less than {since(DRAINS_S)}"] if idle else []
        words += [f"{len(going)} of them leaving"] if going else []
        yield ok(f"{len(found)} GPU node{'s' if len(found) > 1 else ''} up, {', '.join(words) or 'all in use'}")


def _finding(bill: Bill) -> Finding:
    cost = "" if bill.cost is None else f", {bill.cost:.2f} so far"
    return Finding(
        status="warn",
        symptom=f"GPU node {bill.node} is up for {since(bill.age_s)}{cost}, and nothing on it asks for its GPU",
        cause="the autoscaler leaves it: a pod that it may not move, a minimum size above 0, or no autoscaler at all",
        about=f"Node {bill.node}",
        fix=f"kubectl get pods -A --field-selector spec.nodeName={bill.node}",
    )


def _holds_gpu(pod: Json) -> bool:
    """A whole one, a shared one or a part; and has not ended."""
    containers = (pod.get("spec") or {}).get("containers") or ()
    limits = (name for each in containers for name in (each.get("resources") or {}).get("limits") or {})
    return pod.get("status", {}).get("phase") not in ENDED and any(name.startswith(VENDOR) for name in limits)


def _since_scaled_s(look: Look) -> float:
    """Since a GPU model was scaled last: its node leaves some minutes later."""
    times = [when_scaled(body) for body in look.items("deployments") if asks_for_gpu(body)]
    return min(((look.at - time).total_seconds() for time in times if time is not None), default=DRAINS_S + 1)


CHECK = Check(
    slug="gpu-nodes-idle",
    group="gpu",
    title="no GPU node is paid for that nothing uses",
    reads=("nodes", "pods", "deployments", "config"),
    needs=("cluster-reachable",),
    judge=_judge,
)
