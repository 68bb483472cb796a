"""Is there room for the GPU models, or a node group that may grow?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.gitops.parsing import Body, items, part, value
from aiops.judge.bill import gpus_of
from aiops.judge.finding import Evidence, Finding
from aiops.judge.model import asks_for_gpu
from aiops.judge.phases.autoscaler import REPORT, at_maximum, backoffs, report_of
from aiops.judge.plan import plan_of, tracked
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    report = look.value("autoscaler")  # one that cannot be read is told, whether or not a model asks for it today
    ours = tracked(look, plan_of(look), "Deployment")
    models = [body for body in look.items("deployments") if asks_for_gpu(body) and _key(body) in ours]
    if not models:
        yield skip("no Deployment of these layers asks for a GPU yet")
        return
    largest = max(models, key=asks_for_gpu)
    fitting = [node["metadata"]["name"] for node in look.items("nodes") if gpus_of(node) >= asks_for_gpu(largest)]
    if fitting:
        yield ok(f"node {fitting[0]} has as many GPUs as {ref_of(largest)} asks for, free or not")
        return
    yield _at_zero(report_of(report))


def _at_zero(report: Json | None) -> Finding:
    """No node that would fit is up: what does the autoscaler say?"""
    groups = items(report, "nodeGroups")
    if not groups:
        return skip(f"no GPU node is up, and a node pool at zero cannot be seen without {REPORT}")
    paused = backoffs(report)
    if at_maximum(report):
        return Finding(
            status="fail",
            symptom="no GPU node is up, and every node group is at its maximum size",
            cause="the autoscaler may add no node to any group that it knows",
            fix="raise the maximum size of the GPU node group",
            evidence=tuple(Evidence(REPORT, _words(group)) for group in groups),
        )
    if paused:
        return Finding(
            status="warn",
            symptom="no GPU node is up, and the autoscaler has paused adding nodes",
            cause=paused[0].said.text,
            fix="kubectl -n kube-system describe configmap cluster-autoscaler-status",
            evidence=tuple(each.said for each in paused),
        )
    growing = ", ".join(str(group.get("name")) for group in groups if _may_grow(group))
    return skip(f"no GPU node is up; {growing} may grow, and the autoscaler's report does not say who of them has GPUs")


def _may_grow(group: Body) -> bool:
    size = part(group, "health")
    return int(size.get("cloudProviderTarget") or 0) < int(size.get("maxSize") or 0)


def _words(group: Body) -> str:
    size = value(group, "health", "cloudProviderTarget"), value(group, "health", "maxSize")
    return f"{group.get('name')} has {size[0] or 0} of at most {size[1] or 0}"


def _key(body: Json) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["name"]


CHECK = Check(
    slug="gpu-capacity",
    group="gpu",
    title="a GPU node is there for the models, or one may come",
    reads=("plan", "applications", "deployments", "nodes", "autoscaler"),
    needs=("git-readable", "cluster-reachable"),
    judge=_judge,
)
