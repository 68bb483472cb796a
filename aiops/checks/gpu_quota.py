"""Does a GPU pod wait for a node that the cloud's quota does not allow?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import since
from aiops.judge.finding import Finding
from aiops.judge.unplaced import denied_pods, unplaced
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    found = denied_pods(look, "quota")
    for waiting, denied in found:
        yield Finding(
            status="fail",
            symptom=f"{waiting.ref} waits for a GPU node for {since(waiting.seconds)}: the cloud's quota is used up",
            cause=denied.said[0].text,
            about=str(waiting.ref),
            fix="raise the quota in the cloud's console (of GPUs in all regions, of this GPU type in the region, of "
            "CPUs; spot machines have their own), or scale down what uses it",
            evidence=(*denied.said, waiting.said),
        )
    waiting_at_all = unplaced(look.items("pods"), look.at)
    if not waiting_at_all:
        yield skip("no GPU pod waits for a node")
    elif not found:
        yield ok(f"of {len(waiting_at_all)} GPU pods that wait for a node none waits for the cloud's quota")


CHECK = Check(
    slug="gpu-quota",
    group="gpu",
    title="no GPU pod waits for a node that the cloud's quota forbids",
    reads=("pods", "events", "autoscaler"),
    needs=("cluster-reachable",),
    judge=_judge,
)
