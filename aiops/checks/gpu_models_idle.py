"""Is a model scaled up that nobody uses? Told by what its own server has counted since its start."""

from collections.abc import Iterator
from math import inf

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import age_s, since
from aiops.judge.bill import bills
from aiops.judge.finding import Evidence, Finding
from aiops.judge.pod import statuses
from aiops.judge.raised import still_raised, when_scaled
from aiops.judge.stoppable import Running, application_of, gpu_pods, pods_of, running_models
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

IDLE_S = 1800.0
"""A model that has answered nobody for so long was forgotten, or is kept for somebody who should say so."""


def _judge(look: Look) -> Iterator[Finding]:
    deployments, pods = look.items("deployments"), look.items("pods")
    running = running_models(deployments, pods)
    if not running:
        yield skip("no GPU model is up")
        return
    bodies = {str(ref_of(each)): each for each in deployments}
    for each in running:
        yield _finding(look, each, bodies[str(each)]) if str(each) in bodies else ok(f"{each} is up, {each.why_not}")


def _finding(look: Look, running: Running, body: Json) -> Finding:
    up_s = (look.at - when).total_seconds() if (when := when_scaled(body)) else _oldest_s(look, body)
    usage: Json = look.value("usage").get(str(running), {"problem": "none of its pods is ready"})
    if min(up_s, _running_s(look, body)) < IDLE_S:
        return ok(f"{running} is up for {since(up_s)}")
    if usage.get("problem"):
        return _idle(
            look, running, body, up_s, "unknown", f"could not tell whether anybody uses it: {usage['problem']}"
        )
    if usage["running"] or usage["finished"]:
        return ok(
            f"{running} is up for {since(up_s)}: {usage['finished']} requests answered, {usage['running']} running"
        )
    return _idle(look, running, body, up_s, "warn", "its server has answered no request since its start")


def _idle(look: Look, running: Running, body: Json, up_s: float, status: str, cause: str) -> Finding:
    raised = still_raised(body)
    return Finding(
        status="unknown" if status == "unknown" else "warn",
        symptom=f"{running} is up for {since(up_s)}",
        cause=cause,
        about=str(running),
        fix=running.why_not or _stop(body),
        evidence=(*((Evidence("raised by", str(raised)),) if raised else ()), *_money(look, body)),
    )


def _money(look: Look, body: Json) -> Iterator[Evidence]:
    """What its nodes have cost so far."""
    names = {(pod.get("spec") or {}).get("nodeName") for pod in pods_of(body, gpu_pods(look.items("pods")))}
    nodes = [node for node in look.items("nodes") if node["metadata"]["name"] in names]
    for bill in bills(nodes, look.at, look.value("config")["prices"]):
        cost = "" if bill.cost is None else f", {bill.cost:.2f} so far"
        yield Evidence(f"Node {bill.node}", f"up for {since(bill.age_s)}{cost}")


def _running_s(look: Look, body: Json) -> float:
    """Since its server was started last, which is when it began to count; endless where none runs."""
    states = (each.get("state") or {} for pod in pods_of(body, look.items("pods")) for each in statuses(pod))
    started = (state["running"].get("startedAt") for state in states if state.get("running"))
    return min((age for time in started if (age := age_s(look.at, time)) is not None), default=inf)


def _oldest_s(look: Look, body: Json) -> float:
    """Since when its oldest pod is there, where nobody noted who scaled it."""
    created = (pod["metadata"].get("creationTimestamp") for pod in pods_of(body, look.items("pods")))
    return max((age for time in created if (age := age_s(look.at, time)) is not None), default=0.0)


def _stop(body: Json) -> str:
    """The command that stops this one and no other."""
    if application := application_of(body):
        return f"aiops vllm-down {application}"
    return f"kubectl -n {body['metadata']['namespace']} scale deployment {body['metadata']['name']} --replicas=0"


CHECK = Check(
    slug="gpu-models-idle",
    group="gpu",
    title="no GPU model is up that nobody uses",
    reads=("deployments", "pods", "nodes", "usage", "config"),
    needs=("cluster-reachable",),
    judge=_judge,
)
