"""Does an autoscaler keep a GPU up around the clock, whoever scales it down?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.gitops.monitors import body_of
from aiops.judge.fields import owner_of
from aiops.judge.finding import Evidence, Finding
from aiops.judge.keda import PAUSED, PINNED, autoscaler_of, autoscaling
from aiops.judge.model import asks_for_gpu
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_CAUSE = (
    "KEDA sets the replicas back whenever somebody lowers them: the GPU node never goes, and is paid for day and night"
)
_STAYS_UP = "prod"
"""`profile` of the config of a platform whose models are meant to stay up."""


def _lint(declared: Declared) -> Iterator[Finding]:
    workloads = [body_of(each) for each in declared.of("Deployment", "StatefulSet")]
    scaled = [(each, body_of(each)) for each in declared.of("ScaledObject")]
    of_gpus = [(each, body) for each, body in scaled if _gpus(body, workloads)]
    bad = [(each, body) for each, body in of_gpus if autoscaling(body).floor]
    wanted = declared.config is not None and declared.config.profile == _STAYS_UP
    for each, body in bad:
        place = declared.place(each, *_where(body))
        found = replace(_finding(body), fix=f'set its annotation {PAUSED}: "true" in place of what keeps it up')
        yield replace(found, status="warn" if wanted else "fail", **of(each), **at(place))
    if not of_gpus:
        yield skip("no ScaledObject of the tree scales what asks for a GPU")
    elif not bad:
        yield ok(f"{len(of_gpus)} ScaledObjects of GPU models are paused, or let them go to 0")


def _judge(look: Look) -> Iterator[Finding]:
    deployments = look.items("deployments")
    of_gpus = [each for each in look.items("scaled-objects") if _gpus(each, deployments)]
    bad = [each for each in of_gpus if autoscaling(each).floor]
    wanted = look.value("config").get("tier") == _STAYS_UP
    for body in bad:
        yield replace(
            _finding(body),
            status="warn" if wanted else "fail",
            evidence=tuple(_evidence(body, look.items("autoscalers"))),
        )
    if not of_gpus:
        yield skip("no ScaledObject scales what asks for a GPU")
    elif not bad:
        yield ok(f"{len(of_gpus)} ScaledObjects of GPU models are paused, or let them go to 0")


def _gpus(scaled: Json, workloads: Iterable[Json]) -> int:
    """Of one replica of its target."""
    found = autoscaling(scaled)
    target = ref_of(scaled).namespace, found.kind, found.target
    bodies = (each for each in workloads if (ref_of(each).namespace, ref_of(each).kind, ref_of(each).name) == target)
    return max(map(asks_for_gpu, bodies), default=0)


def _finding(body: Json) -> Finding:
    found, who = autoscaling(body), ref_of(body)
    of_target = f"{found.floor} of the GPU replicas of {found.kind} {found.target} up"
    unpin = f" {PINNED}-" if found.pinned is not None else ""
    return Finding(
        status="fail",
        symptom=f"{who} {'is pinned and' if found.pinned is not None else 'is not paused, and'} keeps {of_target}",
        cause=_CAUSE,
        about=str(who),
        fix=f"kubectl -n {who.namespace} annotate scaledobject {who.name} --overwrite{unpin} {PAUSED}=true",
    )


def _where(body: Json) -> tuple[str, ...]:
    """The field that would pause it."""
    notes = body["metadata"].get("annotations") or {}
    written = next((name for name in (PINNED, PAUSED) if name in notes), None)
    return ("metadata", "annotations", written) if written else ("spec", "minReplicaCount")


def _evidence(body: Json, autoscalers: Iterable[Json]) -> Iterator[Evidence]:
    notes = body["metadata"].get("annotations") or {}
    said = next((f"{name}: {notes[name]}" for name in (PINNED, PAUSED) if name in notes), f"no {PAUSED}")
    by = owner_of(body, "f:metadata", "f:annotations", f"f:{PAUSED}")
    who = f", written by {by['manager']}" if by.get("manager") else ""
    yield Evidence("its annotations", f"{said}{who}", str(by.get("time") or ""))
    for each in autoscalers:
        if (ref_of(each).namespace, ref_of(each).name) == autoscaler_of(body):
            spec = each.get("spec") or {}
            yield Evidence(str(ref_of(each)), f"between {spec.get('minReplicas', 1)} and {spec.get('maxReplicas')}")


CHECK = Check(
    slug="autoscaler-paused",
    group="autoscaling",
    title="no autoscaler keeps a GPU up that the operator would switch off",
    reads=("scaled-objects", "deployments", "autoscalers", "config"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
