"""Is a model scaled up that nobody uses? Told by what its own server has counted since its start."""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import since
from aiops.judge.bill import bills
from aiops.judge.finding import Evidence, Finding
from aiops.judge.idle import use_of
from aiops.judge.raised import still_raised
from aiops.judge.stoppable import Running, gpu_pods, pods_of, running_models, stop_command
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look


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
    use = use_of(look, body)
    if use.kind in ("new", "used"):
        return ok(f"{running} {use.words}")
    return _idle(look, running, body, use.up_s, use.kind, use.words)


def _idle(look: Look, running: Running, body: Json, up_s: float, status: str, cause: str) -> Finding:
    raised = still_raised(body)
    return Finding(
        status="unknown" if status == "unknown" else "warn",
        symptom=f"{running} is up for {since(up_s)}",
        cause=cause,
        about=str(running),
        fix=running.why_not or stop_command(body),
        evidence=(*((Evidence("raised by", str(raised)),) if raised else ()), *_money(look, body)),
    )


def _money(look: Look, body: Json) -> Iterator[Evidence]:
    """What its nodes have cost so far."""
    names = {(pod.get("spec") or {}).get("nodeName") for pod in pods_of(body, gpu_pods(look.items("pods")))}
    nodes = [node for node in look.items("nodes") if node["metadata"]["name"] in names]
    for bill in bills(nodes, look.at, look.value("config")["prices"]):
        cost = "" if bill.cost is None else f", {bill.cost:.2f} so far"
        yield Evidence(f"Node {bill.node}", f"up for {since(bill.age_s)}{cost}")


CHECK = Check(
    slug="gpu-models-idle",
    group="gpu",
    title="no GPU model is up that nobody uses",
    reads=("deployments", "pods", "nodes", "usage", "config"),
    needs=("cluster-reachable",),
    judge=_judge,
)
