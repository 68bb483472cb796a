"""Does a GPU pod wait for a machine that the cloud has not got?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import since
from aiops.judge.finding import Finding
from aiops.judge.unplaced import denied_pods, unplaced
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    found = denied_pods(look, "stock")
    for waiting, denied in found:
        yield Finding(
            status="fail",
            symptom=f"{waiting.ref} waits for a GPU node for {since(waiting.seconds)}: the cloud has no such machine",
            cause=denied.said[0].text,
            about=str(waiting.ref),
            fix="add a node pool with another GPU type or in another zone, or wait: the autoscaler tries again",
            evidence=(*denied.said, waiting.said),
        )
    waiting_at_all = unplaced(look.items("pods"), look.at)
    if not waiting_at_all:
        yield skip("no GPU pod waits for a node")
    elif not found:
        yield ok(f"of {len(waiting_at_all)} GPU pods that wait for a node none waits for the cloud to have a machine")


CHECK = Check(
    slug="gpu-stock",
    group="gpu",
    title="no GPU pod waits for a machine that the cloud has not got",
    reads=("pods", "events", "autoscaler"),
    needs=("cluster-reachable",),
    judge=_judge,
)
