"""Does a rollout start a second pod on a volume that only one node may mount?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import items, part, texts, value
from aiops.gitops.workloads import pods_made_by
from aiops.judge.age import age_s
from aiops.judge.event import events_of, shown, words
from aiops.judge.finding import Finding
from aiops.judge.pod import statuses
from aiops.judge.rollout import surges
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

GRACE_S = 120.0
"""A volume that moves with its pod is let go by the node that it leaves before then."""
_ONE_NODE = ("ReadWriteOnce", "ReadWriteOncePod")
_CAUSE = "the new pod waits for a volume that the old one keeps, and the old one stays until the new one is ready"


def _lint(declared: Declared) -> Iterator[Finding]:
    claims = {(each.namespace, each.name): each for each in declared.of("PersistentVolumeClaim") if _one_node(each)}
    mounted = ((each, name) for each in declared.of("Deployment") for name in _claims_of(each))
    users = [(each, name) for each, name in mounted if (each.namespace, name) in claims]
    bad = [(each, name) for each, name in users if surges(part(each.body, "spec", "strategy"))]
    for each, name in bad:
        yield Finding(
            status="fail",
            symptom=f"{each} rolls while its volume {name} is mounted on one node",
            cause=_CAUSE,
            fix="set spec.strategy.type: Recreate in the Deployment",
            **of(each),
            **at(declared.place(each, "spec", "strategy", "type")),
        )
    if not users:
        yield skip("no Deployment of the tree mounts a volume of one node")
    elif not bad:
        yield ok(f"{len(users)} Deployments with a volume of one node stop the old pod before they start the new one")


def _judge(look: Look) -> Iterator[Finding]:
    events = look.items("events")
    old = (pod for pod in look.items("pods") if _age_s(look, pod) >= GRACE_S)
    stuck = [(pod, told) for pod in old if (told := _attached_elsewhere(pod, events))]
    for pod, told in stuck:
        yield Finding(
            status="fail",
            symptom=f"{ref_of(pod)} waits for a volume that another node has",
            cause=_CAUSE,
            about=str(ref_of(pod)),
            fix="set spec.strategy.type: Recreate in its Deployment, then delete the older pod",
            evidence=tuple(shown(event) for event in told[-1:]),
        )
    if not stuck:
        yield ok("no pod waits for a volume that another node has")


def _one_node(claim: Manifest) -> bool:
    modes = texts(claim.body, "spec", "accessModes")
    return bool(modes) and all(mode in _ONE_NODE for mode in modes)


def _claims_of(workload: Manifest) -> Iterator[str]:
    for pods in pods_made_by(workload.body):
        for volume in items(pods.spec, "volumes"):
            if name := value(volume, "persistentVolumeClaim", "claimName"):
                yield str(name)


def _age_s(look: Look, pod: Json) -> float:
    return age_s(look.at, pod["metadata"].get("creationTimestamp")) or 0.0


def _attached_elsewhere(pod: Json, events: tuple[Json, ...]) -> list[Json]:
    """The events that say so, of a pod none of whose containers has begun: once one has, they are history."""
    begun = ("running", "terminated")
    if pod.get("status", {}).get("phase") != "Pending" or any(
        state in (each.get("state") or {}) for each in statuses(pod) for state in begun
    ):
        return []
    return [
        event
        for event in events_of(pod, events)
        if event.get("reason") == "FailedAttachVolume" and "Multi-Attach" in words(event)
    ]


CHECK = Check(
    slug="volume-single-writer",
    group="storage",
    title="no rollout waits for a volume that its own older pod keeps",
    reads=("pods", "events"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
