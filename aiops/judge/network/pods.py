"""Pods as a NetworkPolicy sees them: their namespace, their labels, the names of their ports."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from aiops.gitops.parsing import Body, items, value
from aiops.gitops.workloads import pods_made_by
from aiops.judge.labels import Labels

ENDED = ("Succeeded", "Failed")
"""The phases of a pod that talks to nobody any more."""
UNKNOWN = Labels({}, "any")


@dataclass(frozen=True, kw_only=True)
class Pod:
    """One pod, or all pods of one template."""

    namespace: str
    labels: Labels
    ports: Mapping[str, int] | None = None
    """Those of its containers that have a name; None: not known."""
    on_host: bool = False
    """It uses its node's network."""
    owner: str = ""
    """The object that is it or makes it, as `Deployment serving/x`."""
    images: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """What is the same for all replicas."""
        known = {name: text for name, text in self.labels.known.items() if name not in _OF_ONE_REPLICA}
        return self.namespace, tuple(sorted(known.items())), tuple(sorted((self.ports or {}).items())), self.on_host


_OF_ONE_REPLICA = (
    "pod-template-hash",
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
)


def pods_of(body: Body) -> Iterator[Pod]:
    """The pods that an object is or makes; its namespace is in its metadata. None of a pod that has ended."""
    kind, namespace = str(value(body, "kind") or ""), str(value(body, "metadata", "namespace") or "")
    if value(body, "status", "phase") in ENDED:
        return
    besides: Literal["none", "added"] = "none" if kind == "Pod" else "added"
    for made in pods_made_by(body):
        containers = [each.body for each in made.containers]
        yield Pod(
            namespace=namespace,
            labels=Labels(made.labels, besides) if made.labels or kind == "Pod" else UNKNOWN,
            ports=_ports(containers),
            on_host=value(made.spec, "hostNetwork") is True,
            owner=f"{kind} {namespace}/{value(body, 'metadata', 'name')}",
            images=tuple(str(value(each, "image") or "") for each in containers),
        )


def _ports(containers: list[Body]) -> Mapping[str, int]:
    named = (each for container in containers for each in items(container, "ports") if each.get("name"))
    return {str(each["name"]): int(each["containerPort"]) for each in named if "containerPort" in each}
