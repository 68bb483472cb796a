"""Are there nodes, and are they ready?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.age import age_s, since
from aiops.judge.bill import is_leaving
from aiops.judge.fields import as_evidence, condition, is_true, said
from aiops.judge.finding import Finding
from aiops.snapshot import Json
from aiops.snapshot.look import Look

JOINING_S = 600.0
"""A node that has just come installs its network and drivers first."""

BLINKS_S = 60.0
"""A node that restarts, or whose kubelet does, is back soon."""


def _judge(look: Look) -> Iterator[Finding]:
    nodes = [node for node in look.items("nodes") if not is_leaving(node)]
    if not nodes:
        yield Finding(
            status="fail",
            symptom="the cluster has no node",
            cause="nothing can run on it",
            fix="add nodes to the cluster, then `kubectl get nodes`",
        )
        return
    bad = [node for node in nodes if not is_true(node, "Ready")]
    joining = [node for node in bad if (age_s(look.at, node["metadata"].get("creationTimestamp")) or 0.0) < JOINING_S]
    for node in bad:
        if node not in joining:
            yield _not_ready(node, look)
    if len(joining) < len(bad):
        return
    if len(joining) == len(nodes):
        yield Finding(
            status="warn",
            symptom=f"none of {len(nodes)} nodes is ready yet",
            cause="all of them joined in the last minutes",
            fix="kubectl get nodes --watch",
        )
        return
    more = f", {len(joining)} more joining" if joining else ""
    yield ok(f"{len(nodes) - len(joining)} of {len(nodes)} nodes are ready{more}")


def _not_ready(node: Json, look: Look) -> Finding:
    ready, name = condition(node, "Ready"), node["metadata"]["name"]
    age = age_s(look.at, ready.get("lastTransitionTime"))
    what = "silent" if ready.get("status") == "Unknown" else "not ready"
    return Finding(
        status="warn" if age is not None and age < BLINKS_S else "fail",
        symptom=f"node {name} is {what}{f' for {since(age)}' if age is not None else ''}",
        cause=said(ready) or "it says nothing of why",
        about=f"Node {name}",
        fix=f"kubectl describe node {name}",
        evidence=as_evidence(ready),
    )


CHECK = Check(
    slug="nodes-ready",
    group="cluster",
    title="there are nodes, and all are ready",
    reads=("nodes",),
    needs=("cluster-reachable",),
    prerequisite=True,
    judge=_judge,
)
