"""Does a GPU pod wait for a machine that the cloud has not got?"""

from collections.abc import Iterator

from aiops.checks.check import Check
from aiops.judge.finding import Finding
from aiops.judge.unplaced import denials
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    return denials(
        look,
        "stock",
        so="the cloud has no such machine",
        fix="add a node pool with another GPU type or in another zone, or wait: the autoscaler tries again",
        none="the cloud to have a machine",
    )


CHECK = Check(
    slug="gpu-stock",
    group="gpu",
    title="no GPU pod waits for a machine that the cloud has not got",
    reads=("pods", "events", "autoscaler"),
    needs=("cluster-reachable",),
    judge=_judge,
)
