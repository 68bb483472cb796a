"""Does each model fit every GPU on which it may land?"""

from collections.abc import Iterator, Mapping

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.containers import Placed
from aiops.gitops.declared import Declared
from aiops.gitops.models import ACCELERATOR_LABELS
from aiops.judge.finding import Evidence, Finding
from aiops.judge.footprint import number_in
from aiops.judge.gpu_declared import declared_types
from aiops.judge.gpu_types import GpuType, gpu_type
from aiops.judge.phases.last_words import MEANINGS, key_of
from aiops.judge.pod import ending, statuses
from aiops.judge.served_models import ServedModel, served_models
from aiops.judge.stoppable import gpu_pods
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_SHARE = 0.92
"""vLLM's --gpu-memory-utilization where none is written (vllm/config/cache.py; 0.9 before 0.19)."""
_BF16 = ("bfloat16",)
_TOO_SMALL = ("kv-cache", "gpu-type", "gpu-memory")
"""What a server's last words mean where its GPU is too small or too old (judge.phases.last_words)."""


def _lint(declared: Declared) -> Iterator[Finding]:
    known = declared_types(declared)
    models = [(each, types) for each in served_models(declared) if (types := _may_land_on(each, known))]
    judged = [(each, types) for each, types in models if each.footprint is not None]
    bad = [(each, types, why) for each, types in judged if (why := _misfits(each, types))]
    for each, types, why in bad:
        yield _finding(declared, each, why, [label for label in types if label not in why], known)
    if not models:
        yield skip("no model of the hub is served on a GPU of a known type (aiops.prices of the config names types)")
    elif not judged:
        yield skip("no model's name tells its size")
    elif not bad:
        yield ok(f"by estimate each of {len(judged)} models fits every GPU on which it may land")


def _may_land_on(served: ServedModel, known: Mapping[str, str]) -> dict[str, GpuType]:
    """By label, the GPU types that it pins, or else all that are known."""
    labels = served.of.pinned or (() if served.of.elsewhere else tuple(known))
    return {label: found for label in labels if (found := gpu_type(label)) is not None}


def _misfits(served: ServedModel, types: Mapping[str, GpuType]) -> dict[str, str]:
    """By label of a type that does not do, why."""
    footprint, line = served.footprint, served.line
    if footprint is None:
        return {}
    share, over = number_in(line.option("--gpu-memory-utilization")) or _SHARE, _split(served)
    found = {}
    for label, kind in types.items():
        room = share * kind.memory_gib
        if line.option("--dtype") in _BF16 and not kind.bf16:
            found[label] = "it has no bfloat16, which --dtype asks for"
        elif footprint.total_gib / over > room:
            found[label] = f"{footprint} do not fit {over * room:.1f} GiB ({share:g} of {over * kind.memory_gib:g})"
    return found


def _split(served: ServedModel) -> int:
    """Over how many GPUs it is spread."""
    sizes = (("--tensor-parallel-size", "-tp"), ("--pipeline-parallel-size", "-pp"))
    written = [served.line.option(*names) for names in sizes]
    tensor, pipeline = (int(each) if each.isdecimal() else 1 for each in written)
    return max(1, tensor * pipeline)


def _finding(
    declared: Declared, served: ServedModel, why: Mapping[str, str], fitting: list[str], known: Mapping[str, str]
) -> Finding:
    manifest, pinned = served.of.manifest, bool(served.of.pinned)
    label, words = next(iter(why.items()))
    others = f" (nor {', '.join(list(why)[1:])})" if len(why) > 1 else ""
    pin = f"set nodeSelector {ACCELERATOR_LABELS[0]}: {fitting[0]} in its pod template, or " if fitting else "set "
    option = "--max-model-len" if served.line.has("--max-model-len") else "--model"
    return Finding(
        status="warn" if fitting else "fail",
        symptom=f"{manifest}: {served.model} does not fit a {label}{others} by estimate: {words}",
        cause="it pins this GPU type" if pinned else "it pins no GPU type: a node of any type may take it",
        fix=f"{pin}a smaller --max-model-len, a higher --gpu-memory-utilization or a smaller model",
        evidence=tuple(Evidence(known.get(each, str(manifest)), f"names {each}") for each in why),
        **of(manifest),
        **at(Placed(manifest, served.of.pods, served.container).argument(declared, option)),
    )


def _judge(look: Look) -> Iterator[Finding]:
    nodes, words = look.named("nodes"), look.value("last-words")
    pods = [pod for pod in gpu_pods(look.items("pods")) if (pod.get("spec") or {}).get("nodeName")]
    found = [each for pod in pods if (each := _died(pod, nodes.get(pod["spec"]["nodeName"], {}), words))]
    yield from found
    if not pods:
        yield skip("no GPU pod is on a node")
    elif not found:
        yield ok(f"{len(pods)} GPU pods are on a node, and none ended for want of GPU memory")


def _died(pod: Json, node: Json, words: Mapping[str, list[str]]) -> Finding | None:
    """Its server has ended, and said that this GPU does not do."""
    labels = (node.get("metadata") or {}).get("labels") or {}
    kind = next((labels[label] for label in ACCELERATOR_LABELS if labels.get(label)), "")
    selector = pod["spec"].get("nodeSelector") or {}
    free = not any(label in selector for label in ACCELERATOR_LABELS)
    for container in statuses(pod):
        said = words.get(key_of(pod, container["name"]), ())
        meant = next((each for each in MEANINGS if each.id in said and each.id in _TOO_SMALL), None)
        # out of memory on the GPU that was meant is a matter of its settings
        if meant is None or container.get("ready") or (meant.id == "gpu-memory" and not free):
            continue
        of_kind = f" ({kind})" if kind else ""
        return Finding(
            status="fail",
            symptom=f"{ref_of(pod)} does not fit the GPU of its node {pod['spec']['nodeName']}{of_kind}: {meant.cause}",
            cause="it pins no GPU type, and this node took it" if free else "the GPU type that it pins is too small",
            about=str(ref_of(pod)),
            fix=f"set nodeSelector {ACCELERATOR_LABELS[0]} to a larger GPU in its pod template, or a smaller "
            "--max-model-len",
            evidence=(Evidence(f"log of {container['name']}", meant.cause, ending(container).get("finishedAt") or ""),),
        )
    return None


CHECK = Check(
    slug="model-fits-gpu",
    group="gpu",
    title="every model fits each GPU on which it may land",
    reads=("pods", "nodes", "last-words"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
