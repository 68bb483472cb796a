"""Does a container's memory limit leave room beside its shared memory?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.containers import Placed, containers_of
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import Body, value
from aiops.gitops.workloads import pods_made_by
from aiops.judge.age import age_s
from aiops.judge.finding import Evidence, Finding
from aiops.judge.mounts import Mount
from aiops.judge.pod import ending, statuses
from aiops.judge.shared_memory import in_memory, limit_of, over_limit
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_RECENT_S = 3600.0
_CAUSE = "what is written to a volume in memory counts against the container's own limit"


def _lint(declared: Declared) -> Iterator[Finding]:
    sharing = [
        each
        for each in containers_of(declared)
        if in_memory(each.pods.spec, each.container.body) and limit_of(each.container.body) is not None
    ]
    bad = [_in_git(declared, each, mount) for each in sharing for mount in _over(each)]
    yield from bad
    if not sharing:
        yield skip("no container of the tree with a memory limit has a volume in memory")
    elif not bad:
        yield ok(f"the memory limits of {len(sharing)} containers leave room beside their volumes in memory")


def _over(placed: Placed) -> Iterator[Mount]:
    return over_limit(placed.pods.spec, placed.container.body)


def _in_git(declared: Declared, placed: Placed, mount: Mount) -> Finding:
    limit, size = _limit(placed.container.body), value(mount.volume, "emptyDir", "sizeLimit")
    where = declared.place(placed.manifest, *placed.pods.path, "volumes", mount.name, "emptyDir", "sizeLimit")
    return Finding(
        status="warn",
        symptom=f"{placed} may use {limit} of memory, and its {mount.path} alone may hold {size}",
        cause=f"{_CAUSE}: filled, it is OOMKilled",
        fix=f"set limits.memory above {size} and what the process itself needs, or the sizeLimit of {mount.name} lower",
        **of(placed.manifest),
        **at(where),
    )


def _judge(look: Look) -> Iterator[Finding]:
    killed = [
        (pod, container, mounts)
        for pod in look.items("pods")
        for container in statuses(pod)
        if _was_killed(look, container) and (mounts := _in_memory(pod, container["name"]))
    ]
    for pod, container, mounts in killed:
        yield _on_cluster(pod, container, mounts)
    if not killed:
        yield ok("no container with a volume in memory was OOMKilled")


def _was_killed(look: Look, container: Json) -> bool:
    """For its memory, and it is not over that: it is not ready, or has been for a short while."""
    ended = ending(container)
    since = age_s(look.at, ended.get("finishedAt"))
    return ended.get("reason") == "OOMKilled" and not (container.get("ready") and (since or _RECENT_S) >= _RECENT_S)


def _in_memory(pod: Json, name: str) -> tuple[Mount, ...]:
    return tuple(
        mount
        for pods in pods_made_by(pod)
        for container in pods.containers
        if container.name == name and limit_of(container.body) is not None
        for mount in in_memory(pods.spec, container.body)
    )


def _on_cluster(pod: Json, status: Json, mounts: tuple[Mount, ...]) -> Finding:
    name, ended = status["name"], ending(status)
    body = next(each.body for pods in pods_made_by(pod) for each in pods.containers if each.name == name)
    sizes = [f"{each.path} ({value(each.volume, 'emptyDir', 'sizeLimit') or 'of any size'})" for each in mounts]
    return Finding(
        status="warn" if status.get("ready") else "fail",
        symptom=f"container {name} of {ref_of(pod)} was OOMKilled, and {', '.join(sizes)} counts against its limit",
        cause=f"{_CAUSE}, which is {_limit(body)}",
        about=str(ref_of(pod)),
        fix="set limits.memory above the size of the volume and what the process itself needs",
        evidence=(Evidence(f"container {name}", "OOMKilled", ended.get("finishedAt") or ""),),
    )


def _limit(container: Body) -> str:
    return str(value(container, "resources", "limits", "memory"))


CHECK = Check(
    slug="shared-memory-within-limit",
    group="gpu",
    title="memory limits leave room beside shared memory",
    reads=("pods",),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
