"""Has every InferencePool a pod that answers, where somebody wants one?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, owned_by, skip
from aiops.judge.age import since
from aiops.judge.event import events_of
from aiops.judge.finding import Evidence, Finding, worst
from aiops.judge.network.servers import selector_of
from aiops.judge.pod import judge_pod
from aiops.judge.pool_pods import PoolPods, pool_pods, replicas
from aiops.judge.stoppable import application_of
from aiops.judge.text import listed
from aiops.snapshot import ref_of
from aiops.snapshot.look import Look

_NO_PODS = "its pods do not come up, and what is sent to it is answered with 503"


def _judge(look: Look) -> Iterator[Finding]:
    pods, deployments = look.items("pods"), look.items("deployments")
    pools = [pool_pods(pool, pods, deployments) for pool in look.items("inference-pools")]
    wanted = [each for each in pools if each.wanted]
    without = [each for each in wanted if not each.answers]
    late = [each for each in without if each.since_s(look.at) > each.patience_s]
    for each in late:
        yield _finding(look, each)
    if not pools:
        yield skip("the cluster has no InferencePool")
    elif not wanted:
        zero = sorted({str(ref_of(body)) for each in pools for body in each.deployments})
        yield skip(f"no pod is wanted behind {len(pools)} InferencePools" + (f": {listed(zero)} at 0" if zero else ""))
    elif not late:
        young = f", {len(without)} come up" if without else ""
        none = f", {len(pools) - len(wanted)} want none" if len(wanted) < len(pools) else ""
        yield ok(f"{len(wanted) - len(without)} of {len(pools)} InferencePools have a pod that is ready{young}{none}")


def _finding(look: Look, each: PoolPods) -> Finding:
    ref, application, events = ref_of(each.pool), application_of(each.pool), look.items("events")
    why = worst(found for pod in each.pods if (found := judge_pod(pod, events_of(pod, events))) is not None)
    wanted = (f"{ref_of(body)} wants {replicas(body)}" for body in each.deployments if replicas(body))
    selector = ",".join(f"{key}={text}" for key, text in selector_of(each.pool).items())
    return Finding(
        status="fail",
        symptom=f"{ref} has had no pod that is ready for {since(each.since_s(look.at))}",
        cause=f"{why.about}: {why.symptom}" if why else _NO_PODS,
        about=str(ref),
        owner=owned_by(application),
        fix=f"kubectl -n {ref.namespace} get pods -l {selector}",
        evidence=(*(Evidence("its model", text) for text in wanted), *(why.evidence if why else ())),
    )


CHECK = Check(
    slug="pool-endpoints",
    group="network",
    title="every InferencePool has a pod that answers, where one is wanted",
    reads=("inference-pools", "pods", "deployments", "events"),
    needs=("cluster-reachable",),
    judge=_judge,
)
