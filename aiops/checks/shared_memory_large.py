"""Is there shared memory enough for processes that serve one model on several GPUs?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.containers import Placed, containers_of
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import Body
from aiops.gitops.workloads import Container, pods_made_by
from aiops.judge.age import age_s, since
from aiops.judge.command_line import CommandLine
from aiops.judge.finding import Evidence, Finding, Status
from aiops.judge.model import gpus_of, startup_limit_s
from aiops.judge.mounts import SHARED_MEMORY
from aiops.judge.phases.last_words import key_of
from aiops.judge.pod import restarts, statuses
from aiops.judge.probe import never_ready
from aiops.judge.shared_memory import is_shared_wide
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_PARALLEL = ("--tensor-parallel-size", "-tp", "--pipeline-parallel-size", "-pp")
_CUMEM = "NCCL_CUMEM_ENABLE"
"""vLLM set it to 0 itself for a while, and does so no more (vllm/env_override.py)."""
_OF_A_PRESET = "LLMInferenceService"
"""KServe merges it with a preset, which brings the volume."""
_CAUSE = "processes on several GPUs meet in /dev/shm, of which a container has 64 MiB: NCCL may hang while it starts"
_FIX = f"add an emptyDir with medium: Memory and a sizeLimit as 16Gi at {SHARED_MEMORY}, and {_CUMEM}=0"


def _lint(declared: Declared) -> Iterator[Finding]:
    parallel = [each for each in containers_of(declared) if _is_parallel(each)]
    bad = [found for each in parallel for found in _in_git(declared, each)]
    yield from bad
    if not parallel:
        yield skip("no container of the tree serves on several GPUs")
    elif not bad:
        yield ok(f"{len(parallel)} containers with several GPUs have shared memory of their own")


def _is_parallel(placed: Placed) -> bool:
    body = placed.container.body
    degrees = (CommandLine(body).option(option) for option in _PARALLEL)
    several = gpus_of(body) > 1 or any(each.isdecimal() and int(each) > 1 for each in degrees)
    return several and placed.manifest.kind != _OF_A_PRESET


def _in_git(declared: Declared, placed: Placed) -> Iterator[Finding]:
    if not is_shared_wide(placed.pods.spec, placed.container.body):
        yield _finding(declared, placed, "fail", f"a volume in memory at {SHARED_MEMORY}", "volumeMounts")
    elif not _is_off(placed.container):
        yield _finding(declared, placed, "warn", f"{_CUMEM}=0", "env", _CUMEM)


def _is_off(container: Container) -> bool:
    """Or its value comes from elsewhere, and is not known."""
    return container.value_of(_CUMEM) == "0" or "valueFrom" in container.env.get(_CUMEM, {})


def _finding(declared: Declared, placed: Placed, status: Status, lacks: str, *path: str) -> Finding:
    return Finding(
        status=status,
        symptom=f"{placed} serves on several GPUs without {lacks}",
        cause=_CAUSE,
        fix=_FIX,
        **of(placed.manifest),
        **at(placed.place(declared, *path)),
    )


def _judge(look: Look) -> Iterator[Finding]:
    several = [
        (pod, status, body)
        for pod in look.items("pods")
        for status in statuses(pod)
        if (body := _narrow(pod, status["name"])) and "running" in (status.get("state") or {})
    ]
    hanging = [found for each in several for found in _hanging(look, *each)]
    yield from hanging
    if not several:
        yield skip("no container with several GPUs runs without a volume in memory at /dev/shm")
    elif not hanging:
        yield ok("every container with several GPUs is ready, or still within its time to start")


def _narrow(pod: Json, name: str) -> Body:
    """The container, where it has several GPUs and a small /dev/shm; empty otherwise."""
    for pods in pods_made_by(pod):
        for each in pods.containers:
            if each.name == name and gpus_of(each.body) > 1 and not is_shared_wide(pods.spec, each.body):
                return each.body
    return {}


def _hanging(look: Look, pod: Json, status: Json, body: Body) -> Iterator[Finding]:
    """It runs and is not ready long after it should be, or again and again, and its log has no other reason."""
    started = status["state"]["running"].get("startedAt")
    running_s = age_s(look.at, started) or 0.0
    late = running_s > startup_limit_s(body) or restarts(status) > 0
    if late and never_ready(pod) and not look.value("last-words").get(key_of(pod, status["name"])):
        yield Finding(
            status="warn",
            symptom=f"container {status['name']} of {ref_of(pod)} has several GPUs, a small /dev/shm, and is not ready",
            cause=_CAUSE,
            about=str(ref_of(pod)),
            fix=_FIX,
            evidence=(
                Evidence(f"container {status['name']}", f"runs for {since(running_s)}, {restarts(status)} restarts"),
            ),
        )


CHECK = Check(
    slug="shared-memory-large",
    group="gpu",
    title="what serves on several GPUs has shared memory for them",
    reads=("pods", "last-words"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
