"""Has every claim its volume, or a good reason to wait for one?"""

from collections.abc import Iterator
from dataclasses import dataclass

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import age_s, since
from aiops.judge.event import began, events_of, shown, words
from aiops.judge.finding import Finding
from aiops.judge.text import one_line
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

GRACE_S = 300.0
"""Most disks are made within a minute; a shared file system takes several."""
_REFUSED, _ASKED = "ProvisioningFailed", "ExternalProvisioning"
"""What a provisioner says when it cannot, and what Kubernetes says while it waits for one
(pkg/controller/volume/persistentvolume, sig-storage-lib-external-provisioner)."""
_NOBODY = "kubernetes.io/no-provisioner"
_BY_HAND = "add a PersistentVolume that fits, or set a storageClassName whose class makes one"


@dataclass(frozen=True)
class _Why:
    text: str
    """What follows `has had no volume for 9 min`."""
    cause: str
    fix: str
    event: Json | None = None


def _judge(look: Look) -> Iterator[Finding]:
    claims, events = look.items("claims"), look.items("events")
    stuck = [each for claim in claims if (each := _judged(look, claim, events_of(claim, events)))]
    yield from stuck
    if not claims:
        yield skip("there is no claim")
    elif not stuck:
        bound = sum(_phase(claim) == "Bound" for claim in claims)
        yield ok(f"{bound} of {len(claims)} claims are bound{'' if bound == len(claims) else ', the others may wait'}")


def _judged(look: Look, claim: Json, events: tuple[Json, ...]) -> Finding | None:
    """What is wrong with a claim; None where it has its volume, or will have it."""
    who = ref_of(claim)
    if _phase(claim) == "Lost":
        return Finding(
            status="fail",
            symptom=f"{who} has lost its volume",
            cause="the PersistentVolume behind it is gone, and what was on it",
            about=str(who),
            fix=f"kubectl -n {who.namespace} delete pvc {who.name}  # it is made anew, and empty",
        )
    name = (claim.get("spec") or {}).get("storageClassName")
    found = look.named("storage-classes").get(name or "")
    told = [each for each in events if each.get("reason") in (_REFUSED, _ASKED)]
    waits_s = _waits_s(look, claim, found, told)
    if _phase(claim) != "Pending" or claim["metadata"].get("deletionTimestamp") or waits_s < GRACE_S:
        return None
    why = _unprovisioned(claim, found, told) if found else _without_class(claim, name)
    return Finding(
        status="fail",
        symptom=f"{who} has had no volume for {since(waits_s)}: {why.text}",
        cause=why.cause,
        about=str(who),
        fix=why.fix,
        evidence=(shown(why.event),) if why.event else (),
    )


def _waits_s(look: Look, claim: Json, found: Json | None, told: list[Json]) -> float:
    """How long somebody has had to make the volume: of a class that waits for a pod, since that pod has a node.

    Until then it is normal that the claim waits, and what keeps the pod from a node is told elsewhere. The scheduler
    gives no pod to the node before the volume is there (VolumeBinding, PreBind), so the events have to tell.
    """
    if found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer":
        return (look.at - min(map(began, told))).total_seconds() if told else 0.0
    return age_s(look.at, claim["metadata"].get("creationTimestamp")) or 0.0


def _without_class(claim: Json, name: str | None) -> _Why:
    meta = claim["metadata"]
    delete = f"kubectl -n {meta['namespace']} delete pvc {meta['name']}"
    if name:
        cause = "it names a class that this cluster does not have, and a claim's class cannot be changed"
        return _Why(f"there is no StorageClass {name}", cause, f"set one that is there in git, then `{delete}`")
    if name is None:
        cause = "it is older than the default class, and this Kubernetes gives none to claims that are there"
        return _Why("it names no StorageClass", cause, f"{delete}  # it comes back with the default class")
    return _Why("it wants one that is made by hand", 'its storageClassName is "": no class makes one for it', _BY_HAND)


def _unprovisioned(claim: Json, found: Json, told: list[Json]) -> _Why:
    meta, by = claim["metadata"], found.get("provisioner") or "its provisioner"
    last = told[-1] if told else None
    if by == _NOBODY:
        return _Why(
            "it wants one that is made by hand", f"StorageClass {ref_of(found).name} makes none", _BY_HAND, last
        )
    if last and last.get("reason") == _REFUSED:
        cause = f"{by} cannot make it: a quota, a right of its account, a disk that nodes do not take, or no driver"
        return _Why(one_line(words(last)), cause, f"kubectl -n {meta['namespace']} describe pvc {meta['name']}", last)
    cause = "the storage driver is not there, or its controller does not run"
    fix = f"kubectl get csidrivers,deployments,daemonsets -A  # which of them is {by}, and does it run?"
    return _Why(f"{by} does not answer", cause, fix, last)


def _phase(claim: Json) -> str:
    return str((claim.get("status") or {}).get("phase") or "")


CHECK = Check(
    slug="claims-bound",
    group="storage",
    title="every claim has its volume, or waits for its first pod",
    reads=("claims", "storage-classes", "events"),
    needs=("cluster-reachable", "default-storage-class"),
    judge=_judge,
)
