"""Does vLLM leave a part of the GPU's memory to its own start?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.containers import Placed, containers_of
from aiops.gitops.declared import Declared
from aiops.judge.command_line import CommandLine
from aiops.judge.finding import Evidence, Finding
from aiops.judge.model import gpus_of
from aiops.judge.phases.last_words import key_of
from aiops.judge.pod import ending, statuses
from aiops.judge.probe import never_ready
from aiops.judge.serving_images import serves_with_vllm
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

MOST = 0.8
"""Of the GPU's memory. Capturing CUDA graphs and the first activations take more than what vLLM sets aside."""
OPTION = "--gpu-memory-utilization"
_INSTEAD = "--kv-cache-memory-bytes"
"""With it vLLM pays no attention to the other (vllm/config/cache.py)."""
_CAUSE = "weights and KV cache take so much of the GPU that the start, which needs more for a moment, may find none"
_FIX = f"set {OPTION} to {MOST} or less, or pin a GPU with more memory"


def _lint(declared: Declared) -> Iterator[Finding]:
    servers = [each for each in containers_of(declared) if _is_on_gpu(each)]
    bad = [found for each in servers for found in _in_git(declared, each)]
    yield from bad
    if not servers:
        yield skip("no vLLM of the tree with arguments of its own asks for a GPU")
    elif not bad:
        yield ok(f"{len(servers)} vLLM servers take at most {MOST} of their GPU")


def _is_on_gpu(placed: Placed) -> bool:
    """And its arguments are written here: what a preset adds is not known."""
    body = placed.container.body
    return bool(gpus_of(body)) and serves_with_vllm(body) and bool(CommandLine(body).words)


def _in_git(declared: Declared, placed: Placed) -> Iterator[Finding]:
    line = CommandLine(placed.container.body)
    written = line.option(OPTION)
    if line.has(_INSTEAD) or (written and _fits(written)):
        return
    share = f"{written} of its GPU's memory" if written else "vLLM's default, 0.9 or more of its GPU's memory"
    yield Finding(
        status="warn",
        symptom=f"{placed} takes {share}",
        cause=_CAUSE,
        fix=_FIX,
        **of(placed.manifest),
        **at(placed.argument(declared, OPTION)),
    )


def _fits(share: str) -> bool:
    try:
        return float(share) <= MOST
    except ValueError:
        return True  # a variable, whose value is not known here


def _judge(look: Look) -> Iterator[Finding]:
    said = look.value("last-words")
    bad = [
        _out_of_memory(pod, container)
        for pod in look.items("pods")
        for container in statuses(pod)
        if "gpu-memory" in said.get(key_of(pod, container["name"]), ()) and never_ready(pod)
    ]
    yield from bad
    if not bad:
        yield ok("no model's start has run out of GPU memory")


def _out_of_memory(pod: Json, container: Json) -> Finding:
    ended = ending(container)
    return Finding(
        status="fail",
        symptom=f"container {container['name']} of {ref_of(pod)} ran out of GPU memory before it was ready",
        cause="its weights, KV cache and CUDA graphs do not fit into it together, or something else holds a part of it",
        about=str(ref_of(pod)),
        fix=f"set {OPTION} or --max-model-len lower, or pin a GPU with more memory",
        evidence=(Evidence(f"log of {container['name']}", "CUDA out of memory", ended.get("finishedAt") or ""),),
    )


CHECK = Check(
    slug="gpu-memory-headroom",
    group="gpu",
    title="vLLM leaves a part of the GPU's memory to its own start",
    reads=("pods", "last-words"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
