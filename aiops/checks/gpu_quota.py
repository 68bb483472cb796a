"""Does a GPU pod wait for a node that the cloud's quota does not allow?"""

from collections.abc import Iterator

from aiops.checks.check import Check
from aiops.judge.finding import Finding
from aiops.judge.unplaced import denials
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    return denials(
        look,
        "quota",
        so="the cloud's quota is used up",
        fix="raise the quota in the cloud's console (of GPUs in all regions, of this GPU type in the region, of "
        "CPUs; spot machines have their own), or scale down what uses it",
        none="the cloud's quota",
    )


CHECK = Check(
    slug="gpu-quota",
    group="gpu",
    title="no GPU pod waits for a node that the cloud's quota forbids",
    reads=("pods", "events", "autoscaler"),
    needs=("cluster-reachable",),
    judge=_judge,
)
