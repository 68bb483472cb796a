"""Do the workloads that are switched on want more GPUs than there are?"""

from collections.abc import Iterator, Mapping, Sequence

from aiops.checks.check import Check, ok, skip
from aiops.judge.bill import gpus_of
from aiops.judge.finding import Evidence, Finding
from aiops.judge.phases.autoscaler import report_of
from aiops.judge.stoppable import Running, gpu_pods, pods_of, running_models, stop_command
from aiops.judge.unplaced import Unplaced, denied_pods, node_is_coming, unplaced
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    deployments, pods = look.items("deployments"), look.items("pods")
    wanted = running_models(deployments, pods)
    want, have = sum(each.gpus for each in wanted), sum(map(gpus_of, look.items("nodes")))
    waiting = _in_vain(look, pods)
    if not wanted:
        yield skip("nothing that asks for a GPU is switched on")
    elif want <= have or not have or not waiting:
        # at no GPU node at all a single workload waits: gpu-capacity, gpu-quota and gpu-stock say for what
        yield ok(f"{want} GPUs are wanted and {have} there, and nobody waits in vain for another's")
    else:
        yield _finding(want, have, wanted, waiting, {str(ref_of(body)): body for body in deployments}, pods)


def _in_vain(look: Look, pods: Sequence[Json]) -> list[Unplaced]:
    """The pods that lack nothing but a GPU which others have, and for which no node is coming, or may yet be had."""
    report, events = report_of(look.value("autoscaler")), look.items("events")
    later = {each.ref for each, _ in denied_pods(look, "stock")}
    lacking = (each for each in unplaced(pods, look.at) if each.lacks_gpu and each.ref not in later)
    return [each for each in lacking if not node_is_coming(each, events, report, look.at)]


def _finding(
    want: int,
    have: int,
    wanted: Sequence[Running],
    waiting: Sequence[Unplaced],
    bodies: Mapping[str, Json],
    pods: Sequence[Json],
) -> Finding:
    holders = [each for each in wanted if not each.why_not and _holds(bodies.get(str(each)), pods)]
    stop = f"run `{stop_command(bodies[str(holders[0])])}`" if holders else "set one of them to 0 replicas"
    return Finding(
        status="fail",
        symptom=f"{want} GPUs are wanted and {have} there: {waiting[0].ref} waits for one that others have",
        cause=", ".join(f"{each} wants {each.gpus}" for each in wanted),
        about=str(waiting[0].ref),
        fix=f"{stop}, so that the one that waits gets its GPU, or raise the size of the GPU node pool",
        evidence=(*(each.said for each in waiting), *(Evidence(str(each), f"{each.gpus} GPU") for each in wanted)),
    )


def _holds(body: Json | None, pods: Sequence[Json]) -> bool:
    """One of its pods is on a node."""
    return body is not None and any((pod.get("spec") or {}).get("nodeName") for pod in pods_of(body, gpu_pods(pods)))


CHECK = Check(
    slug="gpu-demand",
    group="gpu",
    title="the workloads that are switched on want no more GPUs than there are",
    reads=("deployments", "pods", "nodes", "events", "autoscaler"),
    needs=("cluster-reachable",),
    judge=_judge,
)
