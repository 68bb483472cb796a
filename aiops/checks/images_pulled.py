"""Does a pod wait for an image that its node cannot pull, and will another try bring it?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiops.checks.check import Check, ok
from aiops.judge.age import age_s
from aiops.judge.event import events_of
from aiops.judge.finding import Finding
from aiops.judge.image_reference import ImageReference
from aiops.judge.pod import PULLING, statuses
from aiops.judge.pull import Pull, Reason, pull_of
from aiops.snapshot import Json, Ref, ref_of
from aiops.snapshot.look import Look

GRACE_S = 120.0
"""Credentials of a node that is new, and networks, may come a moment after its first pod."""


@dataclass(frozen=True)
class _Words:
    symptom: str
    cause: str
    fix: str


_SAYS: Mapping[Reason, _Words] = {
    "denied": _Words(
        "the registry lets nobody pull image {image} for {who}",
        "it is private and nobody says who asks, or it is not there: many registries word both the same",
        "add an imagePullSecret for {host} to the pods' ServiceAccount, or let the account of the nodes read it",
    ),
    "limited": _Words(
        "the registry has had enough pulls for now, and {who} has no image {image}",
        "it limits how often one address, or one account, may pull; it goes on by itself when the limit is over",
        "add an imagePullSecret of an account for {host}, or a mirror, so that the limit is your own",
    ),
    "missing": _Words(
        "image {image} is not in its registry, and {who} waits for it",
        "its name, tag or digest is wrong, or somebody deleted it",
        "correct the image in git",
    ),
    "no-space": _Words(
        "image {image} does not fit on the disk of the node of {who}",
        "an image needs its size packed and unpacked at the same time",
        "raise the disk size of the node pool",
    ),
    "other": _Words(
        "image {image} cannot be pulled for {who}",
        "the registry does not answer as it should, or the node does not reach it",
        "kubectl -n {namespace} describe pod {name}",
    ),
}


def _judge(look: Look) -> Iterator[Finding]:
    events = look.items("events")
    waiting: dict[tuple[str, Reason], list[tuple[Ref, Pull]]] = {}
    for pod in look.items("pods"):
        for pull in _failed(look, pod, events):
            waiting.setdefault((pull.image, pull.reason), []).append((ref_of(pod), pull))
    for (image, reason), found in waiting.items():
        yield _finding(image, _SAYS[reason], found)
    if not waiting:
        yield ok("no pod waits for an image that cannot be pulled")


def _failed(look: Look, pod: Json, events: tuple[Json, ...]) -> Iterator[Pull]:
    """Its images that were tried again and again."""
    age = age_s(look.at, pod["metadata"].get("creationTimestamp"))
    if pod["metadata"].get("deletionTimestamp") or (age is not None and age < GRACE_S):
        return
    for container in statuses(pod):
        if ((container.get("state") or {}).get("waiting") or {}).get("reason") in PULLING:
            pull = pull_of(container, events_of(pod, events))
            if pull.again:
                yield pull


def _finding(image: str, says: _Words, found: list[tuple[Ref, Pull]]) -> Finding:
    """One for all pods that wait for the same image: the cure is one."""
    (pod, pull), pods = found[0], {each for each, _ in found}
    more = f" and {len(pods) - 1} more" if len(pods) > 1 else ""
    given = {"image": image, "host": ImageReference(image).registry, "namespace": pod.namespace, "name": pod.name}
    return Finding(
        status="fail",
        symptom=says.symptom.format(who=f"{pod}{more}", **given),
        cause=says.cause,
        fix=says.fix.format(**given),
        about=str(pod),
        evidence=(pull.said,) if pull.said.text else (),
    )


CHECK = Check(
    slug="images-pulled",
    group="layers",
    title="no pod waits for an image that cannot be pulled",
    reads=("pods", "events"),
    needs=("cluster-reachable",),
    judge=_judge,
)
