"""Does every GPU node offer its GPU?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import age_s, since
from aiops.judge.bill import is_gpu_node, is_leaving, offers_gpu
from aiops.judge.finding import Finding
from aiops.snapshot import Json
from aiops.snapshot.look import Look

INSTALLS_S = 600.0
"""The driver of a new node may take so long."""


def _judge(look: Look) -> Iterator[Finding]:
    nodes = [node for node in look.items("nodes") if is_gpu_node(node) and not is_leaving(node)]
    if not nodes:
        yield skip("no GPU node is up")
        return
    without = [node for node in nodes if not offers_gpu(node)]
    late = [node for node in without if _age(look, node) > INSTALLS_S]
    for node in late:
        name = node["metadata"]["name"]
        yield Finding(
            status="fail",
            symptom=f"node {name} is up for {since(_age(look, node))} and offers no GPU",
            cause="its driver or device plugin is not there: no model can run on it, and it is paid for",
            about=f"Node {name}",
            fix=f"kubectl get pods -A --field-selector spec.nodeName={name}",
        )
    if not late:
        new = f", {len(without)} of them still installing" if without else ""
        yield ok(f"{len(nodes)} GPU node{'s' if len(nodes) > 1 else ''} up{new}")


def _age(look: Look, node: Json) -> float:
    return age_s(look.at, node["metadata"].get("creationTimestamp")) or 0.0


CHECK = Check(
    slug="gpu-nodes-usable",
    group="gpu",
    title="every GPU node offers its GPU",
    reads=("nodes",),
    needs=("cluster-reachable",),
    judge=_judge,
)
