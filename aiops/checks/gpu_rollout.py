"""Does a rollout of a GPU model wait for a second GPU, while its own older pod keeps the only one?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import part, value
from aiops.gitops.workloads import pods_made_by
from aiops.judge.bill import gpus_of
from aiops.judge.finding import Finding
from aiops.judge.gpu_declared import gpus_of_spec
from aiops.judge.kserve import is_serverless
from aiops.judge.lineage import has_ended, is_going
from aiops.judge.model import asks_for_gpu
from aiops.judge.phases.autoscaler import report_of
from aiops.judge.rollout import surges
from aiops.judge.stoppable import gpu_pods, pods_of
from aiops.judge.unplaced import Unplaced, node_is_coming, unplaced
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_CAUSE = "the new pod starts before the old one ends: it waits for a second GPU, and the old one for it to be ready"


def _lint(declared: Declared) -> Iterator[Finding]:
    models = [
        (each, path) for each in declared.of("Deployment", "InferenceService") for path in _rolled(declared, each)
    ]
    bad = [(each, path) for each, path in models if _starts_first(each, path)]
    for each, path in bad:
        yield Finding(
            status="fail",
            symptom=f"{each} rolls: while its one pod keeps a GPU, the next one asks for a second",
            cause=_CAUSE,
            fix=f"set {'.'.join(path)}.type: Recreate",
            **of(each),
            **at(declared.place(each, *path, "type")),
        )
    if not models:
        yield skip("no Deployment of the tree asks for a GPU")
    elif not bad:
        yield ok(f"{len(models)} GPU models end the old pod before they start the new one, or run on several GPUs")


def _rolled(declared: Declared, workload: Manifest) -> Iterator[tuple[str, ...]]:
    """Where the strategy of each of its Deployments of GPU pods is written."""
    if workload.kind == "Deployment":
        if any(gpus_of_spec(pods.spec) for pods in pods_made_by(workload.body)):
            yield ("spec", "strategy")
    elif not is_serverless(declared, workload):
        for pods in pods_made_by(workload.body):
            if gpus_of_spec(pods.spec):
                yield (*map(str, pods.path), "deploymentStrategy")


def _starts_first(workload: Manifest, path: tuple[str, ...]) -> bool:
    """One pod is all that is meant; whoever writes several has as many GPUs, and only he knows whether one is spare."""
    strategy = part(workload.body, *path)
    count = "minReplicas" if workload.kind == "InferenceService" else "replicas"
    replicas = value(workload.body, *path[:-1], count)
    one = replicas is None or str(replicas) in ("0", "1")
    return one and surges(strategy)


def _judge(look: Look) -> Iterator[Finding]:
    pods, events, nodes = look.items("pods"), look.items("events"), look.items("nodes")
    report = report_of(look.value("autoscaler"))
    models = [body for body in look.items("deployments") if asks_for_gpu(body)]
    waiting = [each for each in unplaced(pods, look.at) if each.lacks_gpu]
    stuck = [
        (body, each, older)
        for body in models
        for each in waiting
        if (older := _older(body, each, pods)) and not node_is_coming(each, events, report, look.at)
    ]
    enough = sum(map(gpus_of, nodes)) >= sum(map(asks_for_gpu, gpu_pods(pods)))
    for body, each, older in [] if enough else stuck:
        yield Finding(
            status="fail",
            symptom=f"{ref_of(body)} rolls: its new {each.ref} waits for the GPU that its older {ref_of(older)} has",
            cause=_CAUSE,
            about=str(ref_of(body)),
            fix="set spec.strategy.type: Recreate in its Deployment: the older pod then ends first",
            evidence=(each.said,),
        )
    if not models:
        yield skip("no Deployment asks for a GPU")
    elif enough or not stuck:
        yield ok(f"{len(models)} GPU models, and none rolls into a GPU that it has not got")


def _older(deployment: Json, waiting: Unplaced, pods: tuple[Json, ...]) -> Json | None:
    """A pod of an older template that keeps its node; None where the pod that waits is not the Deployment's."""
    own = pods_of(deployment, pods)
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate" or waiting.pod not in own:
        return None
    others = (
        pod
        for pod in own
        if _owner(pod) != _owner(waiting.pod)
        and (pod.get("spec") or {}).get("nodeName")
        and not has_ended(pod)
        and not is_going(pod)
        and _created(pod) <= _created(waiting.pod)
    )
    return next(others, None)


def _owner(pod: Json) -> str:
    return str(next((each.get("uid") for each in pod["metadata"].get("ownerReferences") or ()), ""))


def _created(pod: Json) -> str:
    return str(pod["metadata"].get("creationTimestamp") or "")


CHECK = Check(
    slug="gpu-rollout",
    group="gpu",
    title="no rollout of a GPU model waits for a GPU that its own older pod has",
    reads=("deployments", "pods", "events", "nodes", "autoscaler"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
