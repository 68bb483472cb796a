"""Has the host of each GPU model as much memory as the model may use, and as its weights need on their way?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.judge.age import age_s
from aiops.judge.fields import as_evidence, condition, is_true
from aiops.judge.finding import Evidence, Finding
from aiops.judge.gpu_declared import GpuPods, gpu_pods_of
from aiops.judge.hosts import host_of, memory_limit_gib, requests_of
from aiops.judge.machines import Machine
from aiops.judge.model import startup_limit_s
from aiops.judge.phases.startup import out_of_memory
from aiops.judge.pod import ending, statuses, template
from aiops.judge.probe import never_ready
from aiops.judge.served_models import served_models
from aiops.judge.stoppable import gpu_pods
from aiops.snapshot import Json, moment, ref_of
from aiops.snapshot.look import Look

_LIMIT = ("resources", "limits", "memory")
_CAUSE = "weights pass through the host's memory, and the kernel kills who is over its limit or its node's memory"


def _lint(declared: Declared) -> Iterator[Finding]:
    pods = list(gpu_pods_of(declared))
    known = [(each, host) for each in pods if (host := host_of(declared, each)) is not None]
    found = [*(each for pair in known for each in _over_the_host(declared, *pair)), *_under_the_weights(declared)]
    yield from found
    if not pods:
        yield skip("nothing in the tree asks for a GPU")
    elif not known and not found:
        yield skip("how much memory the nodes of the GPU models have, the tree does not tell")
    elif not found:
        yield ok(f"{len(known)} GPU workloads may use no more memory than the smallest node that takes them has")


def _over_the_host(declared: Declared, pods: GpuPods, host: Machine) -> Iterator[Finding]:
    """What they may use is more than there is; or what they request, and then no node takes them."""
    cpus, requested = requests_of(pods.pods.spec)
    for container in pods.pods.containers:
        limit = memory_limit_gib(container.body)
        if limit is None or limit <= host.memory_gib:
            continue
        fits = requested < host.memory_gib
        yield Finding(
            status="warn" if fits else "fail",
            symptom=f"{pods.manifest}: container {container.name} may use {limit:g} GiB of memory, and its node may "
            f"have {host.memory_gib:g} ({host.name})",
            cause="what it requests fits such a node: there the kernel kills it before it reaches its limit"
            if fits
            else f"it pins that machine type and requests {requested:g} GiB: no node takes it",
            fix="set limits.memory below the node's memory, or requests.memory so high that a larger node takes it",
            evidence=(Evidence("requests", f"{cpus:g} CPUs, {requested:g} GiB and {pods.gpus} GPU"),),
            **of(pods.manifest),
            **at(declared.place(pods.manifest, *container.path, *_LIMIT)),
        )


def _under_the_weights(declared: Declared) -> Iterator[Finding]:
    """Their limit, or their node, is smaller than what they load."""
    for each in served_models(declared):
        host, limit = host_of(declared, each.of), memory_limit_gib(each.container.body)
        sizes = [size for size in (limit, host.memory_gib if host else None) if size is not None]
        if each.footprint is None or not sizes or each.footprint.weights_gib <= min(sizes):
            continue
        yield Finding(
            status="warn",
            symptom=f"{each.of.manifest}: {each.model} has by estimate {each.footprint.weights_gib:.1f} GiB of weights "
            f"and {min(sizes):g} GiB of memory to load them with",
            cause=_CAUSE,
            fix="set limits.memory above the size of the weights, on nodes that have as much, or take a smaller model",
            **of(each.of.manifest),
            **at(declared.place(each.of.manifest, *each.container.path, *_LIMIT)),
        )


def _judge(look: Look) -> Iterator[Finding]:
    nodes = look.named("nodes")
    pods = gpu_pods(look.items("pods"))
    found = [each for pod in pods for each in (*_killed(pod), *_pressed(pod, nodes))]
    yield from found
    if not pods:
        yield skip("no GPU pod is there")
    elif not found:
        yield ok(f"{len(pods)} GPU pods, and none was killed for its memory while it loaded")


def _killed(pod: Json) -> Iterator[Finding]:
    """While it loaded: one that ran for longer than its start may take has grown, which is another fault."""
    for container in statuses(pod):
        name, ended = container["name"], ending(container)
        spec = template(pod, name)
        for stand in out_of_memory(name, ended, spec):
            if not container.get("ready") and (never_ready(pod) or _ran_s(ended) <= startup_limit_s(spec)):
                yield Finding(
                    status="fail",
                    symptom=f"{ref_of(pod)} does not come up: {stand.detail}",
                    cause=_CAUSE,
                    about=str(ref_of(pod)),
                    fix="raise limits.memory of the container, on nodes that have as much, or take a smaller model",
                    evidence=stand.evidence,
                )


def _ran_s(ended: Json) -> float:
    finished = moment(ended.get("finishedAt"))
    ran = age_s(finished, ended.get("startedAt")) if finished is not None else None
    return float("inf") if ran is None else ran


def _pressed(pod: Json, nodes: dict[str, Json]) -> Iterator[Finding]:
    """It is not ready yet, and its node runs out of memory."""
    node = nodes.get((pod.get("spec") or {}).get("nodeName") or "")
    if node is None or not is_true(node, "MemoryPressure") or is_true(pod, "Ready"):
        return
    yield Finding(
        status="fail",
        symptom=f"{ref_of(pod)} is not ready, and its node {node['metadata']['name']} is short of memory",
        cause=_CAUSE,
        about=str(ref_of(pod)),
        fix="add a node pool with larger machines for it, or take a smaller model",
        evidence=as_evidence(condition(node, "MemoryPressure")),
    )


CHECK = Check(
    slug="host-memory",
    group="gpu",
    title="every GPU model's host has the memory to load it",
    reads=("pods", "nodes"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
